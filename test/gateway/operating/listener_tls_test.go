package operating_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/gwtest"
	"github.com/gatehouse-ai/gatehouse/record"
)

// secure is the configuration of TLS with the certificate called server.
func (p *pki) secure(more string) string {
	return fmt.Sprintf("tls: {cert_file: %q, key_file: %q%s}\n", p.path("server.crt"), p.path("server.key"), more)
}

// client returns a client that trusts the authority and speaks one version of
// HTTP: 1 or 2.
func (p *pki) client(version int, certificates ...tls.Certificate) *http.Client {
	p.t.Helper()
	var protocols http.Protocols
	protocols.SetHTTP1(version == 1)
	protocols.SetHTTP2(version == 2)
	tr := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: p.Pool(), Certificates: certificates, MinVersion: tls.VersionTLS12},
		Protocols:       &protocols,
	}
	p.t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

func TestListenerTLS(t *testing.T) {
	p := newPKI(t)
	p.issue("server", "gateway")
	for version, proto := range map[int]string{1: "HTTP/1.1", 2: "HTTP/2.0"} {
		t.Run(proto, func(t *testing.T) {
			e, url := engine(t)
			g := gwtest.Start(t, p.secure("")+only(url, ""))
			c := p.client(version)

			t.Run("answer", func(t *testing.T) {
				a := do(t, c, request(within(t), t, g.URL, ask))
				if got := a.content(t); a.proto != proto || got != "You said: hello" {
					t.Errorf("got %q over %s", got, a.proto)
				}
				g.Record()
			})
			t.Run("stream, each event before the next is sent", func(t *testing.T) {
				gate := fakellm.NewGate()
				e.Queue(fakellm.Script{Wait: fakellm.Wait{Gate: gate}})
				gate.Step(1)
				s := openStream(t, c, request(within(t), t, g.URL, askStream))
				var events []string
				for n := 1; ; n++ {
					data := s.event()
					events = append(events, data)
					if data == "[DONE]" || strings.Contains(data, `"finish_reason":"stop"`) {
						break // what follows is held back or not for the client
					}
					if err := gate.Reached(within(t), n); err != nil {
						t.Fatalf("after %d events: %v", n, err)
					}
					gate.Step(1)
				}
				gate.Open()
				s.wantWhole()
				if got := said(t, events); got != "You said: hello" {
					t.Errorf("the stream said %q", got)
				}
				g.Record()
			})
			t.Run("cancellation", func(t *testing.T) {
				gate := fakellm.NewGate()
				e.Queue(fakellm.Script{Wait: fakellm.Wait{Gate: gate}})
				gate.Step(2)
				ctx, cancel := context.WithCancel(within(t))
				s := openStream(t, c, request(ctx, t, g.URL, askStream))
				s.event()
				cancel()
				if _, err := e.WaitCancelled(within(t)); err != nil {
					t.Errorf("the engine does not know that the client has left: %v", err)
				}
				if r := g.Record(); r.Outcome != record.ClientGone {
					t.Errorf("the outcome is %q", r.Outcome)
				}
			})
			t.Run("error", func(t *testing.T) {
				a := do(t, c, request(within(t), t, g.URL, `{"model":"none","messages":[]}`))
				if code := a.envelope(t).Code; a.status != 404 || code != "model_not_found" {
					t.Errorf("status %d, code %q", a.status, code)
				}
			})
		})
	}
}

func TestListenerTLSBroken(t *testing.T) {
	p := newPKI(t)
	p.issue("server", "gateway")
	e, url := engine(t)
	g := gwtest.Start(t, p.secure("")+only(url, ""))
	e.Queue(fakellm.Script{Break: &fakellm.Break{How: fakellm.Reset, Where: fakellm.AfterEvents, N: 2}})
	events, err := openStream(t, p.client(2), request(within(t), t, g.URL, askStream)).rest()
	if len(events) == 0 {
		t.Fatalf("no events: %v", err)
	}
	last := parseEnvelope(t, events[len(events)-1])
	if last.Code != "upstream_stream_interrupted" || strings.Contains(strings.Join(events, ""), "[DONE]") {
		t.Errorf("the stream ended with %q", events)
	}
}

func TestPlainHTTPOnTLSListener(t *testing.T) {
	p := newPKI(t)
	p.issue("server", "gateway")
	_, url := engine(t)
	g := gwtest.Start(t, p.secure("")+only(url, ""))
	a, err := tryGet(within(t), strings.Replace(g.Root, "https://", "http://", 1)+"/healthz")
	if err != nil || a.status != 400 {
		t.Errorf("plain HTTP: status %d, %v", a.status, err)
	}
}

