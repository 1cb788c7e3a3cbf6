package load

import (
	"context"
	"runtime"
	"syscall"
	"time"
)

// preciseWait returns a function that waits to within some microseconds, for
// use by the goroutine that asks for it, and one to call at the end. It keeps a
// thread to itself, because timers of the runtime and the slack of the kernel's
// own are too coarse to send at a thousand times a second on time.
func preciseWait() (wait func(context.Context, time.Duration), done func()) {
	runtime.LockOSThread()
	const setSlack = 29 // PR_SET_TIMERSLACK, in nanoseconds; 0 for what it was
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, setSlack, 1, 0)
	wait = func(ctx context.Context, d time.Duration) {
		if d > 20*time.Millisecond { // and let ctx end it
			timer(ctx, d-10*time.Millisecond)
			return
		}
		t := syscall.NsecToTimespec(int64(d))
		_ = syscall.Nanosleep(&t, nil) // a signal ends it early, and the caller waits again
	}
	return wait, func() {
		_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, setSlack, 0, 0)
		runtime.UnlockOSThread()
	}
}
