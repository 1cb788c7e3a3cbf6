package relaying_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/gwtest"
)

// patience bounds how long a test waits for what must happen at once.
const patience = 20 * time.Second

// TestMain checks that no goroutine is left when all gateways and engines are
// closed.
func TestMain(m *testing.M) {
	code := m.Run()
	http.DefaultClient.CloseIdleConnections()
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, "goroutines are left after all tests:", err)
		code = 1
	}
	os.Exit(code)
}

// within returns a context that ends before the test runner loses patience.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// engine starts an engine and returns the line of the configuration that makes
// it an endpoint. There are no active checks, so that an engine sees the
// requests of the test alone. more is further members of that line.
func engine(t *testing.T, name string, d fakellm.Dialect, more string, options ...fakellm.Option) (*fakellm.Engine, string) {
	t.Helper()
	e := fakellm.New(d, options...)
	s := fakellm.Start(e)
	t.Cleanup(s.Close)
	return e, endpoint(name, s.URL, d, more)
}

func endpoint(name, url string, d fakellm.Dialect, more string) string {
	if d == fakellm.OpenAI {
		url += "/v1"
	}
	return fmt.Sprintf("  - {name: %s, url: %q, dialect: %s, health: {interval: 0s}%s}\n", name, url, d, more)
}

// single is a gateway whose model m is served by one engine, under the same
// name; the engine calls the model renamed "up". top is further configuration.
func single(t *testing.T, d fakellm.Dialect, top string, options ...fakellm.Option) (*gwtest.Gateway, *fakellm.Engine) {
	t.Helper()
	e, line := engine(t, "e", d, "", options...)
	return gwtest.Start(t, "endpoints:\n"+line+
		"models:\n  - {name: m, endpoints: [e]}\n  - {name: renamed, endpoints: [{name: e, model: up}]}\n"+top), e
}

// reply is what a client got.
type reply struct {
	Status int
	Header http.Header
	Body   []byte
}

// fields are header fields, name and value in turn.
type fields []string

// asJSON are the fields of an ordinary request.
var asJSON = fields{"Authorization", "Bearer " + gwtest.Key, "Content-Type", "application/json"}

// do sends a request to a path of the gateway, levels included.
func do(t *testing.T, g *gwtest.Gateway, method, path string, body io.Reader, head fields) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(within(t), method, g.Root+path, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(head); i += 2 {
		req.Header.Add(head[i], head[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("reading the answer to %s %s: %v", method, path, err)
	}
	return reply{resp.StatusCode, resp.Header, b}
}

// post sends a JSON body to a path below /v1.
func post(t *testing.T, g *gwtest.Gateway, path, body string) reply {
	t.Helper()
	return do(t, g, http.MethodPost, "/v1"+path, strings.NewReader(body), asJSON)
}

// get asks for a path below /v1 with a key.
func get(t *testing.T, g *gwtest.Gateway, path, key string) reply {
	t.Helper()
	return do(t, g, http.MethodGet, "/v1"+path, nil, fields{"Authorization", "Bearer " + key})
}

// ok is what a successful answer to post says.
func ok(t *testing.T, r reply) reply {
	t.Helper()
	if r.Status != http.StatusOK {
		t.Fatalf("status %d: %s", r.Status, r.Body)
	}
	return r
}

// problem is an error as OpenAI's clients read it.
type problem struct {
	Message, Type, Param, Code string
}

// problem reads the error envelope, which must have exactly its four keys.
func (r reply) problem(t *testing.T) problem {
	t.Helper()
	var outer map[string]map[string]*string
	if err := json.Unmarshal(r.Body, &outer); err != nil || len(outer) != 1 || len(outer["error"]) != 4 {
		t.Errorf("want one envelope with four keys, got %q", r.Body)
		return problem{}
	}
	text := func(key string) string {
		if p := outer["error"][key]; p != nil {
			return *p
		}
		return ""
	}
	return problem{text("message"), text("type"), text("param"), text("code")}
}

// refused checks that an answer is an error of the gateway for the client.
func refused(t *testing.T, what string, r reply, status int, code, param string) {
	t.Helper()
	if p := r.problem(t); r.Status != status || p.Code != code || p.Param != param || p.Message == "" {
		t.Errorf("%s: got %d %+v, want %d %q %q", what, r.Status, p, status, code, param)
	}
}

// model reads the member model of a JSON body.
func model(t *testing.T, body []byte) string {
	t.Helper()
	var v struct{ Model string }
	if err := json.Unmarshal(body, &v); err != nil {
		t.Errorf("%v: %q", err, body)
	}
	return v.Model
}
