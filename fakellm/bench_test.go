package fakellm_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/fakellm"
)

// discard is a response writer that keeps nothing.
type discard struct{ *httptest.ResponseRecorder }

func (discard) Write(p []byte) (int, error)       { return len(p), nil }
func (discard) WriteString(s string) (int, error) { return len(s), nil }
func (discard) Flush()                            {}

// BenchmarkChat answers chats without a socket: what the engine itself costs.
func BenchmarkChat(b *testing.B) {
	for name, body := range map[string]string{
		"whole":           whole,
		"stream":          stream,
		"stream of 1000":  strings.Replace(stream, "{", `{"min_tokens":1000,`, 1),
		"whole of 10 KiB": strings.Replace(whole, "hello", strings.Repeat("hello ", 1700), 1),
	} {
		b.Run(name, func(b *testing.B) {
			e := fakellm.New(fakellm.OpenAI, fakellm.Models("m"), fakellm.Keep(0))
			b.ReportAllocs()
			for b.Loop() {
				w := discard{httptest.NewRecorder()}
				e.ServeHTTP(w, chat("/v1/chat/completions", body))
				if w.Code != 200 {
					b.Fatal(w.Code)
				}
			}
		})
	}
}

// BenchmarkEmbeddings makes a vector of the usual size.
func BenchmarkEmbeddings(b *testing.B) {
	e := fakellm.New(fakellm.OpenAI, fakellm.Models("m"), fakellm.Keep(0))
	b.ReportAllocs()
	for b.Loop() {
		w := discard{httptest.NewRecorder()}
		e.ServeHTTP(w, chat("/v1/embeddings", `{"model":"m","input":"hello","encoding_format":"base64"}`))
	}
}

// BenchmarkSocket answers over real connections, with a client in the same process.
func BenchmarkSocket(b *testing.B) {
	e := fakellm.New(fakellm.OpenAI, fakellm.Models("m"), fakellm.Keep(0))
	s := fakellm.Start(e)
	defer s.Close()
	b.RunParallel(func(pb *testing.PB) {
		t := &http.Transport{}
		defer t.CloseIdleConnections()
		for pb.Next() {
			r, err := http.NewRequest(http.MethodPost, s.URL+"/v1/chat/completions", strings.NewReader(whole))
			if err != nil {
				b.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/json")
			res, err := t.RoundTrip(r)
			if err != nil {
				b.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
		}
	})
}
