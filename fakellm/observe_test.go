package fakellm_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/fakellm"
)

func request(t *testing.T, url, body string) (*http.Request, context.CancelFunc) {
	t.Helper()
	ctx, cancel := context.WithCancel(within(t))
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	return r, cancel
}

func TestRequest(t *testing.T) {
	e, s := start(t, fakellm.OpenAI)
	body := "{ \"model\" : \"m\",\r\n \"messages\":[{\"role\":\"user\",\"content\":\"\\u0068i\"}] }"
	r, cancel := request(t, s.URL, body)
	defer cancel()
	r.URL.RawQuery = "a=%20b"
	r.Header.Set("X-Odd", "yes")
	r.Trailer = http.Header{"X-End": nil}
	r.ContentLength = -1
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(strings.NewReader(body), trailing(r)), io.NopCloser(nil)}
	res, err := client(t).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	shut(t, res.Body)
	q := e.Last()
	<-q.Over()
	got := map[string]string{
		"method": q.Method, "path": q.Path, "uri": q.URI, "proto": q.Proto, "odd": q.Header.Get("x-odd"),
		"body": string(q.Body()), "end": q.Trailer().Get("X-End"), "host": q.Host,
	}
	want := map[string]string{
		"method": "POST", "path": "/v1/chat/completions", "uri": "/v1/chat/completions?a=%20b", "proto": "HTTP/1.1",
		"odd": "yes", "body": body, "end": "7", "host": strings.TrimPrefix(s.URL, "http://"),
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	if events, tokens, n := q.Delivered(); q.Status() != 200 || events != 1 || tokens != 3 || n < 100 || q.Size() != int64(len(body)) {
		t.Errorf("status %d, %d events, %d tokens, %d bytes, a body of %d", q.Status(), events, tokens, n, q.Size())
	}
}

