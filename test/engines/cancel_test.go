package engines_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// cancelled asks for an answer that goes on until the context is full, reads
// its first event and leaves. The engine itself says when it has stopped and
// how far it had come.
func cancelled(t *testing.T, x, engine target) {
	before := engine.metric(t, "llamacpp:n_decode_total")
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	resp := x.post(ctx, t, "/chat/completions", endless(x.model))
	readUntil(t, resp.Body, "Hello")
	leave()

	wait, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	until(t, wait, "the engine is idle", func() bool { return engine.metric(t, "llamacpp:requests_processing") == 0 })
	if n := engine.metric(t, "llamacpp:n_decode_total") - before; n > contextLength/2 {
		t.Errorf("the engine worked out %g tokens for a client that left after the first, of %d that would have filled it", n, contextLength)
	}
}

// endless asks for an answer that goes on until the context is full.
func endless(model string) string {
	return `{"model":"` + model + `","temperature":0,"stream":true,"ignore_eos":true,"messages":[{"role":"user","content":"` + question + `"}]}`
}

// readUntil reads lines until one has a text in it.
func readUntil(t *testing.T, r io.Reader, text string) {
	t.Helper()
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if strings.Contains(lines.Text(), text) {
			return
		}
	}
	t.Fatalf("the stream ended without %q (%v)", text, lines.Err())
}

// metric returns one of the engine's metrics.
func (x target) metric(t *testing.T, name string) float64 {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.TrimSuffix(x.url, "/v1")+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+x.key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("the engine has no metric %s:\n%s", name, text)
	return 0
}
