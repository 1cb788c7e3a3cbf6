package fakellm_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/fakellm/authority"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTLS(t *testing.T) {
	a, err := authority.New()
	if err != nil {
		t.Fatal(err)
	}
	server, err := a.Issue("engine", "127.0.0.1", "localhost")
	if err != nil {
		t.Fatal(err)
	}
	mine, err := a.Issue("gateway")
	if err != nil {
		t.Fatal(err)
	}
	e := fakellm.New(fakellm.OpenAI, fakellm.Models("m"))
	s := fakellm.Start(e, fakellm.WithTLS(server, a.Pool()))
	defer s.Close()
	for _, k := range []struct {
		name  string
		certs []tls.Certificate
		h2    bool
		proto string
		fails bool
	}{
		{"http/1.1", []tls.Certificate{mine}, false, "HTTP/1.1", false},
		{"http/2", []tls.Certificate{mine}, true, "HTTP/2.0", false},
		{"no certificate", nil, false, "", true},
	} {
		t.Run(k.name, func(t *testing.T) {
			transport := &http.Transport{
				TLSClientConfig: &tls.Config{RootCAs: a.Pool(), Certificates: k.certs}, ForceAttemptHTTP2: k.h2,
			}
			defer transport.CloseIdleConnections()
			_, text, err := ask(t, &http.Client{Transport: transport}, s.URL, stream)
			if k.fails {
				if err == nil {
					t.Error("a client without a certificate is served")
				}
				return
			}
			if err != nil || !strings.HasSuffix(text, "data: [DONE]\n\n") {
				t.Fatalf("%q %v", text, err)
			}
			if q := e.Last(); q.Proto != k.proto || q.Client != "gateway" {
				t.Errorf("%s by %q", q.Proto, q.Client)
			}
		})
	}
}

func TestH2C(t *testing.T) {
	e := fakellm.New(fakellm.OpenAI, fakellm.Models("m"))
	s := fakellm.Start(e, fakellm.WithH2C())
	defer s.Close()
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: &protocols}
	defer transport.CloseIdleConnections()
	c := &http.Client{Transport: transport}
	if _, text, err := ask(t, c, s.URL, whole); err != nil || !strings.Contains(text, "hello world") {
		t.Fatalf("%q %v", text, err)
	}
	if got := e.Last().Proto; got != "HTTP/2.0" {
		t.Errorf("the protocol is %s", got)
	}
	if _, _, err := ask(t, client(t), s.URL, whole); err != nil || e.Last().Proto != "HTTP/1.1" {
		t.Errorf("HTTP/1.1: %s, %v", e.Last().Proto, err)
	}
	e.Set(fakellm.Script{Break: &fakellm.Break{How: fakellm.Reset, Where: fakellm.AfterEvents, N: 2}})
	_, text, err := ask(t, c, s.URL, stream)
	if err == nil || strings.Count(text, "\n\n") != 2 {
		t.Errorf("a stream that is reset: %q, %v", text, err)
	}
	if _, _, err := ask(t, c, s.URL, whole); err != nil || e.Dialled() != 2 {
		t.Errorf("the request after a stream that was reset: %v", err)
	}
	e.Set(fakellm.Script{Form: fakellm.Form{Trailer: map[string]string{"X-Sum": "1"}}})
	if res, _, err := ask(t, c, s.URL, whole); err != nil || res.Trailer.Get("X-Sum") != "1" {
		t.Errorf("trailers: %v, %v", res, err)
	}
}

