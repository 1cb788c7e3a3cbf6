package operating_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/fakellm/authority"
	"github.com/gatehouse-ai/gatehouse/gwtest"
)

// patience bounds every wait. It is only ever used up by a test that fails.
const patience = 30 * time.Second

// within returns a context that ends with the patience or the test.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// until waits until a condition holds, for what nobody signals.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx := within(t)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited %s in vain: %s", patience, what)
		case <-tick.C:
		}
	}
}

// engine runs a simulated engine that speaks OpenAI's protocol and has the
// model m.
func engine(t *testing.T, options ...fakellm.ServerOption) (*fakellm.Engine, string) {
	t.Helper()
	e := fakellm.New(fakellm.OpenAI, fakellm.Models("m"))
	s := fakellm.Start(e, options...)
	t.Cleanup(s.Close)
	return e, s.URL + "/v1"
}

// only is the configuration of a gateway with one endpoint, e, which serves the
// model m; more is put into the endpoint's mapping. There are no active checks
// and no retries, so that an engine sees what a test sends and nothing else.
func only(url, more string) string {
	return fmt.Sprintf("endpoints:\n  - {name: e, url: %q, health: {interval: 0s}%s}\nmodels: [{name: m, endpoints: [e]}]\nretries: {attempts: 1}\n", url, more)
}

// asks are bodies of requests.
const (
	ask       = `{"model":"m","messages":[{"role":"user","content":"hello"}]}`
	askStream = `{"model":"m","stream":true,"messages":[{"role":"user","content":"hello"}]}`
)

// answer is a whole response.
type answer struct {
	status  int
	proto   string
	header  http.Header
	trailer http.Header
	body    string
}

// content is what the model said.
func (a answer) content(t *testing.T) string {
	t.Helper()
	var body struct {
		Choices []struct{ Message struct{ Content string } }
	}
	if err := json.Unmarshal([]byte(a.body), &body); err != nil || len(body.Choices) != 1 {
		t.Fatalf("status %d and no completion: %v\n%s", a.status, err, a.body)
	}
	return body.Choices[0].Message.Content
}

// envelope is the error object of an answer.
type envelope struct{ Message, Type, Code string }

func (a answer) envelope(t *testing.T) envelope {
	t.Helper()
	return parseEnvelope(t, a.body)
}

func parseEnvelope(t *testing.T, body string) envelope {
	t.Helper()
	var keys struct{ Error map[string]any }
	if err := json.Unmarshal([]byte(body), &keys); err != nil {
		t.Fatalf("no error envelope: %v\n%s", err, body)
	}
	for _, key := range []string{"message", "type", "param", "code"} {
		if _, ok := keys.Error[key]; !ok {
			t.Errorf("the envelope has no key %q: %s", key, body)
		}
	}
	text := func(key string) string { s, _ := keys.Error[key].(string); return s }
	return envelope{text("message"), text("type"), text("code")}
}

// request makes a request for a chat completion.
func request(ctx context.Context, t *testing.T, base, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/chat/completions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+gwtest.Key)
	req.Header.Set("Content-Type", "application/json")
	return req
}

// do sends a request and reads its answer.
func do(t *testing.T, c *http.Client, req *http.Request) answer {
	t.Helper()
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return read(t, resp)
}

func read(t *testing.T, resp *http.Response) answer {
	t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("status %d, after %d bytes of the body: %v", resp.StatusCode, len(body), err)
	}
	return answer{status: resp.StatusCode, proto: resp.Proto, header: resp.Header, trailer: resp.Trailer, body: string(body)}
}

// chat asks a gateway over plain HTTP.
func chat(t *testing.T, g *gwtest.Gateway, body string) answer {
	t.Helper()
	return read(t, g.Post(within(t), "/chat/completions", body))
}

// get fetches a URL with a connection of its own.
func get(t *testing.T, url string) answer {
	t.Helper()
	a, err := tryGet(within(t), url)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func tryGet(ctx context.Context, url string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return answer{}, err
	}
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := c.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return answer{status: resp.StatusCode, header: resp.Header, body: string(body)}, err
}

// stream is a streamed answer that is read event by event.
type stream struct {
	t    *testing.T
	resp *http.Response
	in   *bufio.Reader
}

