//go:build !linux

package evloop

import (
	"errors"
	"net"
)

// Supported reports whether loops exist on this system.
func Supported() bool { return false }

const (
	onRead   = 1
	onWrite  = 2
	onHangup = 4
	onFail   = 8
)

const maxParts = 1024

type event struct {
	Events  uint32
	Fd, Pad int32
}

// A poller is made on Linux alone, and so is a connection: nothing below is
// ever called.
type poller struct{}

func newPoller() (poller, error) { return poller{}, errors.ErrUnsupported }

func (poller) add(int, uint32, int32, int32) error    { return errors.ErrUnsupported }
func (poller) change(int, uint32, int32, int32) error { return errors.ErrUnsupported }
func (poller) remove(int)                             {}
func (poller) wait([]event, int) int                  { return 0 }
func (poller) linger([]event) int                     { return 0 }
func (poller) wake()                                  {}
func (poller) close()                                 {}

func take(net.Conn) (int, error)            { return 0, errors.ErrUnsupported }
func give(int) (net.Conn, error)            { return nil, errors.ErrUnsupported }
func release(int)                           {}
func reset(int)                             {}
func finish(int) error                      { return errors.ErrUnsupported }
func failure(int) error                     { return errors.ErrUnsupported }
func read(int, []byte) (int, error)         { return 0, errors.ErrUnsupported }
func write(int, []byte) (int, error)        { return 0, errors.ErrUnsupported }
func writeParts(int, [][]byte) (int, error) { return 0, errors.ErrUnsupported }
