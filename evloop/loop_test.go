//go:build linux

package evloop_test

import (
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gatehouse-ai/gatehouse/evloop"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A probe is a handler made of functions.
type probe struct {
	conn     *evloop.Conn
	readable func()
	drained  func()
	closed   func(error)
	timeout  func()
}

func (p *probe) Readable() {
	if p.readable != nil {
		p.readable()
	}
}

func (p *probe) Drained() {
	if p.drained != nil {
		p.drained()
	}
}

func (p *probe) Closed(err error) {
	if p.closed != nil {
		p.closed(err)
	}
}

func (p *probe) Timeout() {
	if p.timeout != nil {
		p.timeout()
	}
}

// start runs a loop until the end of the test.
func start(t testing.TB) *evloop.Loop {
	t.Helper()
	l, err := evloop.New()
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.Run()
	}()
	t.Cleanup(func() {
		l.Stop()
		<-done
		if n := l.Conns(); n != 0 {
			t.Errorf("%d connections are left", n)
		}
	})
	return l
}

// on runs f on the loop and waits for it.
func on(t testing.TB, l *evloop.Loop, f func()) {
	t.Helper()
	done := make(chan struct{})
	if !l.Post(func() { defer close(done); f() }) {
		t.Fatal("Post: the loop has been stopped")
	}
	<-done
}

// pair returns both ends of a connection over loopback.
func pair(t testing.TB) (near, far net.Conn) {
	t.Helper()
	return connect(t, "tcp", "127.0.0.1:0")
}

func connect(t testing.TB, network, address string) (near, far net.Conn) {
	t.Helper()
	ln, err := (&net.ListenConfig{}).Listen(context.Background(), network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	far, err = (&net.Dialer{}).DialContext(context.Background(), network, ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	near, err = ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close(); far.Close() })
	return near, far
}

// adopt gives a connection to the loop; set prepares its handler there.
func adopt(t testing.TB, l *evloop.Loop, nc net.Conn, set func(*probe)) *probe {
	t.Helper()
	p := &probe{}
	var err error
	on(t, l, func() {
		if p.conn, err = l.Adopt(nc, p); err == nil && set != nil {
			set(p)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// echo writes back what it reads, and closes at the end.
func echo(p *probe) {
	buf := make([]byte, 16<<10)
	p.readable = func() {
		n, err := p.conn.Read(buf)
		if n > 0 {
			err = errors.Join(err, p.conn.Write(buf[:n]))
		}
		if err != nil {
			p.conn.Close()
		}
	}
}

// exchange writes what and reads as much back.
func exchange(t testing.TB, nc net.Conn, what string) {
	t.Helper()
	if _, err := io.WriteString(nc, what); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(what))
	if _, err := io.ReadFull(nc, got); err != nil || string(got) != what {
		t.Fatalf("got %q, %v, want %q", got, err, what)
	}
}

func TestPostRunsInOrder(t *testing.T) {
	l := start(t)
	var wg sync.WaitGroup
	const posters, each = 8, 1000
	last := make([]int, posters)
	for i := range posters {
		wg.Go(func() {
			for j := range each {
				l.Post(func() {
					if last[i] != j {
						t.Errorf("poster %d: call %d came when %d was due", i, j, last[i])
					}
					last[i] = j + 1
				})
				_ = l.Conns()
			}
		})
	}
	wg.Wait()
	on(t, l, func() {
		for i, n := range last {
			if n != each {
				t.Errorf("poster %d: %d calls ran, want %d", i, n, each)
			}
		}
	})
}

// TestWakes ends the loop's sleep more often than any short counter holds.
func TestWakes(t *testing.T) {
	l := start(t)
	n := 0
	for range 2000 {
		on(t, l, func() { n++ })
	}
	if n != 2000 {
		t.Errorf("%d calls ran", n)
	}
}

func TestStop(t *testing.T) {
	l, err := evloop.New()
	if err != nil {
		t.Fatal(err)
	}
	near, far := pair(t)
	ran := false
	if !l.Post(func() {
		if _, err := l.Adopt(near, &probe{}); err != nil {
			t.Error(err)
		}
		ran = true
	}) {
		t.Error("Post before Stop reports false")
	}
	l.Stop()
	l.Stop()
	l.Run()
	if !ran {
		t.Error("what was posted before Stop did not run")
	}
	if l.Post(func() { t.Error("what was posted after Stop ran") }) {
		t.Error("Post after Stop reports true")
	}
	if n, err := far.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the peer reads %d, %v, want io.EOF", n, err)
	}
	if l.Conns() != 0 {
		t.Errorf("Conns() = %d after Run", l.Conns())
	}
	l.Stop()
}

func TestAfterBatchAndNow(t *testing.T) {
	l := start(t)
	near, far := pair(t)
	batches := make(chan time.Time, 1)
	before := time.Now()
	on(t, l, func() {
		l.AfterBatch(func() {
			select {
			case batches <- l.Now():
			default:
			}
		})
	})
	adopt(t, l, near, echo)
	exchange(t, far, "a")
	if now := <-batches; now.Before(before) || now.After(time.Now()) {
		t.Errorf("Now() = %v in a batch after %v", now, before)
	}
}

func TestAdoptRefuses(t *testing.T) {
	l := start(t)
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	gone, _ := pair(t)
	gone.Close()
	on(t, l, func() {
		for name, nc := range map[string]net.Conn{"pipe": a, "closed": gone} {
			if c, err := l.Adopt(nc, &probe{}); err == nil {
				t.Errorf("%s: adopted: %v", name, c.RemoteAddr())
			}
		}
	})
	if l.Conns() != 0 {
		t.Errorf("Conns() = %d", l.Conns())
	}
}

func TestEcho(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			address := "127.0.0.1:0"
			if network == "unix" {
				address = filepath.Join(t.TempDir(), "s")
			}
			l := start(t)
			near, far := connect(t, network, address)
			p := adopt(t, l, near, echo)
			if l.Conns() != 1 || p.conn.RemoteAddr().String() != near.RemoteAddr().String() {
				t.Errorf("Conns() = %d, RemoteAddr() = %v, want 1 and %v", l.Conns(), p.conn.RemoteAddr(), near.RemoteAddr())
			}
			for range 3 {
				exchange(t, far, "hello")
			}
			far.Close()
			for l.Conns() != 0 {
				on(t, l, func() {})
			}
		})
	}
}