// trailing sets the trailer of r when it is read.
func trailing(r *http.Request) io.Reader {
	return readerFunc(func([]byte) (int, error) {
		r.Trailer.Set("X-End", "7")
		return 0, io.EOF
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestKeep(t *testing.T) {
	e, s := start(t, fakellm.OpenAI, fakellm.Keep(2), fakellm.MaxBody(10))
	for _, text := range []string{"one", "two", "three"} {
		if _, _, err := ask(t, client(t), s.URL, strings.Replace(whole, "hello", text, 1)); err != nil {
			t.Fatal(err)
		}
	}
	list := e.Requests()
	if e.Count() != 3 || len(list) != 2 {
		t.Fatalf("%d requests came, %d are kept", e.Count(), len(list))
	}
	sent := []byte(strings.Replace(whole, "hello", "three", 1))
	if q := list[1]; !bytes.Equal(q.Body(), sent[:10]) || q.Size() != int64(len(sent)) || q.Sum256() != sha256.Sum256(sent) {
		t.Errorf("kept: %q of %d", q.Body(), q.Size())
	}
	if q := list[0]; q.Sum256() != sha256.Sum256([]byte(strings.Replace(whole, "hello", "two", 1))) {
		t.Error("the request before has another sum")
	}
	if q, err := e.WaitRequest(within(t), 3); err != nil || q != list[1] {
		t.Errorf("the third request is %v (%v)", q, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.WaitRequest(ctx, 4); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting for a fourth request: %v", err)
	}
}

// TestUpload sees that a request is there before its body has come.
func TestUpload(t *testing.T) {
	e, s := start(t, fakellm.OpenAI)
	r, cancel := request(t, s.URL, "")
	defer cancel()
	pipe, w := io.Pipe()
	r.Body, r.ContentLength = pipe, -1
	answered := make(chan string, 1)
	go func() {
		res, err := client(t).Do(r)
		if err != nil {
			answered <- err.Error()
			return
		}
		defer shut(t, res.Body)
		answered <- res.Status
	}()
	if _, err := io.WriteString(w, whole[:5]); err != nil {
		t.Fatal(err)
	}
	q, err := e.WaitRequest(within(t), 1)
	if err != nil {
		t.Fatal(err)
	}
	if q.Status() != 0 || e.Running() != 1 {
		t.Errorf("status %d while %d requests run", q.Status(), e.Running())
	}
	if _, err := io.WriteString(w, whole[5:]); err != nil {
		t.Fatal(err)
	}
	shut(t, w)
	if got := <-answered; got != "200 OK" {
		t.Errorf("answered: %s", got)
	}
	if string(q.Body()) != whole {
		t.Errorf("the body is %q", q.Body())
	}
}

// TestGate sees that the client has event n before the engine sends n+1.
func TestGate(t *testing.T) {
	e, s := start(t, fakellm.OpenAI)
	gate := fakellm.NewGate()
	e.Set(fakellm.Script{Wait: fakellm.Wait{Gate: gate}})
	res, err := send(t, client(t), s.URL, stream)
	if err != nil {
		t.Fatal(err)
	}
	defer shut(t, res.Body)
	r := bufio.NewReader(res.Body)
	q := e.Last()
	for i := range 3 {
		if err := gate.Reached(within(t), i); err != nil {
			t.Fatal(err)
		}
		if n, _, _ := q.Delivered(); n != i {
			t.Errorf("%d events are delivered, want %d", n, i)
		}
		gate.Step(1)
		next(t, r)
	}
	gate.Open()
	if rest := events(t, r); len(rest) != 4 || rest[3] != "[DONE]" {
		t.Errorf("the rest is %q", rest)
	}
	<-q.Over()
	if n, tokens, _ := q.Delivered(); n != 7 || tokens != 4 {
		t.Errorf("%d events and %d tokens are delivered", n, tokens)
	}
	select {
	case <-q.Gone():
		t.Error("the client is said to have left")
	default:
	}
}

func TestCancelled(t *testing.T) {
	for _, d := range []struct {
		dialect fakellm.Dialect
		path    string
	}{{fakellm.OpenAI, "/v1/chat/completions"}, {fakellm.Ollama, "/api/chat"}, {fakellm.Anthropic, "/v1/messages"}} {
		t.Run(string(d.dialect), func(t *testing.T) {
			e, s := start(t, d.dialect)
			gate := fakellm.NewGate()
			e.Set(fakellm.Script{Wait: fakellm.Wait{Gate: gate}})
			gate.Step(2)
			r, cancel := request(t, s.URL, strings.Replace(stream, `{"model"`, `{"max_tokens":9,"model"`, 1))
			r.URL.Path = d.path
			r.Header.Set("Anthropic-Version", "2023-06-01")
			res, err := client(t).Do(r)
			if err != nil || res.StatusCode != http.StatusOK {
				t.Fatalf("%v %v", res, err)
			}
			if err := gate.Reached(within(t), 2); err != nil {
				t.Fatal(err)
			}
			cancel()
			shut(t, res.Body)
			q, err := e.WaitCancelled(within(t))
			if err != nil {
				t.Fatal(err)
			}
			<-q.Gone()
			<-q.Over()
			if n, _, _ := q.Delivered(); n != 2 || e.Running() != 0 {
				t.Errorf("%d events were delivered, %d requests run", n, e.Running())
			}
			ctx, stop := context.WithCancel(t.Context())
			stop()
			if _, err := e.WaitCancelled(ctx); err == nil {
				t.Error("the request is returned twice")
			}
		})
	}
}

func TestOperated(t *testing.T) {
	e, s := start(t, fakellm.Ollama, fakellm.Key("secret"))
	if len(e.Operated()) != 0 {
		t.Fatalf("a new engine says %v", e.Operated())
	}
	for _, path := range []string{"/api/pull", "/v1/load_lora_adapter", "/sleep", "/wake_up", "/collective_rpc", "/sleep"} {
		res, err := client(t).Post(s.URL+path, "application/json", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		shut(t, res.Body)
		if res.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
	want := map[string]int{"/api/pull": 1, "/v1/load_lora_adapter": 1, "/sleep": 2, "/wake_up": 1, "/collective_rpc": 1}
	if d := cmp.Diff(want, e.Operated()); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

func TestKey(t *testing.T) {
	for _, k := range []struct {
		dialect      fakellm.Dialect
		path, health string
		header       []string
		status       int
		want         string
	}{
		{fakellm.OpenAI, "/v1/chat/completions", "/health", []string{"Authorization", "Bearer secret"}, 401, `{"error":"Unauthorized"}`},
		{fakellm.Ollama, "/api/chat", "/", []string{"Authorization", "bearer secret"}, 401, `{"error":"unauthorized"}`},
		{fakellm.Anthropic, "/v1/messages", "", []string{"X-Api-Key", "secret"}, 401, `"type":"authentication_error","message":"invalid x-api-key"`},
		{fakellm.Anthropic, "/v1/messages", "", []string{"Authorization", "Bearer secret"}, 401, `"authentication_error"`},
		{fakellm.TEI, "/embed", "/health", []string{"Authorization", "Bearer secret"}, 401, ""},
	} {
		_, s := start(t, k.dialect, fakellm.Key("secret"))
		post := func(header ...string) (int, string) {
			r, cancel := request(t, s.URL, `{"model":"m","max_tokens":5,"inputs":"x","messages":[{"role":"user","content":"x"}]}`)
			defer cancel()
			r.URL.Path = k.path
			r.Header.Set("Anthropic-Version", "2023-06-01")
			if header != nil {
				r.Header.Set(header[0], header[1])
			}
			res, err := client(t).Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer shut(t, res.Body)
			b, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			return res.StatusCode, string(b)
		}
		for _, header := range [][]string{nil, {k.header[0], strings.Replace(k.header[1], "secret", "guess", 1)}, {k.header[0], "secret secret"}} {
			if status, body := post(header...); status != k.status || !strings.Contains(body, k.want) {
				t.Errorf("%s with %v: %d %s", k.dialect, header, status, body)
			}
		}
		if status, body := post(k.header...); status != 200 {
			t.Errorf("%s with the key: %d %s", k.dialect, status, body)
		}
		if k.health == "" {
			continue
		}
		res, err := client(t).Get(s.URL + k.health)
		if err != nil {
			t.Fatal(err)
		}
		shut(t, res.Body)
		if res.StatusCode != http.StatusOK {
			t.Errorf("%s is refused to those without a key: %d", k.health, res.StatusCode)
		}
	}
}
