//go:build linux

package evloop_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/gatehouse-ai/gatehouse/evloop"
)

const megabyte = 1 << 20

// pattern returns n bytes that differ from place to place.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i>>8 ^ i*7)
	}
	return b
}

func TestSlowReader(t *testing.T) {
	for name, ends := range transports() {
		t.Run(name, func(t *testing.T) {
			l := start(t)
			near, far := ends(t)
			drained := make(chan int, 1)
			p := adopt(t, l, near, func(p *probe) {
				p.drained = func() { drained <- p.conn.Pending() }
			})
			want := pattern(8 * megabyte)
			on(t, l, func() {
				if err := p.conn.Write(want[:5]); err != nil || p.conn.Pending() != 0 {
					t.Errorf("a small Write: %v, Pending() = %d", err, p.conn.Pending())
				}
				if err := p.conn.Write(want[5:megabyte]); err != nil {
					t.Error(err)
				}
				if err := p.conn.WriteParts(want[megabyte:megabyte+10], want[megabyte+10:]); err != nil {
					t.Error(err)
				}
				if p.conn.Pending() < megabyte {
					t.Errorf("Pending() = %d though nothing was read", p.conn.Pending())
				}
			})
			got := make([]byte, len(want))
			if _, err := io.ReadFull(far, got); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%v; got other bytes than were sent", err)
			}
			if n := <-drained; n != 0 {
				t.Errorf("Pending() = %d in Drained", n)
			}
		})
	}
}

func TestMegabyteEachWay(t *testing.T) {
	for name, ends := range transports() {
		t.Run(name, func(t *testing.T) {
			l := start(t)
			near, far := ends(t)
			adopt(t, l, near, echo)
			want := pattern(megabyte)
			failed := make(chan error, 1)
			go func() {
				_, err := far.Write(want)
				failed <- err
			}()
			got := make([]byte, len(want))
			if _, err := io.ReadFull(far, got); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%v; got other bytes than were sent", err)
			}
			if err := <-failed; err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestPause(t *testing.T) {
	for name, ends := range transports() {
		t.Run(name, func(t *testing.T) {
			l := start(t)
			near, far := ends(t)
			gone := make(chan error, 1)
			p := adopt(t, l, near, func(p *probe) {
				p.readable = func() { t.Error("Readable during a pause") }
				p.closed = func(err error) { gone <- err }
				p.conn.Pause()
			})
			if _, err := io.WriteString(far, "before the end"); err != nil {
				t.Fatal(err)
			}
			far.Close()
			if err := <-gone; !errors.Is(err, io.EOF) {
				t.Fatalf("Closed(%v), want io.EOF", err)
			}
			all := make(chan string)
			on(t, l, func() {
				var got []byte
				p.readable = func() {
					buf := make([]byte, 6)
					n, err := p.conn.Read(buf)
					got = append(got, buf[:n]...)
					if err != nil {
						p.conn.Close()
						all <- string(got)
					}
				}
				p.conn.Resume()
			})
			if got := <-all; got != "before the end" {
				t.Errorf("after Resume %q is read", got)
			}
		})
	}
}

func TestPauseAndReset(t *testing.T) {
	l := start(t)
	near, far := pair(t)
	gone := make(chan error, 2)
	p := adopt(t, l, near, func(p *probe) {
		p.closed = func(err error) { gone <- err }
		p.conn.Pause()
	})
	if err := far.(*net.TCPConn).SetLinger(0); err != nil {
		t.Fatal(err)
	}
	far.Close()
	if err := <-gone; !errors.Is(err, syscall.ECONNRESET) {
		t.Fatalf("Closed(%v), want a reset", err)
	}
	read := make(chan error)
	on(t, l, func() {
		p.readable = func() {
			_, err := p.conn.Read(make([]byte, 1))
			p.conn.Close()
			read <- err
		}
		if err := p.conn.Write([]byte("x")); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("Write: %v, want a reset", err)
		}
		p.conn.Resume()
	})
	if err := <-read; !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("Read: %v, want a reset", err)
	}
}

func TestDelayedWriteFails(t *testing.T) {
	for name, ends := range transports() {
		t.Run(name, func(t *testing.T) {
			l := start(t)
			near, far := ends(t)
			gone := make(chan error, 1)
			p := adopt(t, l, near, func(p *probe) {
				p.closed = func(err error) { gone <- err }
				if err := p.conn.Write(pattern(8 * megabyte)); err != nil {
					t.Error(err)
				}
			})
			// What has not been read makes the closing a reset.
			far.Close()
			if err := <-gone; !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
				t.Errorf("Closed(%v), want that the connection broke", err)
			}
			on(t, l, func() {
				if err := p.conn.Write([]byte("x")); err == nil || p.conn.Pending() != 0 {
					t.Errorf("Write after it: %v, Pending() = %d", err, p.conn.Pending())
				}
				if _, err := p.conn.Detach(); err == nil {
					t.Error("Detach of a broken connection succeeds")
				}
			})
		})
	}
}

