//go:build linux

package evloop_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-ai/gatehouse/evloop"
)

// transports returns what connections can be made of: near is for a loop.
func transports() map[string]func(testing.TB) (near, far net.Conn) {
	return map[string]func(testing.TB) (near, far net.Conn){
		"plaintext":      pair,
		"TLS 1.2 server": func(t testing.TB) (near, far net.Conn) { return secure(t, tls.VersionTLS12, false) },
		"TLS 1.3 server": func(t testing.TB) (near, far net.Conn) { return secure(t, tls.VersionTLS13, false) },
		"TLS 1.2 client": func(t testing.TB) (near, far net.Conn) { return secure(t, tls.VersionTLS12, true) },
		"TLS 1.3 client": func(t testing.TB) (near, far net.Conn) { return secure(t, tls.VersionTLS13, true) },
	}
}

// secure returns both ends of TLS; the near one is the client if so asked.
func secure(t testing.TB, version uint16, client bool) (near, far net.Conn) {
	t.Helper()
	a, b := pair(t)
	s, c := configs(t, version)
	if client {
		return shake(t, evloop.Client(a, c), tls.Server(b, s))
	}
	return shake(t, evloop.Server(a, s), tls.Client(b, c))
}

func shake(t testing.TB, near, far *tls.Conn) (net.Conn, net.Conn) {
	t.Helper()
	failed := make(chan error, 1)
	go func() { failed <- far.HandshakeContext(context.Background()) }()
	if err := errors.Join(near.HandshakeContext(context.Background()), <-failed); err != nil {
		t.Fatal(err)
	}
	// A message takes the tickets along. A peer that has not read them resets
	// the connection when it closes.
	if _, err := io.WriteString(near, "!"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(far, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	return near, far
}

func configs(t testing.TB, version uint16) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"here"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, leaf, leaf, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	server = &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
		MinVersion:   version, MaxVersion: version,
	}
	client = &tls.Config{
		RootCAs: roots, ServerName: "here", MinVersion: version, MaxVersion: version,
		ClientSessionCache: tls.NewLRUClientSessionCache(1),
	}
	return server, client
}

// TestHandshakeIsDue refuses connections that crypto/tls would block on.
func TestHandshakeIsDue(t *testing.T) {
	l := start(t)
	near, _ := pair(t)
	server, _ := configs(t, tls.VersionTLS13)
	on(t, l, func() {
		for _, nc := range []net.Conn{evloop.Server(near, server), tls.Server(near, server)} {
			if _, err := l.Adopt(nc, &probe{}); err == nil {
				t.Error("adopted")
			}
		}
	})
}

// TestDataWithHandshake sends data before the loop adopts the connection, more
// than one record of it.
func TestDataWithHandshake(t *testing.T) {
	for name, ends := range transports() {
		t.Run(name, func(t *testing.T) {
			l := start(t)
			near, far := ends(t)
			for range 3 {
				if _, err := io.WriteString(far, "early"); err != nil {
					t.Fatal(err)
				}
			}
			adopt(t, l, near, echo)
			got := make([]byte, 15)
			if _, err := io.ReadFull(far, got); err != nil || string(got) != "earlyearlyearly" {
				t.Fatalf("got %q, %v", got, err)
			}
		})
	}
}

// splitter sends what is written to it in pieces of a size, or holds it back.
type splitter struct {
	net.Conn
	mu   sync.Mutex
	size int
	held bool
	kept []byte
}

func (s *splitter) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held {
		s.kept = append(s.kept, p...)
		return len(p), nil
	}
	n := 0
	for n < len(p) {
		k, err := s.Conn.Write(p[n:min(n+s.size, len(p))])
		n += k
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

func (s *splitter) set(size int, held bool) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := s.kept
	s.size, s.held, s.kept = size, held, nil
	return kept
}

// split returns an adopted server and a client whose records are split.
func split(t *testing.T, l *evloop.Loop, version uint16, set func(*probe)) (*tls.Conn, *splitter) {
	t.Helper()
	a, b := pair(t)
	server, client := configs(t, version)
	s := &splitter{Conn: b, size: megabyte}
	near, far := shake(t, evloop.Server(a, server), tls.Client(s, client))
	adopt(t, l, near, set)
	return far.(*tls.Conn), s
}

// TestSplitRecords sends records a byte at a time, each seen by the loop before
// the next one.
func TestSplitRecords(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		l := start(t)
		looked, all := make(chan struct{}, 1), make(chan string, 1)
		const want = "hello, you there"
		far, s := split(t, l, version, func(p *probe) {
			var got []byte
			p.readable = func() {
				var buf [4]byte
				n, err := p.conn.Read(buf[:])
				if err != nil {
					p.conn.Close()
				}
				got = append(got, buf[:n]...)
				if err != nil || len(got) == len(want) {
					all <- string(got)
				}
				select {
				case looked <- struct{}{}:
				default:
				}
			}
		})
		s.set(0, true)
		for _, text := range []string{"hello, ", "you ", "there"} {
			if _, err := io.WriteString(far, text); err != nil {
				t.Fatal(err)
			}
		}
		for _, b := range s.set(1, false) {
			if _, err := s.Conn.Write([]byte{b}); err != nil {
				t.Fatal(err)
			}
			<-looked
		}
		if got := <-all; got != want {
			t.Errorf("%x: got %q", version, got)
		}
	}
}

// TestManyRecords sends many records in one segment, which one event tells of.
func TestManyRecords(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		l := start(t)
		far, s := split(t, l, version, echo)
		s.set(0, true)
		var want []byte
		for i := range 500 {
			b := pattern(i%40 + 1)
			want = append(want, b...)
			if _, err := far.Write(b); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.Conn.Write(s.set(megabyte, false)); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(want))
		if _, err := io.ReadFull(far, got); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%x: %v; got other bytes than were sent", version, err)
		}
	}
}

// TestGoodbye has each side see the other's orderly end.
func TestGoodbye(t *testing.T) {
	for name, ends := range transports() {
		for _, first := range []string{"loop", "peer"} {
			t.Run(name+"/"+first, func(t *testing.T) {
				l := start(t)
				near, far := ends(t)
				end := make(chan error, 1)
				p := adopt(t, l, near, func(p *probe) {
					p.readable = func() {
						if _, err := p.conn.Read(make([]byte, 100)); err != nil {
							p.conn.Close()
							end <- err
						}
					}
				})
				if first == "loop" {
					on(t, l, p.conn.Close)
					if n, err := far.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
						t.Errorf("the peer reads %d, %v, want io.EOF", n, err)
					}
					return
				}
				if _, err := io.WriteString(far, "last words"); err != nil {
					t.Fatal(err)
				}
				far.Close()
				if err := <-end; !errors.Is(err, io.EOF) {
					t.Errorf("Read: %v, want io.EOF", err)
				}
			})
		}
	}
}

// TestGarbage has a peer break the protocol: the loop's side says so to the peer
// and to its handler.
func TestGarbage(t *testing.T) {
	l := start(t)
	broken := make(chan error, 1)
	far, s := split(t, l, tls.VersionTLS13, func(p *probe) {
		p.readable = func() {
			if _, err := p.conn.Read(make([]byte, 100)); err != nil {
				p.conn.Close()
				broken <- err
			}
		}
	})
	if _, err := s.Conn.Write([]byte("\x17\x03\x03\x00\x14not what was promised")); err != nil {
		t.Fatal(err)
	}
	if err := <-broken; err == nil || errors.Is(err, io.EOF) {
		t.Errorf("Read: %v, want that the record is bad", err)
	}
	if _, err := far.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("the peer reads %v, want an alert", err)
	}
}
