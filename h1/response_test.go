package h1_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/h1"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// engineHead is what an inference server sends, with eight fields.
var engineHead = crlf(`HTTP/1.1 200 OK
date: Sat, 21 Nov 2026 04:17:54 GMT
server: uvicorn
content-length: 1312
content-type: application/json
x-request-id: chatcmpl-0123456789abcdef0123456789abcdef
openai-processing-ms: 234
openai-version: 2020-10-01
connection: keep-alive

`)

// goodResponses are heads that are read.
var goodResponses = []string{
	engineHead,
	crlf("HTTP/1.1 200 OK\nContent-Type: text/event-stream\nTransfer-Encoding: chunked\n\n") + "0\r\n\r\n",
	crlf("HTTP/1.1 200 \nTRANSFER-ENCODING: Chunked\nTrailer: X-Sum, X-Other\ntrailer:\n\n"),
	crlf("HTTP/1.1 200\nContent-Length: 0\n\n"),
	crlf("HTTP/1.1 200   three  spaces\t\nContent-Length: 3\ncontent-length: 3\n\n") + "abc",
	crlf("HTTP/1.1 404 Nicht gefunden \xfc\nContent-Length: 0\nX: \xc3\xbc\n\n"),
	crlf("HTTP/1.1 200 OK\n\n") + "until close",
	crlf("HTTP/1.1 200 OK\nConnection: close\nContent-Length: 5\n\n") + "abcde",
	crlf("HTTP/1.0 200 OK\nContent-Length: 5\n\n") + "abcde",
	crlf("HTTP/1.0 200 OK\nConnection: keep-alive\nContent-Length: 5\n\n"),
	crlf("HTTP/1.0 200 OK\n\n"),
	crlf("HTTP/1.1 100 Continue\n\n") + crlf("HTTP/1.1 200 OK\nContent-Length: 0\n\n"),
	crlf("HTTP/1.1 103 Early Hints\nLink: </a>; rel=preload\n\n"),
	crlf("HTTP/1.1 100 Continue\nTransfer-Encoding: chunked\n\n"),
	crlf("HTTP/1.1 204 No Content\n\n"),
	crlf("HTTP/1.1 204 No Content\nTransfer-Encoding: chunked\n\n"),
	crlf("HTTP/1.1 204 No Content\nContent-Length: 5\n\n"),
	crlf("HTTP/1.1 304 Not Modified\nContent-Length: 5\n\n"),
	crlf("HTTP/1.1 200 OK\nContent-Length: 0\nKeep-Alive: timeout=5\nConnection: Keep-Alive, X-Hop,\nX-Hop: 1\nX: 2\nx-hop: 3\n\n"),
	crlf("HTTP/1.1 200 OK\nContent-Length: 0\nConnection: upgrade\nUpgrade: h2c\n\n"),
	crlf("HTTP/1.1 200 OK\nContent-Length: 0\nConnection: x\nConnection: close , y\n\n"),
	crlf("HTTP/1.1 200 OK\nContent-Length: 0\nx.y!#$%&'*+^`|~: 1\nHost: a\nExpect: b\n\n"),
	crlf("HTTP/1.1 200 OK\nContent-Length: 0\nPragma: no-cache\n\n"),
	crlf("HTTP/1.1 200 OK\nContent-Length: 0\nTrailer: Content-Length\n\n"),
	crlf("HTTP/1.1 999 ?\nContent-Length: 0\nA:\nB: \t \nC:\tx\ty \n\n"),
}

