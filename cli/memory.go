package cli

import (
	"log/slog"
	"os"
	"runtime/debug"

	"github.com/gatehouse-ai/gatehouse/cgroup"
)

// limitMemory tells Go's garbage collector what the process may use, and
// returns the limit, or 0 if there is none or the operator has set one. A
// process that does not know its limit is killed when its garbage reaches it.
func limitMemory(env Env) int64 {
	readFile := env.ReadFile
	if readFile == nil {
		readFile = os.ReadFile
	}
	limit := cgroup.GoMemoryLimit(env.LookupEnv, readFile)
	if limit > 0 {
		debug.SetMemoryLimit(limit)
	}
	return limit
}

// logLimit says what limitMemory has done.
func logLimit(log *slog.Logger, limit int64) {
	if limit > 0 {
		log.Info("the garbage collector keeps below the control group's limit of memory", "limit_bytes", limit)
	}
}