func TestAbort(t *testing.T) {
	l := start(t)
	near, far := pair(t)
	p := adopt(t, l, near, nil)
	on(t, l, func() { p.conn.Abort(); p.conn.Abort(); p.conn.Close() })
	if _, err := far.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the peer reads %v, want a reset", err)
	}
}

func TestAfterClose(t *testing.T) {
	l := start(t)
	near, _ := pair(t)
	p := adopt(t, l, near, func(p *probe) {
		p.timeout = func() { t.Error("Timeout after Close") }
		p.conn.SetTimer(l.Now().Add(time.Millisecond))
	})
	on(t, l, func() {
		p.conn.Close()
		p.conn.Pause()
		p.conn.Resume()
		p.conn.SetTimer(l.Now())
		_, readErr := p.conn.Read(make([]byte, 1))
		_, detachErr := p.conn.Detach()
		for name, err := range map[string]error{
			"Read": readErr, "Detach": detachErr, "CloseWrite": p.conn.CloseWrite(),
			"Write": p.conn.Write([]byte("x")), "WriteParts": p.conn.WriteParts([]byte("x")),
		} {
			if !errors.Is(err, net.ErrClosed) {
				t.Errorf("%s: %v, want net.ErrClosed", name, err)
			}
		}
	})
}

func TestCloseWrite(t *testing.T) {
	for name, ends := range transports() {
		for _, size := range []int{10, 4 * megabyte} {
			t.Run(name, func(t *testing.T) {
				l := start(t)
				near, far := ends(t)
				want := pattern(size)
				back := make(chan string, 1)
				adopt(t, l, near, func(p *probe) {
					p.readable = func() {
						buf := make([]byte, 16)
						if n, _ := p.conn.Read(buf); n > 0 {
							back <- string(buf[:n])
							p.conn.Pause()
						}
					}
					if err := errors.Join(p.conn.Write(want), p.conn.CloseWrite()); err != nil {
						t.Error(err)
					}
					if err := p.conn.Write(want); !errors.Is(err, net.ErrClosed) {
						t.Errorf("Write after CloseWrite: %v", err)
					}
				})
				if got, err := io.ReadAll(far); err != nil || !bytes.Equal(got, want) {
					t.Fatalf("%v; got %d bytes, want %d and the end", err, len(got), len(want))
				}
				if _, err := io.WriteString(far, "still here"); err != nil {
					t.Fatal(err)
				}
				if got := <-back; got != "still here" {
					t.Errorf("read %q after CloseWrite", got)
				}
			})
		}
	}
}

func TestDetach(t *testing.T) {
	for name, ends := range transports() {
		for _, size := range []int{0, 4 * megabyte} {
			t.Run(name, func(t *testing.T) {
				l := start(t)
				near, far := ends(t)
				p := adopt(t, l, near, nil)
				want := append(pattern(size), "by a goroutine"...)
				var nc net.Conn
				on(t, l, func() {
					p.readable = func() { t.Error("Readable after Detach") }
					err := p.conn.Write(want[:size])
					if err == nil {
						nc, err = p.conn.Detach()
					}
					if err != nil {
						t.Error(err)
					}
				})
				if nc == nil {
					t.FailNow()
				}
				defer nc.Close()
				if l.Conns() != 0 {
					t.Errorf("Conns() = %d", l.Conns())
				}
				wrote := make(chan error, 1)
				go func() {
					_, err := nc.Write(want[size:])
					wrote <- err
				}()
				got := make([]byte, len(want))
				if _, err := io.ReadFull(far, got); err != nil || !bytes.Equal(got, want) {
					t.Fatalf("%v; got other bytes than were sent", err)
				}
				if err := <-wrote; err != nil {
					t.Fatal(err)
				}
				if _, err := io.WriteString(far, "ping"); err != nil {
					t.Fatal(err)
				}
				if _, err := io.ReadFull(nc, got[:4]); err != nil || string(got[:4]) != "ping" {
					t.Fatalf("the detached connection reads %q, %v", got[:4], err)
				}
			})
		}
	}
}

