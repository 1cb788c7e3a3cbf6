//go:build linux

package evloop_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-ai/gatehouse/evloop"
)

// A pinger sends a message and waits for it to come back, again and again.
type pinger struct {
	conn *evloop.Conn
	ping []byte
	buf  []byte
	got  int
	left int
	done func()
}

func (p *pinger) Readable() {
	n, err := p.conn.Read(p.buf)
	if err != nil {
		panic(err)
	}
	if p.got += n; p.got < len(p.ping) {
		return
	}
	p.got = 0
	if p.left--; p.left > 0 {
		p.send()
	} else {
		p.done()
	}
}

func (p *pinger) send() {
	if err := p.conn.WriteParts(p.ping[:4], p.ping[4:]); err != nil {
		panic(err)
	}
}

func (*pinger) Drained()     {}
func (*pinger) Closed(error) {}
func (*pinger) Timeout()     {}

// pingers returns a function that has n messages travel to and fro on each of
// some connections, whose ends are served by one loop and another.
func pingers(t testing.TB, conns int, ends func(testing.TB) (near, far net.Conn)) func(n int) {
	near, far := start(t), start(t)
	all := make([]*pinger, conns)
	var wg sync.WaitGroup
	for i := range all {
		a, b := ends(t)
		adopt(t, near, a, echo)
		all[i] = &pinger{ping: pattern(300), buf: make([]byte, 4096), done: wg.Done}
		on(t, far, func() {
			var err error
			if all[i].conn, err = far.Adopt(b, all[i]); err != nil {
				t.Error(err)
			}
		})
	}
	return func(n int) {
		wg.Add(conns)
		far.Post(func() {
			for _, p := range all {
				p.left = n
				p.send()
			}
		})
		wg.Wait()
	}
}

// secureLoops is secure with both ends for loops.
func secureLoops(t testing.TB) (near, far net.Conn) {
	a, b := pair(t)
	s, c := configs(t, tls.VersionTLS13)
	return shake(t, evloop.Server(a, s), evloop.Client(b, c))
}

func TestEchoAllocatesNothing(t *testing.T) {
	const messages = 1000
	run := pingers(t, 1, pair)
	run(1)
	// The one who asks allocates, not the messages.
	if n := testing.AllocsPerRun(10, func() { run(messages) }); n >= messages/100 {
		t.Errorf("%v allocations for %d messages", n, messages)
	}
}

func BenchmarkEcho(b *testing.B) {
	for _, ends := range []struct {
		name string
		make func(testing.TB) (near, far net.Conn)
	}{{"plaintext", pair}, {"TLS", secureLoops}} {
		for _, conns := range []int{1, 64} {
			b.Run(ends.name+"/"+strconv.Itoa(conns), func(b *testing.B) {
				run := pingers(b, conns, ends.make)
				run(1)
				b.ReportAllocs()
				b.ResetTimer()
				run((b.N + conns - 1) / conns)
			})
		}
	}
}

func BenchmarkPost(b *testing.B) {
	l := start(b)
	f := func() {}
	b.ReportAllocs()
	for b.Loop() {
		l.Post(f)
	}
	on(b, l, f)
}

// BenchmarkTimerMoved moves the timers of a thousand connections to later.
func BenchmarkTimerMoved(b *testing.B) {
	l := start(b)
	conns := make([]*evloop.Conn, 1000)
	ln, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer ln.Close()
	for i := range conns {
		far, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", ln.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		defer far.Close()
		near, err := ln.Accept()
		if err != nil {
			b.Fatal(err)
		}
		conns[i] = adopt(b, l, near, nil).conn
	}
	b.ReportAllocs()
	on(b, l, func() {
		at, i := l.Now().Add(time.Hour), 0
		for b.Loop() {
			at = at.Add(time.Nanosecond)
			conns[i%len(conns)].SetTimer(at)
			i++
		}
	})
}

// BenchmarkGoroutineEcho is what a goroutine for each connection takes, to
// compare.
func BenchmarkGoroutineEcho(b *testing.B) {
	near, far := pair(b)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(struct{ io.Writer }{near}, struct{ io.Reader }{near})
	}()
	ping, buf := pattern(300), make([]byte, 300)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := far.Write(ping); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(far, buf); err != nil {
			b.Fatal(err)
		}
	}
	far.Close()
	<-done
}
