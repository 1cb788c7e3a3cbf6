package rig_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gatehouse-ai/gatehouse/test/bench/rig"
)

// shell runs a script until the test ends.
func shell(t *testing.T, b *rig.Bench, script string) *rig.Process {
	t.Helper()
	p, err := b.Start(rig.Command{Name: "script", Args: []string{"sh", "-c", script}, Dir: t.TempDir(), Env: []string{"GREETING=hello"}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// says returns a question that is answered when a process has written a text.
func says(p *rig.Process, text string) func(context.Context) error {
	return func(context.Context) error {
		if !strings.Contains(p.Tail(), text) {
			return errors.New("it has not said so yet")
		}
		return nil
	}
}

func TestProcessesAndTheirChildrenEnd(t *testing.T) {
	b := rig.New()
	b.Patience = 100 * time.Millisecond // the stubborn one needs all of it
	polite := shell(t, b, `echo $GREETING; exec sleep 600`)
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	stubborn := shell(t, b, `trap '' TERM; sleep 600 >`+fifo+` & echo child; wait; wait`)
	held, err := os.Open(fifo) // which waits for the child
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	for p, text := range map[*rig.Process]string{polite: "hello", stubborn: "child"} {
		if err := p.Wait(t.Context(), says(p, text)); err != nil {
			t.Fatal(err)
		}
	}
	b.Stop(polite)
	b.Stop(polite) // has ended already
	b.Close()
	b.Close()
	for _, p := range []*rig.Process{polite, stubborn} {
		select {
		case <-p.Done():
		default:
			t.Error("a process runs on")
		}
	}
	if text, err := io.ReadAll(held); err != nil || len(text) > 0 { // ends when nobody holds the other end
		t.Errorf("the child has written %q, %v", text, err)
	}
	if _, err := b.Start(rig.Command{Name: "late", Args: []string{"true"}, Dir: t.TempDir()}); err == nil || !strings.Contains(err.Error(), "has ended") {
		t.Errorf("a process was started after the end: %v", err)
	}
}

func TestWaitTellsWhyNothingAnswers(t *testing.T) {
	b := rig.New()
	defer b.Close()
	never := func(context.Context) error { return errors.New("nobody is there") }
	ended := shell(t, b, "echo no such option; exit 3")
	if err := ended.Wait(t.Context(), never); err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "no such option") {
		t.Errorf("of a process that has ended: %v", err)
	}
	quiet := shell(t, b, "exit 0")
	if err := quiet.Wait(t.Context(), never); err == nil || !strings.Contains(err.Error(), "exit status 0") {
		t.Errorf("of a process that has ended well: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	running := shell(t, b, "exec sleep 600")
	if err := running.Wait(ctx, func(context.Context) error { cancel(); return never(ctx) }); err == nil || !strings.Contains(err.Error(), "nobody is there") {
		t.Errorf("of a process that does not answer: %v", err)
	}
}

func TestStartFails(t *testing.T) {
	b := rig.New()
	defer b.Close()
	for name, c := range map[string]rig.Command{
		"no program": {Name: "x", Args: []string{filepath.Join(t.TempDir(), "nothing")}, Dir: t.TempDir()},
		"no folder":  {Name: "x", Args: []string{"true"}, Dir: filepath.Join(t.TempDir(), "nothing")},
	} {
		if _, err := b.Start(c); err == nil || !strings.Contains(err.Error(), "starting x") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPortsAreFree(t *testing.T) {
	ports, err := rig.Ports(t.Context(), 3)
	if err != nil || len(ports) != 3 || ports[0] == ports[1] || ports[1] == ports[2] || ports[0] == 0 {
		t.Errorf("%v, %v", ports, err)
	}
}

func TestCertificatesAreTrusted(t *testing.T) {
	c, err := rig.MakeCertificates(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	server, err := tls.LoadX509KeyPair(c.Pair, c.Pair)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tls.LoadX509KeyPair(c.Certificate, c.Key); err != nil {
		t.Error(err)
	}
	pem, err := os.ReadFile(c.Authority)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	for _, name := range []string{"localhost", "127.0.0.1"} {
		one, other := net.Pipe()
		go func() {
			s := tls.Server(one, &tls.Config{Certificates: []tls.Certificate{server}})
			_, _ = io.WriteString(s, "hello")
			s.Close()
		}()
		text, err := io.ReadAll(tls.Client(other, &tls.Config{RootCAs: pool, ServerName: name}))
		if err != nil || string(text) != "hello" {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	if _, err := rig.MakeCertificates(filepath.Join(t.TempDir(), "nothing"), time.Now()); err == nil {
		t.Error("certificates were written to a folder that is not there")
	}
}