func TestWriteParts(t *testing.T) {
	l := start(t)
	near, far := pair(t)
	many := make([][]byte, 3000)
	want := "one, three; "
	for i := range many {
		many[i] = []byte{byte('a' + i%26)}
		want += string(many[i])
	}
	p := adopt(t, l, near, nil)
	on(t, l, func() {
		if err := p.conn.WriteParts([]byte("one, "), nil, []byte("three; ")); err != nil {
			t.Error(err)
		}
		if err := errors.Join(p.conn.WriteParts(many...), p.conn.WriteParts(), p.conn.Write(nil)); err != nil {
			t.Error(err)
		}
	})
	got := make([]byte, len(want))
	if _, err := io.ReadFull(far, got); err != nil || string(got) != want {
		t.Fatalf("%v; got %d bytes that are not those sent", err, len(got))
	}
}

// TestClosedInTheSameBatch has two events in one batch, and the handler of the
// first closes the connection of the second and puts another one in its place.
func TestClosedInTheSameBatch(t *testing.T) {
	l := start(t)
	nearA, farA := pair(t)
	nearB, farB := pair(t)
	nearC, farC := pair(t)
	a, b := &probe{}, &probe{}
	third := make(chan string, 1)
	meet := func(self, other *probe) func() {
		return func() {
			other.readable = func() { t.Error("an event came after Close") }
			other.conn.Close()
			other.conn.Close()
			c := &probe{}
			var err error
			if c.conn, err = l.Adopt(nearC, c); err != nil {
				t.Error(err)
				return
			}
			c.readable = func() {
				buf := make([]byte, 8)
				n, err := c.conn.Read(buf)
				if n == 0 {
					t.Errorf("an event came to the wrong connection: Read: %v", err)
				}
				third <- string(buf[:n])
				c.readable = nil
				c.conn.Pause()
			}
			self.conn.Close()
		}
	}
	on(t, l, func() {
		var errA, errB error
		a.conn, errA = l.Adopt(nearA, a)
		b.conn, errB = l.Adopt(nearB, b)
		if err := errors.Join(errA, errB); err != nil {
			t.Error(err)
			return
		}
		a.readable, b.readable = meet(a, b), meet(b, a)
		// Both have something before the loop can wait again.
		for _, far := range []net.Conn{farA, farB} {
			if _, err := io.WriteString(far, "x"); err != nil {
				t.Error(err)
			}
		}
	})
	if _, err := io.WriteString(farC, "third"); err != nil {
		t.Fatal(err)
	}
	if got := <-third; got != "third" {
		t.Errorf("the third connection reads %q", got)
	}
}