// badResponses are heads that are errors, and what is the matter.
var badResponses = map[string]string{
	"two lengths":           crlf("HTTP/1.1 200 OK\nContent-Length: 5\nContent-Length: 6\n\n"),
	"one length, two ways":  crlf("HTTP/1.1 200 OK\nContent-Length: 5\nContent-Length: 05\n\n"),
	"list of lengths":       crlf("HTTP/1.1 200 OK\nContent-Length: 5, 5\n\n"),
	"length with plus":      crlf("HTTP/1.1 200 OK\nContent-Length: +5\n\n"),
	"negative length":       crlf("HTTP/1.1 200 OK\nContent-Length: -1\n\n"),
	"empty length":          crlf("HTTP/1.1 200 OK\nContent-Length: \n\n"),
	"long length":           crlf("HTTP/1.1 200 OK\nContent-Length: 1234567890123456\n\n"),
	"length, then chunked":  crlf("HTTP/1.1 200 OK\nContent-Length: 5\nTransfer-Encoding: chunked\n\n"),
	"chunked, then length":  crlf("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nContent-Length: 5\n\n"),
	"chunked twice":         crlf("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nTransfer-Encoding: chunked\n\n"),
	"gzip and chunked":      crlf("HTTP/1.1 200 OK\nTransfer-Encoding: gzip, chunked\n\n"),
	"identity":              crlf("HTTP/1.1 200 OK\nTransfer-Encoding: identity\n\n"),
	"empty coding":          crlf("HTTP/1.1 200 OK\nTransfer-Encoding:\n\n"),
	"HTTP/1.0, chunked":     crlf("HTTP/1.0 200 OK\nTransfer-Encoding: chunked\n\n"),
	"trailer of framing":    crlf("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nTrailer: A, content-length\n\n"),
	"switching protocols":   crlf("HTTP/1.1 101 Switching Protocols\nUpgrade: h2c\n\n"),
	"bare LF":               "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
	"bare LF after a field": "HTTP/1.1 200 OK\r\nContent-Length: 0\n\r\n",
	"bare LF at the end":    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\n",
	"bare CR":               "HTTP/1.1 200 OK\r\nA: 1\rB: 2\r\n\r\n",
	"bare CR at the end":    "HTTP/1.1 200 OK\r\nA: 1\r\n\rB",
	"bare CR after reason":  "HTTP/1.1 200 OK\rA: 1\r\n\r\n",
	"NUL":                   crlf("HTTP/1.1 200 OK\nA: 1\x00\n\n"),
	"NUL in reason":         crlf("HTTP/1.1 200 O\x00K\n\n"),
	"folded line":           crlf("HTTP/1.1 200 OK\nA: 1\n 2\n\n"),
	"space before colon":    crlf("HTTP/1.1 200 OK\nContent-Length : 5\n\n"),
	"no colon":              crlf("HTTP/1.1 200 OK\nContent-Length\n\n"),
	"no name":               crlf("HTTP/1.1 200 OK\n: 5\n\n"),
	"obs-text in name":      crlf("HTTP/1.1 200 OK\n\xc3: 5\n\n"),
	"empty line first":      crlf("\nHTTP/1.1 200 OK\n\n"),
	"HTTP/2":                crlf("HTTP/2 200 OK\n\n"),
	"HTTP/1.2":              crlf("HTTP/1.2 200 OK\n\n"),
	"no version":            crlf("HTTP 200 OK\n\n"),
	"ICY":                   crlf("ICY 200 OK\n\n"),
	"two spaces":            crlf("HTTP/1.1  200 OK\n\n"),
	"two digits":            crlf("HTTP/1.1 20 OK\n\n"),
	"four digits":           crlf("HTTP/1.1 2000 OK\n\n"),
	"leading zero":          crlf("HTTP/1.1 099 OK\n\n"),
	"signed status":         crlf("HTTP/1.1 +20 OK\n\n"),
	"letters":               crlf("HTTP/1.1 2OO OK\n\n"),
	"too many fields":       crlf("HTTP/1.1 200 OK\n" + strings.Repeat("A: 1\n", h1.MaxFields+1) + "\n"),
	"too large":             crlf("HTTP/1.1 200 OK\nA: " + strings.Repeat("a", h1.MaxResponseHead) + "\n\n"),
	"reason too large":      "HTTP/1.1 200 " + strings.Repeat("a", h1.MaxResponseHead),
	"secret":                crlf("HTTP/1.1 200 OK\nSet-Cookie secret\n\n"),
}

func diffResponse(want, got *h1.Response) string {
	private := func(p cmp.Path) bool {
		name := strings.TrimPrefix(p.Last().String(), ".")
		return name == "memo" || name == "length" || name == "named" || name == "trailers" || name == "old"
	}
	return cmp.Diff(want, got, cmp.FilterPath(private, cmp.Ignore()),
		cmp.Transformer("empty", func(h wire.Header) []wire.Field { return append([]wire.Field{}, h...) }))
}

