package failing_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/fakellm/authority"
	"github.com/gatehouse-ai/gatehouse/gwtest"
	"github.com/gatehouse-ai/gatehouse/record"
)

// soon is how long an engine may work for a client that has left.
const soon = 100 * time.Millisecond

// secured returns the configuration of a listener with TLS, and a client that
// trusts it and speaks HTTP/2.
func secured(t *testing.T) (top string, client *http.Client) {
	t.Helper()
	ca, err := authority.New()
	if err != nil {
		t.Fatal(err)
	}
	own, err := ca.Issue("gateway", "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	cert, key, err := authority.PEM(own)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile := filepath.Join(t.TempDir(), "tls.crt"), filepath.Join(t.TempDir(), "tls.key")
	for name, text := range map[string][]byte{certFile: cert, keyFile: key} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: ca.Pool(), MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return fmt.Sprintf("tls: {cert_file: %q, key_file: %q}\n", certFile, keyFile), &http.Client{Transport: transport}
}

// TestLeaving has clients leave while they wait: for the beginning of an answer
// and in the middle of a stream, over each version of HTTP on each side. The
// engine must learn of it at once.
func TestLeaving(t *testing.T) {
	for _, clientHTTP := range []int{1, 2} {
		for _, upstream := range []string{"http1", "h2c"} {
			for _, d := range []fakellm.Dialect{fakellm.OpenAI, fakellm.Ollama, fakellm.Anthropic} {
				for _, stream := range []bool{false, true} {
					t.Run(fmt.Sprintf("HTTP/%d %s %s stream=%t", clientHTTP, upstream, d, stream), func(t *testing.T) {
						l := newLeaver(t, clientHTTP, upstream, d)
						var took []time.Duration
						for i := range 5 {
							took = append(took, l.leave(t, i+1, stream))
						}
						slices.Sort(took)
						t.Logf("the engine learnt of it after %v", took)
						if median := took[len(took)/2]; median >= soon {
							t.Errorf("the engine learnt of it after %v in the median, want less than %v: %v", median, soon, took)
						}
						if n := l.standby.Count(); n != 0 {
							t.Errorf("%d requests of clients that had left were tried elsewhere", n)
						}
						l.engine.Set(fakellm.Script{})
						resp := l.ask(t, within(t), false)
						if r := read(resp); r.Status != 200 || resp.ProtoMajor != clientHTTP {
							t.Errorf("afterwards: status %d over HTTP/%d: leaving says nothing about the endpoint: %s", r.Status, resp.ProtoMajor, r.Body)
						}
					})
				}
			}
		}
	}
}

// leaver is a client that leaves.
type leaver struct {
	gateway         *gwtest.Gateway
	engine, standby *fakellm.Engine
	client          *http.Client
}

func newLeaver(t *testing.T, clientHTTP int, upstream string, d fakellm.Dialect) *leaver {
	t.Helper()
	l := &leaver{engine: fakellm.New(d), standby: fakellm.New(d), client: http.DefaultClient}
	lines := ""
	for name, e := range map[string]*fakellm.Engine{"a": l.engine, "b": l.standby} {
		s := fakellm.Start(e, fakellm.WithH2C())
		t.Cleanup(s.Close)
		lines += endpoint(name, s.URL, d, ", protocol: "+upstream)
	}
	top := ""
	if clientHTTP == 2 {
		top, l.client = secured(t)
	}
	l.gateway = gwtest.Start(t, top+"endpoints:\n"+lines+"models:\n  - {name: m, endpoints: [a, {name: b, weight: 0}]}\n")
	return l
}

func (l *leaver) ask(t *testing.T, ctx context.Context, stream bool) *http.Response {
	t.Helper()
	resp, err := l.try(ctx, stream)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

func (l *leaver) try(ctx context.Context, stream bool) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, l.gateway.URL+"/chat/completions", strings.NewReader(chat(stream)))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", bearer)
	req.Header.Set("Content-Type", "application/json")
	return l.client.Do(req)
}

