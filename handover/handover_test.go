package handover_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/gatehouse-ai/gatehouse/handover"
)

func TestListener(t *testing.T) {
	l := handover.New()
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	go l.Deliver(near)
	if nc, err := l.Accept(); err != nil || nc != near {
		t.Errorf("got %v, %v, want what was delivered", nc, err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: got %v", err)
	}
	l.Deliver(near) // closes what nobody will accept
	if _, err := near.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a connection that came too late is open: %v", err)
	}
}

func TestPrefixed(t *testing.T) {
	near, far := net.Pipe()
	go func() {
		_, _ = far.Write([]byte(" and then"))
		_ = far.Close()
	}()
	all, err := io.ReadAll(handover.Prefixed(near, []byte("first")))
	if err != nil || string(all) != "first and then" {
		t.Errorf("got %q, %v", all, err)
	}
}

func TestLend(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	var back net.Conn
	var ahead []byte
	lent := handover.Lend(near, []byte("requestne"), int64(len("request")), func(nc net.Conn, a []byte) error {
		back, ahead = nc, a
		return nil
	})
	request := make([]byte, 100)
	n, err := lent.Read(request)
	if err != nil || string(request[:n]) != "request" {
		t.Fatalf("got %q, %v", request[:n], err)
	}
	watched := make(chan error)
	go func() {
		_, err := lent.Read(make([]byte, 100))
		watched <- err
	}()
	if _, err := far.Write([]byte("xt")); err != nil {
		t.Fatal(err)
	}
	if err := near.SetReadDeadline(time.Unix(1, 0)); err != nil { // as net/http does to have its watch end
		t.Fatal(err)
	}
	if err := <-watched; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("reading beyond the request: got %v", err)
	}
	handover.Returned(lent, http.StateIdle)
	if n, err := lent.Read(request); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("after the answer: got %d, %v", n, err)
	}
	for range 2 {
		if err := lent.Close(); err != nil {
			t.Error(err)
		}
	}
	if back != near || string(ahead) != "next" {
		t.Errorf("got %v back with %q", back, ahead)
	}
}

func TestLendClosesWhatCannotBeUsedAgain(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	lent := handover.Lend(near, []byte("half"), 8, func(net.Conn, []byte) error {
		t.Error("a connection with half a request came back")
		return nil
	})
	handover.Returned(lent, http.StateIdle)
	if err := lent.Close(); err != nil {
		t.Error(err)
	}
	if _, err := far.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the connection is open: %v", err)
	}
}