// TestDetachedIsClosed ends a write of what was kept by closing.
func TestDetachedIsClosed(t *testing.T) {
	l := start(t)
	near, _ := pair(t)
	p := adopt(t, l, near, nil)
	on(t, l, func() {
		if err := p.conn.Write(pattern(8 * megabyte)); err != nil {
			t.Error(err)
		}
		nc, err := p.conn.Detach()
		if err != nil {
			t.Error(err)
			return
		}
		nc.Close()
		if _, err := nc.Write([]byte("x")); err == nil {
			t.Error("Write succeeds though what comes before it was not written")
		}
	})
}

func TestSetHandler(t *testing.T) {
	l := start(t)
	near, far := pair(t)
	second := &probe{}
	adopt(t, l, near, func(p *probe) {
		echo(p)
		read := p.readable
		p.readable = func() {
			read()
			second.conn = p.conn
			second.readable = func() {
				n, _ := p.conn.Read(make([]byte, 16))
				if err := p.conn.Write([]byte("second"[:n])); err != nil {
					t.Error(err)
				}
			}
			p.conn.SetHandler(second)
		}
	})
	exchange(t, far, "first")
	exchange(t, far, "second")
}

func TestTimer(t *testing.T) {
	l := start(t)
	near, _ := pair(t)
	fired := make(chan time.Duration, 4)
	p := adopt(t, l, near, nil)
	set := func(ds ...time.Duration) {
		on(t, l, func() {
			from := l.Now()
			p.timeout = func() { fired <- l.Now().Sub(from) }
			for _, d := range ds {
				p.conn.SetTimer(from.Add(d))
			}
		})
	}
	for name, row := range map[string]struct {
		set  []time.Duration
		want time.Duration
	}{
		"once":           {[]time.Duration{3 * time.Millisecond}, 3 * time.Millisecond},
		"moved later":    {[]time.Duration{time.Millisecond, 10 * time.Millisecond}, 10 * time.Millisecond},
		"moved earlier":  {[]time.Duration{time.Hour, 2 * time.Millisecond}, 2 * time.Millisecond},
		"passed already": {[]time.Duration{-time.Hour}, 0},
	} {
		set(row.set...)
		if d := <-fired; d < row.want {
			t.Errorf("%s: Timeout after %v, want %v", name, d, row.want)
		}
	}
	on(t, l, func() {
		p.conn.SetTimer(l.Now().Add(time.Millisecond))
		p.conn.SetTimer(time.Time{})
	})
	// A timer of another connection that comes later shows that none came.
	other, _ := pair(t)
	done := make(chan struct{})
	adopt(t, l, other, func(o *probe) {
		o.timeout = func() { close(done) }
		o.conn.SetTimer(l.Now().Add(5 * time.Millisecond))
	})
	<-done
	select {
	case <-fired:
		t.Error("a timer that was cleared fired, or one fired twice")
	default:
	}
}

// TestManyTimers has timers fire in the order of their times, some of them
// moved and some of their connections closed.
func TestManyTimers(t *testing.T) {
	l := start(t)
	const n = 50
	var fired []int
	done := make(chan struct{})
	on(t, l, func() {
		base := l.Now()
		conns := make([]*evloop.Conn, n)
		for i := range n {
			near, _ := pair(t)
			p := &probe{timeout: func() {
				if fired = append(fired, i); i == n-1 {
					close(done)
				}
			}}
			c, err := l.Adopt(near, p)
			if err != nil {
				t.Error(err)
				return
			}
			conns[i] = c
			c.SetTimer(base.Add(time.Duration((i*37)%n) * time.Second))
		}
		for i, c := range conns {
			c.SetTimer(base.Add(time.Duration(i*200) * time.Microsecond))
			if i%7 == 3 {
				c.Close()
			}
		}
	})
	<-done
	on(t, l, func() {
		if len(fired) != n-7 {
			t.Errorf("%d timers fired, want %d", len(fired), n-7)
		}
		for i := 1; i < len(fired); i++ {
			if fired[i] <= fired[i-1] {
				t.Errorf("timer %d fired after %d", fired[i], fired[i-1])
			}
		}
	})
}