func TestResponse(t *testing.T) {
	field := func(name, value string) wire.Header { return wire.Header{{Name: name, Value: value}} }
	for head, want := range map[string]h1.Response{
		"HTTP/1.1 200 OK\nA: 1\nContent-Length: 7\n\n":                {Status: 200, Header: field("A", "1"), Length: 7},
		"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n":             {Status: 200, Length: h1.Chunked},
		"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nTrailer: A\n\n": {Status: 200, Length: h1.Chunked, Trailer: true, Header: field("Trailer", "A")},
		"HTTP/1.1 500\n\n": {Status: 500, Length: h1.UntilClose, Close: true},
		"HTTP/1.0 200 OK\nContent-Length: 7\nConnection: keep-alive\n\n":           {Status: 200, Length: 7, Close: true},
		"HTTP/1.1 200 OK\nContent-Length: 7\nConnection: x, CLOSE\nX: 1\nY: 2\n\n": {Status: 200, Length: 7, Close: true, Header: field("Y", "2")},
		"HTTP/1.1 103 Early\nKeep-Alive: 5\n\n":                                    {Status: 103},
		"HTTP/1.1 204 No Content\nTransfer-Encoding: chunked\n\n":                  {Status: 204, Close: true},
		"HTTP/1.1 304 Not Modified\nContent-Length: 7\n\n":                         {Status: 304},
	} {
		var got h1.Response
		v, err := got.Parse([]byte(crlf(head) + "HTTP"))
		if v != h1.Complete || err != nil {
			t.Errorf("%q: verdict %d, %v", head, v, err)
			continue
		}
		want.Size = len(crlf(head))
		if diff := diffResponse(&want, &got); diff != "" {
			t.Errorf("%q: %s", head, diff)
		}
	}
}

func TestGoodResponses(t *testing.T) {
	for _, head := range goodResponses {
		compareResponse(t, nil, []byte(head))
		var whole h1.Response
		if v, err := whole.Parse([]byte(head)); v != h1.Complete || err != nil {
			t.Errorf("%q: verdict %d, %v", head, v, err)
		}
		for n := range whole.Size {
			var r h1.Response
			if v, err := r.Parse([]byte(head[:n])); v != h1.Incomplete || err != nil {
				t.Errorf("the first %d bytes of %q: verdict %d, %v", n, head, v, err)
			}
		}
	}
}

func TestBadResponses(t *testing.T) {
	for name, head := range badResponses {
		var r h1.Response
		v, err := r.Parse([]byte(head))
		if v == h1.Complete || v == h1.Odd || !errors.Is(err, h1.ErrResponse) {
			t.Errorf("%s: verdict %d, %v", name, v, err)
		} else if len(err.Error()) > 150 || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error quotes the head: %v", name, err)
		}
		if v, err := r.Parse([]byte(engineHead)); v != h1.Complete || err != nil || r.Length != 1312 || r.Close {
			t.Errorf("%s: the head after it has verdict %d, %v", name, v, err)
		}
	}
}

func TestResponseAllocations(t *testing.T) {
	a, b := []byte(engineHead), []byte(strings.Replace(engineHead, "h: 1312", "h: 47", 1))
	other := []byte(goodResponses[1])
	var r h1.Response
	failed := false
	parse := func() {
		for _, head := range [][]byte{a, b, other} {
			v, err := r.Parse(head)
			failed = failed || v != h1.Complete || err != nil
		}
	}
	parse()
	parse()
	if n := testing.AllocsPerRun(100, parse); n != 0 || failed {
		t.Errorf("%v allocations; failed: %v", n, failed)
	}
}

// FuzzResponse holds Parse to what net/http reads.
func FuzzResponse(f *testing.F) {
	for _, head := range goodResponses {
		f.Add([]byte(engineHead), []byte(head))
		f.Add([]byte(head), []byte(strings.Replace(engineHead, "h: 1312", "h: 5\r\nX: y", 1)))
	}
	for _, head := range badResponses {
		f.Add([]byte(goodResponses[1]), []byte(head))
	}
	f.Fuzz(func(t *testing.T, before, head []byte) { compareResponse(t, before, head) })
}