// TestTLSReset sees that a reset under TLS has no farewell.
func TestTLSReset(t *testing.T) {
	a, err := authority.New()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := a.Issue("engine", "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	e := fakellm.New(fakellm.OpenAI, fakellm.Models("m"))
	s := fakellm.Start(e, fakellm.WithTLS(cert, nil))
	defer s.Close()
	for how, clean := range map[fakellm.How]bool{fakellm.Reset: false, fakellm.Close: true} {
		e.Set(fakellm.Script{Break: &fakellm.Break{How: how, Where: fakellm.AfterBytes, N: 5}})
		conn, err := tls.Dial("tcp", strings.TrimPrefix(s.URL, "https://"), &tls.Config{RootCAs: a.Pool()})
		if err != nil {
			t.Fatal(err)
		}
		if err := write(conn, whole); err != nil {
			t.Fatal(err)
		}
		_, err = io.ReadAll(conn)
		_ = conn.Close() // its farewell reaches nobody
		if clean != (err == nil) {
			t.Errorf("%s: the connection ended with %v", how, err)
		}
	}
}

// write sends a chat request on a connection.
func write(conn net.Conn, body string) error {
	r, err := http.NewRequest(http.MethodPost, "http://x/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	return r.Write(conn)
}

func TestConnections(t *testing.T) {
	e, s := start(t, fakellm.OpenAI)
	c := client(t)
	for range 3 {
		if _, _, err := ask(t, c, s.URL, whole); err != nil {
			t.Fatal(err)
		}
	}
	if e.Connections() != 1 || e.Dialled() != 1 {
		t.Errorf("%d connections are open, %d were made", e.Connections(), e.Dialled())
	}
	s.Close()
	if e.Connections() != 0 {
		t.Errorf("%d connections are open after the server's end", e.Connections())
	}
}

func TestConnectionClose(t *testing.T) {
	e, s := start(t, fakellm.OpenAI)
	e.Set(fakellm.Script{Form: fakellm.Form{CloseConnection: true}})
	c := client(t)
	for range 2 {
		res, _, err := ask(t, c, s.URL, whole)
		if err != nil || !res.Close {
			t.Fatalf("%v, %v", res, err)
		}
	}
	if e.Dialled() != 2 {
		t.Errorf("%d connections were made", e.Dialled())
	}
}

// TestRequestsPerConnection sees that a connection ends after so many requests
// without a word about it.
func TestRequestsPerConnection(t *testing.T) {
	e, s := start(t, fakellm.OpenAI)
	e.Set(fakellm.Script{Form: fakellm.Form{RequestsPerConnection: 2}})
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer shut(t, conn)
	r := bufio.NewReader(conn)
	for i := range 2 {
		if err := write(conn, whole); err != nil {
			t.Fatal(err)
		}
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatalf("answer %d: %v", i, err)
		}
		if _, err := io.Copy(io.Discard, res.Body); err != nil || res.Close {
			t.Errorf("answer %d: %v, close is %v", i, err, res.Close)
		}
	}
	if _, err := r.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("after two answers the connection says %v", err)
	}
}

// TestClose sees that closing the server ends requests that hang, which are not
// taken for ones whose clients left.
func TestClose(t *testing.T) {
	e, s := start(t, fakellm.OpenAI)
	e.Set(fakellm.Script{Break: &fakellm.Break{How: fakellm.Hang, Where: fakellm.BeforeHeader}})
	var clients sync.WaitGroup
	for range 3 {
		clients.Go(func() {
			if _, _, err := ask(t, client(t), s.URL, whole); err == nil {
				t.Error("a request that hangs was answered")
			}
		})
	}
	q, err := e.WaitRequest(within(t), 3)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	<-q.Over()
	select {
	case <-q.Gone():
		t.Error("the client is said to have left")
	default:
	}
	clients.Wait()
	s.Close() // closing twice is fine
}

func TestListen(t *testing.T) {
	e := fakellm.New(fakellm.TEI)
	s, err := fakellm.Listen(t.Context(), e, fakellm.At("127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := fakellm.Listen(t.Context(), e, fakellm.At(strings.TrimPrefix(s.URL, "http://"))); err == nil {
		t.Error("two servers listen on one address")
	}
}

// TestConcurrent changes scripts while requests are served.
func TestConcurrent(t *testing.T) {
	e, s := start(t, fakellm.OpenAI)
	c := client(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 10 {
				res, _, err := ask(t, c, s.URL, stream)
				if err != nil || res.StatusCode != http.StatusOK && res.StatusCode != http.StatusServiceUnavailable {
					t.Errorf("%v, %v", res, err)
				}
				e.Set(fakellm.Script{Say: fakellm.Says{Text: "x"}})
				e.Queue(fakellm.Refused(503, fakellm.Own))
				e.Requests()
				e.Set(fakellm.Script{})
			}
		})
	}
	all.Wait()
	if e.Count() != 80 || e.Running() > 8 {
		t.Errorf("%d requests, %d running", e.Count(), e.Running())
	}
}
