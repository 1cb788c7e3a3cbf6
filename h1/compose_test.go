package h1_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httputil"
	"strconv"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/h1"
)

func TestAppendStatus(t *testing.T) {
	for status := 100; status < 1000; status++ {
		words := http.StatusText(status)
		if words == "" {
			words = "status code " + strconv.Itoa(status)
		}
		want := "HTTP/1.1 " + strconv.Itoa(status) + " " + words + "\r\n"
		if got := string(h1.AppendStatus([]byte("x"), status)); got != "x"+want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestAppendField(t *testing.T) {
	for value, want := range map[string]string{
		"":                             "",
		"application/json":             "application/json",
		"a\tb \xc3\xbc":                "a\tb \xc3\xbc",
		"a\r\nSet-Cookie: b":           "a  Set-Cookie: b",
		"\n":                           " ",
		"long enough for two\rwords\r": "long enough for two words ",
		"\x00\x01\x1f\x7f":             "    ",
	} {
		if got := string(h1.AppendField([]byte("x"), "Name", value)); got != "xName: "+want+"\r\n" {
			t.Errorf("%q: %q", value, got)
		}
	}
}

func TestAppendNumbers(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 7: "7", 1 << 40: "1099511627776"} {
		if got := string(h1.AppendInt([]byte("x"), n)); got != "x"+want {
			t.Errorf("%d: %q", n, got)
		}
	}
	for _, size := range []int{1, 9, 10, 255, 256, 70000} {
		content := strings.Repeat("c", size)
		b := append(append(h1.AppendChunkSize(nil, size), content...), h1.CRLF+h1.LastChunk...)
		got, err := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(b)))
		if err != nil || string(got) != content {
			t.Errorf("a chunk of %d bytes: %d bytes, %v", size, len(got), err)
		}
	}
}

// FuzzAppendField holds every value to one line.
func FuzzAppendField(f *testing.F) {
	f.Add("a\r\nB: c")
	f.Add("0123456\x7f\r\n")
	f.Fuzz(func(t *testing.T, value string) {
		b := h1.AppendField(h1.AppendStatus(nil, 200), "Name", value)
		var r h1.Response
		v, err := r.Parse(append(b, h1.CRLF...))
		if len(value) > h1.MaxResponseHead/2 {
			return
		}
		if v != h1.Complete || err != nil || len(r.Header) != 1 || len(b) != len("HTTP/1.1 200 OK\r\nName: \r\n")+len(value) {
			t.Errorf("%q: %q, %v, %v", value, b, r.Header, err)
		}
	})
}

// composeHead appends a head with the fields that an answer mostly has.
func composeHead(b []byte) []byte {
	b = h1.AppendStatus(b, 200)
	b = h1.AppendField(b, "Content-Type", "application/json")
	b = h1.AppendField(b, "X-Request-Id", "0199a5f2-7d6e-7c3a-9f00-0123456789ab")
	b = h1.AppendField(b, "Date", "Sat, 21 Nov 2026 04:17:54 GMT")
	b = append(b, "Content-Length: "...)
	b = append(h1.AppendInt(b, 1312), h1.CRLF...)
	return append(b, h1.CRLF...)
}

func TestComposeAllocations(t *testing.T) {
	b := make([]byte, 0, 1024)
	size := 0
	if n := testing.AllocsPerRun(100, func() { size = len(h1.AppendChunkSize(composeHead(b), 4711)) }); n != 0 || size == 0 {
		t.Errorf("%v allocations for %d bytes", n, size)
	}
}

func BenchmarkCompose(b *testing.B) {
	b.ReportAllocs()
	buf := make([]byte, 0, 1024)
	for b.Loop() {
		buf = composeHead(buf[:0])
	}
}