// presented returns the name of the certificate that a new connection is shown.
func (p *pki) presented(g *gwtest.Gateway) string {
	p.t.Helper()
	resp, err := p.client(2).Get(g.Root + "/healthz")
	if err != nil {
		p.t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.TLS.PeerCertificates[0].Subject.CommonName
}

func TestCertificateReplaced(t *testing.T) {
	p := newPKI(t)
	p.issue("server", "first")
	e, url := engine(t)
	g := gwtest.Start(t, p.secure("")+only(url, ""))
	if got := p.presented(g); got != "first" {
		t.Fatalf("the certificate is %q", got)
	}
	gate := fakellm.NewGate()
	e.Queue(fakellm.Script{Wait: fakellm.Wait{Gate: gate}})
	gate.Step(1)
	s := openStream(t, p.client(2), request(within(t), t, g.URL, askStream))
	s.event()

	p.issue("server", "second")
	if err := g.Reload(); err != nil {
		t.Fatal(err)
	}
	if got := p.presented(g); got != "second" {
		t.Errorf("after the reload a new connection is shown the certificate %q", got)
	}
	gate.Open()
	if got := s.wantWhole(); !strings.HasSuffix(got, "hello") {
		t.Errorf("the stream from before the reload said %q", got)
	}

	p.write("server.crt", []byte("no certificate"))
	if err := g.Reload(); err == nil || !strings.Contains(err.Error(), "tls.cert_file") {
		t.Errorf("a certificate that is none: %v", err)
	}
	if got := p.presented(g); got != "second" {
		t.Errorf("after a bad reload a new connection is shown the certificate %q", got)
	}

	// Nobody tells the gateway of this one.
	p.issue("server", "third")
	until(t, "the third certificate is noticed", func() bool { return p.presented(g) == "third" })
}

// TestTLSIsNotSwitchedOff shows that a listener goes on as it has begun.
func TestTLSIsNotSwitchedOff(t *testing.T) {
	p := newPKI(t)
	p.issue("server", "gateway")
	_, url := engine(t)
	g := gwtest.Start(t, p.secure("")+only(url, ""))
	g.Write(only(url, ""))
	if err := g.Reload(); err != nil {
		t.Fatal(err)
	}
	if a := do(t, p.client(2), request(within(t), t, g.URL, ask)); a.content(t) != "You said: hello" {
		t.Errorf("status %d: %s", a.status, a.body)
	}
	if !strings.Contains(g.Log(), "listeners are opened at the start only") {
		t.Errorf("the log has no warning:\n%s", g.Log())
	}
}

func TestMutualTLS(t *testing.T) {
	p, others := newPKI(t), newPKI(t)
	p.issue("server", "gateway")
	_, url := engine(t)
	g := gwtest.Start(t, p.secure(fmt.Sprintf(", client_ca_file: %q", p.path("ca.crt")))+only(url, ""))
	ours, err := p.Issue("alice")
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := others.Issue("mallory")
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range []int{1, 2} {
		a := do(t, p.client(version, ours), request(within(t), t, g.URL, ask))
		if got := a.content(t); got != "You said: hello" {
			t.Errorf("HTTP/%d with a certificate: %q", version, got)
		}
		for name, c := range map[string]*http.Client{"none": p.client(version), "another authority's": p.client(version, theirs)} {
			resp, err := c.Do(request(within(t), t, g.URL, ask))
			if err == nil {
				_ = resp.Body.Close()
				t.Errorf("HTTP/%d, certificate: %s: let in with status %d", version, name, resp.StatusCode)
			}
		}
		req := request(within(t), t, g.URL, ask)
		req.Header.Del("Authorization")
		if a := do(t, p.client(version, ours), req); a.status != 401 {
			t.Errorf("HTTP/%d: a certificate without a key has status %d", version, a.status)
		}
	}
}

func TestOldestTLS(t *testing.T) {
	p := newPKI(t)
	p.issue("server", "gateway")
	_, url := engine(t)
	g := gwtest.Start(t, p.secure(`, min_version: "1.3"`)+only(url, ""))
	addr := strings.TrimPrefix(g.Root, "https://")
	for version, want := range map[uint16]bool{tls.VersionTLS12: false, tls.VersionTLS13: true} {
		d := tls.Dialer{Config: &tls.Config{RootCAs: p.Pool(), MinVersion: tls.VersionTLS12, MaxVersion: version}}
		conn, err := d.DialContext(within(t), "tcp", addr)
		if err == nil {
			_ = conn.Close()
		}
		if (err == nil) != want {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
		if !want && err != nil && !strings.Contains(err.Error(), "protocol version") {
			t.Errorf("%s was refused without saying so: %v", tls.VersionName(version), err)
		}
	}
}