// leave asks, leaves and returns how long it took until the engine knew. n is
// the number of the request at the engine.
func (l *leaver) leave(t *testing.T, n int, stream bool) time.Duration {
	t.Helper()
	gate := fakellm.NewGate()
	l.engine.Set(fakellm.Script{Wait: fakellm.Wait{Gate: gate}})
	ctx, cancel := context.WithCancel(within(t))
	defer cancel()
	if stream {
		gate.Step(4) // Anthropic's streams begin with events that have no text
		resp := l.ask(t, ctx, true)
		defer resp.Body.Close()
		if _, err := io.ReadAtLeast(resp.Body, make([]byte, 1024), 20); err != nil {
			t.Fatal(err)
		}
		if err := gate.Reached(within(t), 4); err != nil {
			t.Fatal(err)
		}
	} else {
		answered := make(chan error, 1)
		go func() {
			resp, err := l.try(ctx, false)
			if err == nil {
				resp.Body.Close()
			}
			answered <- err
		}()
		defer func() {
			if err := <-answered; err == nil {
				t.Error("a client that had left got an answer")
			}
		}()
		if _, err := l.engine.WaitRequest(within(t), n); err != nil {
			t.Fatal(err)
		}
		if err := gate.Reached(within(t), 0); err != nil {
			t.Fatal(err)
		}
	}
	left := time.Now()
	cancel()
	if _, err := l.engine.WaitCancelled(within(t)); err != nil {
		t.Fatalf("the engine has not learnt that the client left: %v", err)
	}
	took := time.Since(left)
	if rec := l.gateway.Record(); rec.Outcome != record.ClientGone || rec.Status != 499 || rec.Attempts != 1 {
		t.Errorf("the record has outcome %q, status %d, %d attempts", rec.Outcome, rec.Status, rec.Attempts)
	}
	return took
}

// TestLeavingBeforeRetry has a client leave while the first engine fails: no
// second one may be asked for it.
func TestLeavingBeforeRetry(t *testing.T) {
	g, a, b := pair(t, fakellm.OpenAI, "", "")
	a.Set(fakellm.Script{Wait: fakellm.Wait{Header: time.Hour}, Refuse: &fakellm.Refusal{Status: 503}})
	ctx, cancel := context.WithCancel(within(t))
	l := &leaver{gateway: g, client: http.DefaultClient}
	answered := make(chan error, 1)
	go func() {
		resp, err := l.try(ctx, false)
		if err == nil {
			resp.Body.Close()
		}
		answered <- err
	}()
	if _, err := a.WaitRequest(within(t), 1); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-answered; err == nil {
		t.Error("a client that had left got an answer")
	}
	if rec := g.Record(); rec.Outcome != record.ClientGone || rec.Attempts != 1 {
		t.Errorf("the record has outcome %q, %d attempts", rec.Outcome, rec.Attempts)
	}
	if b.Count() != 0 {
		t.Errorf("the second engine got %d requests", b.Count())
	}
}

// TestLeavingWhileSending has clients leave in the middle of their own bodies:
// half a request must not reach an engine.
func TestLeavingWhileSending(t *testing.T) {
	for name, framing := range map[string]string{
		"a length": "Content-Length: 1000\r\n\r\n" + chat(false)[:30],
		"chunks":   "Transfer-Encoding: chunked\r\n\r\n1e\r\n" + chat(false)[:30] + "\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			g, e := single(t, fakellm.OpenAI, "", "")
			conn, err := new(net.Dialer).DialContext(within(t), "tcp", strings.TrimPrefix(g.Root, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			_, err = conn.Write([]byte("POST /v1/chat/completions HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\nAuthorization: " + bearer + "\r\n" + framing))
			if err != nil {
				t.Fatal(err)
			}
			if err := conn.Close(); err != nil {
				t.Fatal(err)
			}
			if rec := g.Record(); rec.Outcome != record.ClientGone || rec.Status != 499 || rec.Attempts != 0 || e.Count() != 0 {
				t.Errorf("the record has outcome %q, status %d, %d attempts; the engine got %d requests", rec.Outcome, rec.Status, rec.Attempts, e.Count())
			}
		})
	}
}
