package relaying_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/telemetry"
)

// padded is a chat of exactly n bytes.
func padded(n int) string {
	body := named("m")
	return strings.Repeat(" ", n-len(body)) + body
}

// A body that is larger than the limit of its class is refused, whether its
// length was announced or not; one that is exactly as large is served.
func TestBodiesAreBounded(t *testing.T) {
	g, e := single(t, fakellm.OpenAI, "limits: {json_body: 10KiB, upload_body: 3MiB, memory: 64MiB}\n")
	const most, mostUpload = 10 << 10, 3 << 20
	for n, fits := range map[int]bool{most - 1: true, most: true, most + 1: false, most * 2: false, 5 << 20: false} {
		for how, r := range bodies([]byte(padded(n))) {
			before := e.Count()
			resp := do(t, g, http.MethodPost, "/v1/chat/completions", r, asJSON)
			wantBounded(t, fmt.Sprintf("JSON of %d bytes, %s", n, how), resp, fits, strconv.Itoa(most))
			if got := e.Count() - before; got != map[bool]int{true: 1}[fits] {
				t.Errorf("JSON of %d bytes, %s: the engine got %d requests", n, how, got)
			}
		}
	}
	bare, _ := form(t, field{"model", "m"}, upload{"file", "a.wav", nil})
	for n, fits := range map[int]bool{mostUpload - 1: true, mostUpload: true, mostUpload + 1: false, 2 * mostUpload: false} {
		file := upload{"file", "a.wav", noise(n - len(bare))}
		for order, parts := range map[string][]part{"model first": {field{"model", "m"}, file}, "model last": {file, field{"model", "m"}}} {
			body, contentType := form(t, parts...)
			if len(body) != n {
				t.Fatalf("a form of %d bytes instead of %d", len(body), n)
			}
			for how, r := range bodies(body) {
				what := fmt.Sprintf("a form of %d bytes, %s, %s", n, order, how)
				before := e.Count()
				wantBounded(t, what, do(t, g, http.MethodPost, "/v1/audio/transcriptions", r, multipartOf(contentType)), fits, strconv.Itoa(mostUpload))
				for _, q := range e.Requests()[before:] {
					if <-q.Over(); !fits && (q.Status() != 0 || q.Size() >= int64(n)) {
						t.Errorf("%s: the engine got %d bytes of it and answered %d", what, q.Size(), q.Status())
					}
				}
			}
		}
	}
}

func wantBounded(t *testing.T, what string, r reply, fits bool, limit string) {
	t.Helper()
	if fits {
		if r.Status != 200 {
			t.Errorf("%s: status %d %s", what, r.Status, r.Body)
		}
		return
	}
	refused(t, what, r, 413, "", "")
	if p := r.problem(t); p.Type != "invalid_request_error" || !strings.Contains(p.Message, limit) || r.Header.Get("X-Should-Retry") != "false" {
		t.Errorf("%s: %+v %v", what, p, r.Header)
	}
}

// All bodies in flight together are bounded: who finds no room is told when to
// come back, and there is room again when the others are done.
func TestMemoryIsBounded(t *testing.T) {
	g, e := single(t, fakellm.OpenAI, "limits: {json_body: 1MiB, memory: 1536KiB}\n")
	gate := fakellm.NewGate()
	e.Queue(fakellm.Script{Wait: fakellm.Wait{Gate: gate}})
	holds := dial(t, g, http.MethodPost, "/v1/chat/completions", padded(1<<20), asJSON)
	if err := gate.Reached(within(t), 0); err != nil {
		t.Fatal(err)
	}
	large := padded(600 << 10)
	upload, contentType := form(t, field{"model", "m"}, upload{"file", "a.wav", noise(100)})
	for how, r := range bodies([]byte(large)) {
		wantBusy(t, "JSON "+how, do(t, g, http.MethodPost, "/v1/chat/completions", r, asJSON))
	}
	for how, r := range bodies(upload) {
		wantBusy(t, "a form "+how, do(t, g, http.MethodPost, "/v1/audio/transcriptions", r, multipartOf(contentType)))
	}
	if e.Count() != 1 {
		t.Errorf("the engine got %d requests", e.Count())
	}
	ok(t, post(t, g, "/chat/completions", padded(100<<10))) // a small one fits
	gate.Open()
	if r := holds.whole(http.MethodPost); r.Status != 200 {
		t.Errorf("the one that held the memory got %d %s", r.Status, r.Body)
	}
	g.Record() // four refused ones, a small one, the large one: all have given back what they held
	for range 5 {
		g.Record()
	}
	for how, r := range bodies([]byte(large)) {
		if r := do(t, g, http.MethodPost, "/v1/chat/completions", r, asJSON); r.Status != 200 {
			t.Errorf("JSON %s, afterwards: %d %s", how, r.Status, r.Body)
		}
	}
	ok(t, do(t, g, http.MethodPost, "/v1/audio/transcriptions", bytes.NewReader(upload), multipartOf(contentType)))
}

func wantBusy(t *testing.T, what string, r reply) {
	t.Helper()
	refused(t, what, r, 503, "service_unavailable", "")
	if r.Header.Get("Retry-After") != "1" || r.Header.Get("Retry-After-Ms") != "1000" || r.Header.Get("X-Should-Retry") == "false" || r.Header.Get("X-Gatehouse-Error-Source") != "gateway" {
		t.Errorf("%s: %v", what, r.Header)
	}
}

// Nothing that a request held stays held, however it ended.
func TestMemoryIsGivenBack(t *testing.T) {
	g, _ := single(t, fakellm.OpenAI, "limits: {json_body: 1MiB, upload_body: 2MiB, memory: 4MiB}\n")
	file := upload{"file", "a.wav", noise(3 << 20)}
	last, contentType := form(t, file, field{"model", "m"})
	first, _ := form(t, field{"model", "m"}, file)
	for range 3 {
		for _, c := range []struct {
			path   string
			body   []byte
			head   fields
			status int
		}{
			{"/v1/chat/completions", []byte(padded(1 << 20)), asJSON, 200},
			{"/v1/chat/completions", bytes.Repeat([]byte("x"), 1<<20), asJSON, 400},
			{"/v1/chat/completions", bytes.Repeat([]byte("x"), 1<<21), asJSON, 413},
			{"/v1/chat/completions", []byte(strings.Replace(padded(1<<20), `"m"`, `"x"`, 1)), asJSON, 404},
			{"/v1/audio/transcriptions", last, multipartOf(contentType), 413},
			{"/v1/audio/transcriptions", first, multipartOf(contentType), 413},
			{"/v1/audio/transcriptions", first[:1<<20], multipartOf(contentType), 400},
		} {
			for how, r := range bodies(c.body) {
				if resp := do(t, g, http.MethodPost, c.path, r, c.head); resp.Status != c.status {
					t.Fatalf("%s of %d bytes, %s: %d %s", c.path, len(c.body), how, resp.Status, resp.Body)
				}
				g.Record()
			}
		}
	}
	req, err := http.NewRequestWithContext(within(t), http.MethodGet, g.Admin+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || !strings.Contains(string(b), "\n"+telemetry.MemoryInFlight+" 0\n") {
		t.Errorf("%v: the metrics do not say that nothing is held: %s", err, b)
	}
}
