package fakellm_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-ai/gatehouse/fakellm"
)

// patience is how long a test waits for what must happen at once.
const patience = 20 * time.Second

// start serves an engine of a dialect with the model m until the test ends.
func start(t *testing.T, d fakellm.Dialect, options ...fakellm.Option) (*fakellm.Engine, *fakellm.Server) {
	t.Helper()
	e := fakellm.New(d, append([]fakellm.Option{fakellm.Models("m"), fakellm.Dimensions(4)}, options...)...)
	s := fakellm.Start(e)
	t.Cleanup(s.Close)
	return e, s
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// client returns a client that keeps no connection beyond the test and asks
// for no compression.
func client(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// shut closes what a test has read to its end.
func shut(t *testing.T, c io.Closer) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Errorf("closing: %v", err)
	}
}

const (
	whole  = `{"model":"m","messages":[{"role":"user","content":"hello world"}]}`
	stream = `{"model":"m","stream":true,"messages":[{"role":"user","content":"hello world"}]}`
	counts = `{"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hello world"}]}`
)

// send posts JSON to a chat.
func send(t *testing.T, c *http.Client, url, body string) (*http.Response, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(within(t), http.MethodPost, url+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	return c.Do(r)
}

// ask posts JSON to a chat and reads the answer, with the error that ends it.
func ask(t *testing.T, c *http.Client, url, body string) (*http.Response, string, error) {
	t.Helper()
	res, err := send(t, c, url, body)
	if err != nil {
		return nil, "", err
	}
	defer shut(t, res.Body)
	b, err := io.ReadAll(res.Body)
	return res, string(b), err
}

// events reads server-sent events: the data of each, by the standard's rules.
func events(t *testing.T, r io.Reader) []string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(b))
	var out, data []string
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if v, ok := strings.CutPrefix(line, "data:"); ok {
			data = append(data, strings.TrimPrefix(v, " "))
		}
		if line == "" && data != nil {
			out = append(out, strings.Join(data, "\n"))
			data = nil
		}
	}
	return out
}

// next reads one event with LF line ends.
func next(t *testing.T, r *bufio.Reader) string {
	t.Helper()
	var b bytes.Buffer
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatalf("after %q: %v", b.String(), err)
		}
		if line == "\n" {
			return b.String()
		}
		b.WriteString(line)
	}
}
