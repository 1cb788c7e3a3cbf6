package load_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gatehouse-ai/gatehouse/bench/exam"
	"github.com/gatehouse-ai/gatehouse/bench/load"
	"github.com/gatehouse-ai/gatehouse/secret"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const key = "sk-must-not-be-printed"

// spec is a short run against a server.
func spec(t *testing.T, address string, q exam.Question, anyEngine bool) load.Spec {
	t.Helper()
	u, err := url.Parse(address + "/v1")
	if err != nil {
		t.Fatal(err)
	}
	q.Model = "m"
	p, err := exam.New(q, anyEngine)
	if err != nil {
		t.Fatal(err)
	}
	return load.Spec{URL: u, Key: secret.New(key), Paper: p, Connections: 3, Duration: 50 * time.Millisecond, Timeout: 5 * time.Second}
}

func smallChat() exam.Question { return exam.Question{Kind: exam.Chat, Body: 300, Reply: 100} }

const (
	chatAnswer   = `{"choices":[{"message":{"content":"Hello"},"finish_reason":"stop"}]}`
	streamAnswer = "data: {\"choices\":[{\"delta\":{\"content\":\"Hello\"},\"finish_reason\":\"stop\"}]}\n\n"
)

func TestAnswersThatAreWrong(t *testing.T) {
	sse := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = io.WriteString(w, body)
		}
	}
	stream := exam.Question{Kind: exam.Stream, Chunks: 1}
	for name, tt := range map[string]struct {
		q       exam.Question
		handler http.HandlerFunc
		wrong   bool
		problem string // "" if all is well
	}{
		"right":    {smallChat(), func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, chatAnswer) }, false, ""},
		"not JSON": {smallChat(), func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") }, true, "not JSON"},
		"a failure": {smallChat(), func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, "bad key: "+r.Header.Get("Authorization"), http.StatusUnauthorized)
		}, false, "status 401: bad key: Bearer ***"},
		"broken off": {smallChat(), func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, false, "reading the answer"},
		"cut": {smallChat(), func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, chatAnswer)
		}, false, "unexpected EOF"},
		"closed after each": {smallChat(), func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Connection", "close")
			_, _ = io.WriteString(w, chatAnswer)
		}, false, ""},
		"a right stream":      {stream, sse(": hi\n\n" + streamAnswer + "data: [DONE]\n\n"), false, ""},
		"with CRLF":           {stream, sse(strings.ReplaceAll(streamAnswer+"data:[DONE]\n\n", "\n", "\r\n")), false, ""},
		"no stream":           {stream, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, chatAnswer) }, true, "no stream of events"},
		"without [DONE]":      {stream, sse(streamAnswer), true, "without [DONE]"},
		"within an event":     {stream, sse(streamAnswer + "data: [DO"), true, "within an event"},
		"after the end":       {stream, sse(streamAnswer + "data: [DONE]\n\ndata: {}\n\n"), true, "after [DONE]"},
		"not server-sent":     {stream, sse("hello\n\n"), true, "no field"},
		"an error in between": {stream, sse("data: {\"error\":{\"message\":\"x\"}}\n\n"), true, "no chunk"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewUnstartedServer(tt.handler)
			server.Config.ErrorLog = nil
			server.Start()
			defer server.Close()
			s := spec(t, server.URL, tt.q, true)
			res, err := load.Run(t.Context(), s, nil)
			if err != nil {
				t.Fatal(err)
			}
			if tt.problem == "" {
				if res.Latency.Count() == 0 || res.Wrong+res.Failed > 0 {
					t.Errorf("%d right, %d wrong, %d failed: %v", res.Done, res.Wrong, res.Failed, res.Problems)
				}
				return
			}
			if res.Done > 0 || (res.Wrong > 0) != tt.wrong || (res.Failed > 0) == tt.wrong {
				t.Errorf("%d right, %d wrong, %d failed", res.Done, res.Wrong, res.Failed)
			}
			if text := fmt.Sprint(res.Problems); !strings.Contains(text, tt.problem) || strings.Contains(text, key) {
				t.Errorf("problems %v, want %q and no key", text, tt.problem)
			}
		})
	}
}

func TestOpenLoopCountsFromWhenItWasDue(t *testing.T) {
	// The first answer is held back until the schedule is nearly over; with one
	// connection, all other requests wait for it and say so.
	release := make(chan struct{})
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) == 1 {
			<-release
		}
		_, _ = io.WriteString(w, chatAnswer)
	}))
	defer server.Close()
	s := spec(t, server.URL, smallChat(), true)
	s.Connections, s.Rate, s.Duration = 1, 100, 200*time.Millisecond
	s.Over = func() { close(release) }
	res, err := load.Run(t.Context(), s, nil)
	if err != nil || res.Wrong+res.Failed > 0 {
		t.Fatalf("%+v, %v", res.Problems, err)
	}
	if n := res.Latency.Count(); n != 20 {
		t.Errorf("%d latencies, want one for each of 20 that were due", n)
	}
	if p50 := res.Latency.Quantile(0.5); p50 < 90*time.Millisecond {
		t.Errorf("half of the requests waited for %v or less, though all waited for a stall of 200ms from when they were due", p50)
	}
	if res.Done != 0 {
		t.Errorf("%d answers came within the time, though none could", res.Done)
	}
}

