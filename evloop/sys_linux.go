package evloop

import (
	"encoding/binary"
	"errors"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Supported reports whether loops exist on this system.
func Supported() bool { return true }

// What a connection is asked about, and what an event says.
const (
	onRead   = unix.EPOLLIN
	onWrite  = unix.EPOLLOUT
	onHangup = unix.EPOLLRDHUP               // the peer sends no more
	onFail   = unix.EPOLLERR | unix.EPOLLHUP // told whether or not it is asked about
)

// maxParts is how many parts one call of the system takes.
const maxParts = 1024

type event = unix.EpollEvent

// A poller waits for events of sockets.
type poller struct {
	epoll, waker int
}

func newPoller() (poller, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return poller{}, os.NewSyscallError("epoll_create1", err)
	}
	waker, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		_ = unix.Close(epoll)
		return poller{}, os.NewSyscallError("eventfd", err)
	}
	p := poller{epoll, waker}
	// An edge-triggered counter tells of each write, so it is never read: it
	// would be full after centuries.
	if err := p.control(unix.EPOLL_CTL_ADD, waker, unix.EPOLLIN|unix.EPOLLET, wakeSlot, 0); err != nil {
		p.close()
		return poller{}, err
	}
	return p, nil
}

func (p poller) add(fd int, what uint32, slot, gen int32) error {
	return p.control(unix.EPOLL_CTL_ADD, fd, what, slot, gen)
}

func (p poller) change(fd int, what uint32, slot, gen int32) error {
	return p.control(unix.EPOLL_CTL_MOD, fd, what, slot, gen)
}

func (p poller) remove(fd int) { _ = p.control(unix.EPOLL_CTL_DEL, fd, 0, 0, 0) }

func (p poller) control(op, fd int, what uint32, slot, gen int32) error {
	e := unix.EpollEvent{Events: what, Fd: slot, Pad: gen}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(p.epoll, op, fd, &e))
}

// wait fills events, and waits for the first one for so many milliseconds at
// most, without end when they are negative.
func (p poller) wait(events []event, milliseconds int) int {
	n, err := unix.EpollWait(p.epoll, events, milliseconds)
	if err != nil {
		return 0 // a signal: the loop comes back
	}
	return n
}

func (p poller) wake() {
	var one [8]byte
	binary.NativeEndian.PutUint64(one[:], 1)
	_, _ = unix.Write(p.waker, one[:])
}

func (p poller) close() {
	_ = unix.Close(p.waker)
	_ = unix.Close(p.epoll)
}

// take returns a descriptor of the socket of nc that does not block and that
// stays when nc is closed.
func take(nc net.Conn) (int, error) {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return 0, errForeign
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return 0, err
	}
	var fd int
	var failed error
	err = raw.Control(func(old uintptr) { fd, failed = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 0) })
	if err = errors.Join(err, os.NewSyscallError("fcntl", failed)); err != nil {
		return 0, err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		release(fd)
		return 0, os.NewSyscallError("fcntl", err)
	}
	// Other sockets than TCP's have no such option.
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	return fd, nil
}

// give makes a connection for goroutines of a descriptor, which it takes over.
func give(fd int) (net.Conn, error) {
	f := os.NewFile(uintptr(fd), "socket")
	nc, err := net.FileConn(f)
	return nc, errors.Join(err, f.Close())
}

func release(fd int) { _ = unix.Close(fd) }

// reset has the release of fd tell the peer that the connection failed.
func reset(fd int) {
	_ = unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
}

// finish tells the peer that nothing more is sent.
func finish(fd int) error { return os.NewSyscallError("shutdown", unix.Shutdown(fd, unix.SHUT_WR)) }

// failure returns why a socket failed, or nil. The system forgets it.
func failure(fd int) error {
	n, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && n != 0 {
		err = syscall.Errno(n)
	}
	return os.NewSyscallError("socket", err)
}

// read returns 0 and no error when nothing is there, and -1 at the end.
func read(fd int, p []byte) (int, error) {
	for {
		n, err := rawRead(fd, p)
		switch {
		case err == nil && n == 0:
			return -1, nil
		case err == nil:
			return n, nil
		case errors.Is(err, unix.EAGAIN):
			return 0, nil
		case !errors.Is(err, unix.EINTR):
			return 0, os.NewSyscallError("read", err)
		}
	}
}

// write returns how many bytes the socket took.
func write(fd int, p []byte) (int, error) {
	for {
		n, err := rawWrite(fd, p)
		if !errors.Is(err, unix.EINTR) {
			return written("write", n, err)
		}
	}
}

// writeParts is write of at most maxParts parts at once.
func writeParts(fd int, parts [][]byte) (int, error) {
	for {
		n, err := unix.Writev(fd, parts)
		if err != unix.EINTR {
			return written("writev", n, err)
		}
	}
}

func written(call string, n int, err error) (int, error) {
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, unix.EAGAIN):
		return 0, nil
	default:
		return 0, os.NewSyscallError(call, err)
	}
}