// openStream sends a request and returns its answer, whose header must be that
// of a stream.
func openStream(t *testing.T, c *http.Client, req *http.Request) *stream {
	t.Helper()
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return newStream(t, resp)
}

func newStream(t *testing.T, resp *http.Response) *stream {
	t.Helper()
	t.Cleanup(func() { _ = resp.Body.Close() })
	if resp.StatusCode != 200 || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		body, _ := io.ReadAll(resp.Body)
		t.Fatalf("wanted a stream, got status %d: %s", resp.StatusCode, body)
	}
	return &stream{t: t, resp: resp, in: bufio.NewReader(resp.Body)}
}

// next returns the data of the next event, or the error that ended the stream.
func (s *stream) next() (string, error) {
	for {
		line, err := s.in.ReadString('\n')
		if err != nil {
			return "", err
		}
		if data, ok := strings.CutPrefix(strings.TrimSpace(line), "data: "); ok {
			return data, nil
		}
	}
}

// event returns the data of the next event, which there must be.
func (s *stream) event() string {
	s.t.Helper()
	data, err := s.next()
	if err != nil {
		s.t.Fatalf("the stream ended: %v", err)
	}
	return data
}

// rest returns the data of all events to come, and how the stream ended: nil
// is the proper end of the body.
func (s *stream) rest() (events []string, err error) {
	for {
		data, err := s.next()
		if errors.Is(err, io.EOF) {
			return events, nil
		}
		if err != nil {
			return events, err
		}
		events = append(events, data)
	}
}

// said joins what the chunks of a stream say.
func said(t *testing.T, events []string) string {
	t.Helper()
	var b strings.Builder
	for _, data := range events {
		if data == "[DONE]" {
			continue
		}
		var chunk struct {
			Choices []struct{ Delta struct{ Content string } }
		}
		if err := json.Unmarshal([]byte(data), &chunk); err != nil {
			t.Fatalf("no chunk: %v\n%s", err, data)
		}
		for _, c := range chunk.Choices {
			b.WriteString(c.Delta.Content)
		}
	}
	return b.String()
}

// wantWhole reads a stream to its end, which must be the proper one, and
// returns what was said from here on.
func (s *stream) wantWhole() string {
	s.t.Helper()
	events, err := s.rest()
	if err != nil || len(events) == 0 || events[len(events)-1] != "[DONE]" {
		s.t.Fatalf("the stream did not end with [DONE]: %q, %v", events, err)
	}
	return said(s.t, events)
}

// metrics returns the gateway's own series with their values.
func metrics(t *testing.T, admin string) map[string]float64 {
	t.Helper()
	a := get(t, admin+"/metrics")
	if a.status != 200 {
		t.Fatalf("/metrics has status %d: %s", a.status, a.body)
	}
	out := map[string]float64{}
	for line := range strings.Lines(a.body) {
		if !strings.HasPrefix(line, "gatehouse_") {
			continue
		}
		i := strings.LastIndexByte(line, ' ')
		v, err := strconv.ParseFloat(strings.TrimSpace(line[i+1:]), 64)
		if err != nil {
			t.Fatalf("the line %q has no value: %v", line, err)
		}
		out[line[:i]] = v
	}
	return out
}

// pki is a certificate authority that writes files.
type pki struct {
	*authority.Authority
	t   *testing.T
	dir string
}

func newPKI(t *testing.T) *pki {
	t.Helper()
	a, err := authority.New()
	if err != nil {
		t.Fatal(err)
	}
	p := &pki{Authority: a, t: t, dir: t.TempDir()}
	p.write("ca.crt", a.PEM())
	return p
}

// path returns the path of a file of the authority.
func (p *pki) path(name string) string { return filepath.Join(p.dir, name) }

// write replaces a file at once.
func (p *pki) write(name string, data []byte) {
	p.t.Helper()
	replace(p.t, p.path(name), data)
}

func replace(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path+".new", data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// issue writes NAME.crt and NAME.key for a certificate whose common name is
// called.
func (p *pki) issue(name, called string) {
	p.t.Helper()
	c, err := p.Issue(called, "127.0.0.1", "localhost")
	if err != nil {
		p.t.Fatal(err)
	}
	cert, key, err := authority.PEM(c)
	if err != nil {
		p.t.Fatal(err)
	}
	p.write(name+".key", key)
	p.write(name+".crt", cert)
}