func TestWhatHasNoAnswerHasFailed(t *testing.T) {
	end := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-end
	}))
	defer server.Close()
	defer close(end)
	s := spec(t, server.URL, smallChat(), true)
	s.Timeout = 100 * time.Millisecond
	res, err := load.Run(t.Context(), s, nil)
	if err != nil || res.Failed != 3 || res.Done != 0 {
		t.Errorf("%d failed, %d right, %v: want the requests of 3 connections to fail", res.Failed, res.Done, err)
	}
	if text := fmt.Sprint(res.Problems); !strings.Contains(text, "no answer within 100ms") {
		t.Errorf("problems: %s", text)
	}
}

func TestAnInterruptedRunKeepsWhatItHas(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) == 100 {
			cancel()
		}
		_, _ = io.WriteString(w, chatAnswer)
	}))
	defer server.Close()
	s := spec(t, server.URL, smallChat(), true)
	s.Duration = load.MaxDuration
	over := 0
	s.Over = func() { over++ }
	res, err := load.Run(ctx, s, nil)
	if err != nil || res.Failed+res.Wrong > 0 || res.Done < 90 || over != 1 {
		t.Errorf("%d right, %d failed, %d wrong, over %d times, %v: %v", res.Done, res.Failed, res.Wrong, over, err, res.Problems)
	}
}

func TestStreamsAreMeasured(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for range 3 {
			_, _ = io.WriteString(w, strings.Replace(streamAnswer, `"stop"`, "null", 1))
			_ = http.NewResponseController(w).Flush()
		}
		_, _ = io.WriteString(w, "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
		if asked.Add(1) == 10 {
			cancel()
		}
	}))
	defer server.Close()
	s := spec(t, server.URL, exam.Question{Kind: exam.Stream, Chunks: 3, Gap: time.Microsecond}, true)
	s.Connections, s.Duration = 1, load.MaxDuration
	res, err := load.Run(ctx, s, nil)
	if err != nil || res.Wrong+res.Failed > 0 {
		t.Fatalf("%v, %v", err, res.Problems)
	}
	if n := int64(res.First.Count()); n < 9 || res.Chunks < 3*9 || int64(res.Gap.Count()) != res.Chunks-n || res.Jitter.Count() != res.Gap.Count() || res.Latency.Count() < 9 {
		t.Errorf("%d streams began and %d ended, of 10; %d chunks, %d gaps, %d jitters", n, res.Latency.Count(), res.Chunks, res.Gap.Count(), res.Jitter.Count())
	}
}

func TestTLS(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, chatAnswer) }))
	defer server.Close()
	s := spec(t, server.URL, smallChat(), true)
	if _, err := load.Run(t.Context(), s, nil); err == nil || !strings.Contains(err.Error(), "TLS") {
		t.Errorf("a certificate that nobody knows: %v", err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	s.TLS = &tls.Config{RootCAs: pool}
	if res, err := load.Run(t.Context(), s, nil); err != nil || res.Latency.Count() == 0 || res.Failed+res.Wrong > 0 {
		t.Errorf("%+v, %v", res, err)
	}
}

func TestSpecsHaveBounds(t *testing.T) {
	for want, change := range map[string]func(*load.Spec){
		"connections": func(s *load.Spec) { s.Connections = load.MaxConnections + 1 },
		"rate":        func(s *load.Spec) { s.Rate = -1 },
		"duration":    func(s *load.Spec) { s.Duration = load.MaxDuration + 1 },
		"timeout":     func(s *load.Spec) { s.Timeout = 0 },
		"http://":     func(s *load.Spec) { s.URL = &url.URL{Scheme: "ftp", Host: "x"} },
		"no user":     func(s *load.Spec) { s.URL = &url.URL{Scheme: "http", Host: "x", User: url.User("u")} },
		"characters":  func(s *load.Spec) { s.Key = secret.New("a\r\nB: c") },
	} {
		s := spec(t, "http://127.0.0.1:1", smallChat(), true)
		change(&s)
		if _, err := load.Run(t.Context(), s, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if _, err := load.Run(t.Context(), spec(t, "http://"+l.Addr().String(), smallChat(), true), nil); err == nil || !strings.Contains(err.Error(), "connecting to") {
		t.Errorf("nobody listens: %v", err)
	}
}
