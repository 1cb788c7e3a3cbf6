package evloop

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Sockets of a loop never block, so the scheduler of Go need not hear of what is
// read and written, which would take as long as much of the rest of a request.

func rawRead(fd int, p []byte) (int, error) { return raw(unix.SYS_READ, fd, p) }

func rawWrite(fd int, p []byte) (int, error) { return raw(unix.SYS_WRITE, fd, p) }

func raw(call uintptr, fd int, p []byte) (int, error) {
	n, _, no := syscall.RawSyscall(call, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	if no != 0 {
		return 0, no
	}
	return int(n), nil
}

// linger waits for a moment without telling the scheduler of Go. A signal, by
// which the scheduler asks for the thread, ends it.
func (p poller) linger(events []event) int {
	n, _, no := syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.epoll), uintptr(unsafe.Pointer(unsafe.SliceData(events))), uintptr(len(events)), lingering, 0, 0)
	if no != 0 {
		return 0
	}
	return int(n)
}
