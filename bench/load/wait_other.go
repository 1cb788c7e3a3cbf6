//go:build !linux

package load

import (
	"context"
	"time"
)

// preciseWait returns a function that waits, and one to call at the end.
func preciseWait() (wait func(context.Context, time.Duration), done func()) {
	return timer, func() {}
}
