package operating_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/gwtest"
)

// served returns the option that serves an engine with a certificate of p,
// which is for host, and asks clients for one of the same authority if mutual.
func (p *pki) served(host string, mutual bool) fakellm.ServerOption {
	p.t.Helper()
	c, err := p.Issue("engine", host)
	if err != nil {
		p.t.Fatal(err)
	}
	if mutual {
		return fakellm.WithTLS(c, p.Pool())
	}
	return fakellm.WithTLS(c, nil)
}

func TestEndpointTLS(t *testing.T) {
	p, others := newPKI(t), newPKI(t)
	p.issue("client", "gatehouse")
	own := fmt.Sprintf("cert_file: %q, key_file: %q", p.path("client.crt"), p.path("client.key"))
	ca := fmt.Sprintf("ca_file: %q", p.path("ca.crt"))
	for _, tc := range []struct {
		name   string
		host   string // in the engine's certificate
		mutual bool
		tls    string
		status int
		client string // whom the engine sees
	}{
		{"own authority", "127.0.0.1", false, ca, 200, ""},
		{"client certificate", "127.0.0.1", true, ca + ", " + own, 200, "gatehouse"},
		{"client certificate is missing", "127.0.0.1", true, ca, 502, ""},
		{"system's authorities", "127.0.0.1", false, "", 502, ""},
		{"another authority", "127.0.0.1", false, fmt.Sprintf("ca_file: %q", others.path("ca.crt")), 502, ""},
		{"another name", "engine.example", false, ca, 502, ""},
		{"server_name", "engine.example", false, ca + ", server_name: engine.example", 200, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e, url := engine(t, p.served(tc.host, tc.mutual))
			g := gwtest.Start(t, only(url, fmt.Sprintf(", tls: {%s}", tc.tls)))
			a := chat(t, g, ask)
			if a.status != tc.status {
				t.Fatalf("status %d: %s", a.status, a.body)
			}
			if tc.status != 200 {
				if got := a.envelope(t); got.Type != "server_error" || got.Code != "upstream_unreachable" && got.Code != "upstream_invalid_response" {
					t.Errorf("the envelope is %+v", got)
				}
				if got := a.header.Get("X-Gatehouse-Error-Source"); got != "upstream" {
					t.Errorf("the source of the error is %q", got)
				}
				if strings.Contains(a.body, strings.TrimPrefix(url, "https://")) || e.Count() != 0 {
					t.Errorf("the engine had %d requests; the client was told %s", e.Count(), a.body)
				}
				return
			}
			if got := a.content(t); got != "You said: hello" || e.Last().Client != tc.client {
				t.Errorf("%q; the engine saw the client %q", got, e.Last().Client)
			}
		})
	}
}

func TestEndpointAuthorityReplaced(t *testing.T) {
	p, others := newPKI(t), newPKI(t)
	_, url := engine(t, p.served("127.0.0.1", false))
	file := others.path("ca.crt")
	g := gwtest.Start(t, only(url, fmt.Sprintf(", tls: {ca_file: %q}", file)))
	if a := chat(t, g, ask); a.status != 502 || !strings.Contains(a.body, "certificate") {
		t.Fatalf("status %d: %s", a.status, a.body)
	}
	replace(t, file, p.PEM())
	if err := g.Reload(); err != nil {
		t.Fatal(err)
	}
	if a := chat(t, g, ask); a.content(t) != "You said: hello" {
		t.Errorf("after the authority was replaced: %s", a.body)
	}
}

func TestEndpointProtocols(t *testing.T) {
	p := newPKI(t)
	ca := fmt.Sprintf(", tls: {ca_file: %q}", p.path("ca.crt"))
	for _, tc := range []struct {
		name   string
		option fakellm.ServerOption
		more   string
		proto  string
	}{
		{"plain", fakellm.At("127.0.0.1:0"), "", "HTTP/1.1"},
		{"h2c", fakellm.WithH2C(), ", protocol: h2c", "HTTP/2.0"},
		{"an engine that could speak h2c", fakellm.WithH2C(), "", "HTTP/1.1"},
		{"TLS", p.served("127.0.0.1", false), ca, "HTTP/1.1"},
		{"TLS with http2", p.served("127.0.0.1", false), ca + ", protocol: http2", "HTTP/2.0"},
		{"TLS with http1", p.served("127.0.0.1", false), ca + ", protocol: http1", "HTTP/1.1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e, url := engine(t, tc.option)
			g := gwtest.Start(t, only(url, tc.more))
			if a := chat(t, g, ask); a.content(t) != "You said: hello" || e.Last().Proto != tc.proto {
				t.Errorf("%q over %s", a.body, e.Last().Proto)
			}
			if got := newStream(t, g.Post(within(t), "/chat/completions", askStream)).wantWhole(); got != "You said: hello" {
				t.Errorf("the stream said %q", got)
			}
			if e.Last().Proto != tc.proto || string(e.Requests()[0].Body()) != ask {
				t.Errorf("%s, and the body was %s", e.Last().Proto, e.Requests()[0].Body())
			}

			gate := fakellm.NewGate()
			e.Queue(fakellm.Script{Wait: fakellm.Wait{Gate: gate}})
			gate.Step(2)
			ctx, cancel := context.WithCancel(within(t))
			newStream(t, g.Post(ctx, "/chat/completions", askStream)).event()
			cancel()
			if _, err := e.WaitCancelled(within(t)); err != nil {
				t.Errorf("the engine does not know that the client has left: %v", err)
			}

			e.Queue(fakellm.Script{Break: &fakellm.Break{How: fakellm.Reset, Where: fakellm.AfterEvents, N: 2}})
			events, err := newStream(t, g.Post(within(t), "/chat/completions", askStream)).rest()
			if len(events) == 0 || parseEnvelope(t, events[len(events)-1]).Code != "upstream_stream_interrupted" {
				t.Errorf("a broken stream ended with %q, %v", events, err)
			}

			e.Queue(fakellm.Script{Break: &fakellm.Break{How: fakellm.Reset, Where: fakellm.BeforeHeader}})
			if a := chat(t, g, ask); a.status != 502 || a.envelope(t).Code != "upstream_invalid_response" {
				t.Errorf("an attempt that was reset has status %d: %s", a.status, a.body)
			}
		})
	}
}