// compareResponse compares what Parse makes of head after a head before with
// what http.ReadResponse makes of it.
func compareResponse(t *testing.T, before, head []byte) {
	t.Helper()
	var r, again h1.Response
	v, err := r.Parse(head)
	for range 2 {
		if w, err := again.Parse(before); w == h1.Odd || w == h1.Complete && err != nil {
			t.Fatalf("verdict %d, %v", w, err)
		}
	}
	for range 2 {
		if w, werr := again.Parse(head); w != v || fmt.Sprint(werr) != fmt.Sprint(err) {
			t.Fatalf("verdict %d, %v; after another head %d, %v", v, err, w, werr)
		}
	}
	br := bufio.NewReaderSize(bytes.NewReader(head), 1<<16)
	resp, theirs := http.ReadResponse(br, nil)
	switch {
	case err != nil:
		if v != h1.Incomplete || !errors.Is(err, h1.ErrResponse) || len(err.Error()) > 150 {
			t.Errorf("verdict %d with the error %v", v, err)
		}
		return
	case v == h1.Incomplete:
		if theirs == nil {
			t.Fatalf("%q is incomplete, but net/http reads it", head)
		}
		return
	case v != h1.Complete:
		t.Fatalf("%q: verdict %d", head, v)
	case theirs != nil:
		t.Fatalf("%q is read, but net/http says %v", head, theirs)
	}
	if diff := diffResponse(&r, &again); diff != "" {
		t.Fatal("after another head:", diff)
	}
	compareFraming(t, &r, resp, head)
	rest, err := io.ReadAll(br)
	if err != nil || !bytes.Equal(rest, head[r.Size:]) {
		t.Errorf("the body begins with %q, with net/http %q (%v)", head[r.Size:], rest, err)
	}
	if diff := cmp.Diff(sorted(left(resp.Header, &r, head)), sorted(left(collect(r.Header), &r, head))); diff != "" {
		t.Errorf("%q: fields (- net/http, + ours): %s", head, diff)
	}
}

func compareFraming(t *testing.T, r *h1.Response, resp *http.Response, head []byte) {
	t.Helper()
	length, bodyless := resp.ContentLength, r.Status < 200 || r.Status == 204 || r.Status == 304
	switch {
	case bodyless:
		length = 0
	case length < 0 && len(resp.TransferEncoding) == 0:
		length = h1.UntilClose
	}
	if resp.StatusCode != r.Status || r.Length != length {
		t.Errorf("%q: status %d and length %d, with net/http %d and %d", head, r.Status, r.Length, resp.StatusCode, length)
	}
	stricter := bodyless || bytes.HasPrefix(head, []byte("HTTP/1.0"))
	if r.Close != resp.Close && (resp.Close || !stricter) {
		t.Errorf("%q: close %v, with net/http %v", head, r.Close, resp.Close)
	}
}

// left returns the fields that both sides are to have: without those of framing,
// what net/http adds to Pragma, and what Connection names.
func left(h http.Header, r *h1.Response, head []byte) http.Header {
	out := h.Clone()
	for line := range strings.SplitSeq(string(head[:r.Size]), "\r\n") {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(name, "Connection") {
			for part := range strings.SplitSeq(value, ",") {
				out.Del(strings.Trim(part, " \t"))
			}
		}
	}
	for _, name := range []string{"Content-Length", "Connection", "Keep-Alive", "Trailer"} {
		out.Del(name)
	}
	if h.Get("Pragma") == "no-cache" {
		out.Del("Cache-Control")
	}
	return out
}

func BenchmarkResponse(b *testing.B) {
	second := strings.NewReplacer(":54 GMT", ":55 GMT", "1312", "999", "cmpl-0", "cmpl-f", "-ms: 234", "-ms: 77").Replace(engineHead)
	for _, bb := range []struct {
		name  string
		heads [2]string
	}{
		{"same", [2]string{engineHead, engineHead}},
		{"four lines differ", [2]string{engineHead, second}},
		{"streams in turns", [2]string{engineHead, goodResponses[1]}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			heads := [2][]byte{[]byte(bb.heads[0]), []byte(bb.heads[1])}
			var r h1.Response
			i := 0
			for b.Loop() {
				if v, err := r.Parse(heads[i&1]); v != h1.Complete || err != nil {
					b.Fatal(v, err)
				}
				i++
			}
		})
	}
}