// TestManyOverOneConnection shows that requests to an HTTP/2 endpoint share a
// connection and do not wait for each other.
func TestManyOverOneConnection(t *testing.T) {
	p := newPKI(t)
	e, url := engine(t, p.served("127.0.0.1", false))
	g := gwtest.Start(t, only(url, fmt.Sprintf(", protocol: http2, tls: {ca_file: %q}", p.path("ca.crt"))))
	chat(t, g, ask) // the connection stands
	gate := fakellm.NewGate()
	e.Set(fakellm.Script{Wait: fakellm.Wait{Gate: gate}})
	const n = 20
	streams := make(chan *http.Response, n)
	for range n {
		go func() { streams <- g.Post(within(t), "/chat/completions", askStream) }()
	}
	if _, err := e.WaitRequest(within(t), 1+n); err != nil {
		t.Fatal(err)
	}
	if got := e.Dialled(); got != 1 {
		t.Errorf("%d connections for %d requests at the same time", got, n)
	}
	gate.Open()
	for range n {
		if got := newStream(t, <-streams).wantWhole(); got != "You said: hello" {
			t.Errorf("a stream said %q", got)
		}
	}
}

func TestGzip(t *testing.T) {
	e, url := engine(t)
	g := gwtest.Start(t, only(url, ""))
	plain := chat(t, g, ask)
	e.Set(fakellm.Script{Form: fakellm.Form{Gzip: true}})
	zipped := chat(t, g, ask)
	if zipped.header.Get("Content-Encoding") != "" || zipped.content(t) != plain.content(t) {
		t.Errorf("%v\n%s", zipped.header, zipped.body)
	}
	if got := e.Last().Header.Get("Accept-Encoding"); got != "identity" {
		t.Errorf("the engine was asked for the encoding %q", got)
	}
	if got := newStream(t, g.Post(within(t), "/chat/completions", askStream)).wantWhole(); got != "You said: hello" {
		t.Errorf("a stream in gzip said %q", got)
	}
	e.Set(fakellm.Script{Form: fakellm.Form{Header: map[string]string{"Content-Encoding": "gzip"}}})
	if a := chat(t, g, ask); a.status != 502 || a.envelope(t).Code == "" {
		t.Errorf("what is called gzip and is none has status %d: %s", a.status, a.body)
	}
}

func TestTrailers(t *testing.T) {
	p := newPKI(t)
	p.issue("server", "gateway")
	for name, version := range map[string]int{"HTTP/1.1": 1, "HTTP/2": 2} {
		t.Run(name, func(t *testing.T) {
			e, url := engine(t)
			g := gwtest.Start(t, p.secure("")+only(url, ""))
			e.Set(fakellm.Script{Form: fakellm.Form{Trailer: map[string]string{"X-Checksum": "abc"}}})
			for _, body := range []string{ask, askStream} {
				req := request(within(t), t, g.URL, body)
				req.ContentLength = -1
				req.Trailer = http.Header{"X-Sum": {"123"}, "X-Api-Key": {gwtest.Key}}
				a := do(t, p.client(version), req)
				if diff := cmp.Diff(http.Header{"X-Checksum": {"abc"}}, a.trailer); a.status != 200 || diff != "" {
					t.Errorf("status %d, trailers of the answer (-want +got):\n%s", a.status, diff)
				}
				if diff := cmp.Diff(http.Header{"X-Sum": {"123"}}, e.Last().Trailer()); diff != "" {
					t.Errorf("trailers of the request (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// TestTLSToTLS has TLS and HTTP/2 on both sides.
func TestTLSToTLS(t *testing.T) {
	p := newPKI(t)
	p.issue("server", "gateway")
	e, url := engine(t, p.served("127.0.0.1", false))
	g := gwtest.Start(t, p.secure("")+only(url, fmt.Sprintf(", tls: {ca_file: %q}", p.path("ca.crt"))))
	c := p.client(2)
	if got := openStream(t, c, request(within(t), t, g.URL, askStream)).wantWhole(); got != "You said: hello" {
		t.Errorf("the stream said %q", got)
	}
	if got := e.Last(); got.Proto != "HTTP/2.0" || got.Header.Get("Authorization") != "" {
		t.Errorf("the engine got %s with %v", got.Proto, got.Header)
	}
}
