package h1_test

import (
	"bufio"
	"bytes"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/h1"
	"github.com/gatehouse-ai/gatehouse/wire"
)

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

// sdkHead is what OpenAI's Python library sends, with its usual lengths.
var sdkHead = crlf(`POST /v1/chat/completions HTTP/1.1
Host: gateway.example.com:8080
Accept-Encoding: gzip, deflate
Connection: keep-alive
Accept: application/json
Content-Type: application/json
User-Agent: OpenAI/Python 1.99.9
X-Stainless-Lang: python
X-Stainless-Package-Version: 1.99.9
X-Stainless-OS: Linux
X-Stainless-Arch: x64
X-Stainless-Runtime: CPython
X-Stainless-Runtime-Version: 3.12.3
Authorization: Bearer gh-0123456789abcdef0123456789abcdef0123456789abcdef
X-Stainless-Async: false
x-stainless-retry-count: 0
x-stainless-read-timeout: 600
Content-Length: 312

`)

// plainHeads are heads in the plain form.
var plainHeads = []string{
	sdkHead,
	crlf("GET / HTTP/1.1\nHost: a\n\n"),
	crlf("GET /v1/models?limit=10&after=a%20b?c HTTP/1.1\nhost: [::1]:80\naccept: */*\n\n"),
	crlf("GET /a? HTTP/1.1\nHOST: 127.0.0.1\n\n"),
	crlf("DELETE /v1/files/file-a_b~c.json HTTP/1.1\nHost: a.b-c_d:1\nConnection: Close\n\n"),
	crlf("POST /x HTTP/1.1\nHost:a\nContent-Length:0\nX:\nX: \t \nX: 1 \t\nx:\ta\tb  c\n\n"),
	crlf("POST /x HTTP/1.1\nHost: a\ncontent-length: 000000000000005\nKeep-Alive: timeout=5\nconnection: KEEP-ALIVE\n\n"),
	crlf("POST /x HTTP/1.1\nHost: a\nContent_Length: 7\n-: 1\nTes: 1\nHosts: b\nContent-Lengths: 9\n\n") + "body",
	crlf("OPTIONS /x HTTP/1.1\nHost: a\nA: !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\nCookie: a=1\nCookie: b=2\n\n"),
}

// oddHeads are heads that are not in the plain form, and what is the matter.
var oddHeads = map[string]string{
	"two lengths":             "POST /x HTTP/1.1\nHost: a\nContent-Length: 5\nContent-Length: 6\n\n",
	"a length twice":          "POST /x HTTP/1.1\nHost: a\nContent-Length: 5\nContent-Length: 5\n\n",
	"list of lengths":         "POST /x HTTP/1.1\nHost: a\nContent-Length: 5, 5\n\n",
	"length with plus":        "POST /x HTTP/1.1\nHost: a\nContent-Length: +5\n\n",
	"negative length":         "POST /x HTTP/1.1\nHost: a\nContent-Length: -5\n\n",
	"hexadecimal length":      "POST /x HTTP/1.1\nHost: a\nContent-Length: 0x5\n\n",
	"empty length":            "POST /x HTTP/1.1\nHost: a\nContent-Length:\n\n",
	"long length":             "POST /x HTTP/1.1\nHost: a\nContent-Length: 0000000000000005\n\n",
	"length with a space":     "POST /x HTTP/1.1\nHost: a\nContent-Length: 5 5\n\n",
	"length and chunked":      "POST /x HTTP/1.1\nHost: a\nContent-Length: 5\nTransfer-Encoding: chunked\n\n",
	"chunked":                 "POST /x HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n",
	"chunked, odd":            "POST /x HTTP/1.1\nHost: a\ntransfer-encoding: xchunked\n\n",
	"space before colon":      "POST /x HTTP/1.1\nHost: a\nContent-Length : 5\n\n",
	"space in name":           "POST /x HTTP/1.1\nHost: a\nContent Length: 5\n\n",
	"dot in name":             "POST /x HTTP/1.1\nHost: a\nContent.Length: 5\n\n",
	"NUL in name":             "POST /x HTTP/1.1\nHost: a\nContent\x00-Length: 5\n\n",
	"obs-text in name":        "POST /x HTTP/1.1\nHost: a\nContent\xff-Length: 5\n\n",
	"no name":                 "POST /x HTTP/1.1\nHost: a\n: 5\n\n",
	"no colon":                "POST /x HTTP/1.1\nHost: a\nContent-Length\n\n",
	"folded line":             "POST /x HTTP/1.1\nHost: a\nA: 1\n 2\n\n",
	"folded with tab":         "POST /x HTTP/1.1\nHost: a\nA: 1\n\tContent-Length: 2\n\n",
	"first line folded":       "POST /x HTTP/1.1\n Host: a\n\n",
	"NUL in value":            "POST /x HTTP/1.1\nHost: a\nA: 1\x002\n\n",
	"DEL in value":            "POST /x HTTP/1.1\nHost: a\nA: 1\x7f2\n\n",
	"escape in value":         "POST /x HTTP/1.1\nHost: a\nA: 12345678\x1b2\n\n",
	"obs-text in value":       "POST /x HTTP/1.1\nHost: a\nA: 1\x802\n\n",
	"bare CR in value":        "POST /x HTTP/1.1\nHost: a\nA: 1\rContent-Length: 2\n\n",
	"no host":                 "POST /x HTTP/1.1\nA: a\n\n",
	"no field":                "POST /x HTTP/1.1\n\n",
	"two hosts":               "POST /x HTTP/1.1\nHost: a\nHost: a\n\n",
	"empty host":              "POST /x HTTP/1.1\nHost:\n\n",
	"host with path":          "POST /x HTTP/1.1\nHost: a/b\n\n",
	"host with user":          "POST /x HTTP/1.1\nHost: a@b\n\n",
	"list of hosts":           "POST /x HTTP/1.1\nHost: a, b\n\n",
	"port without host":       "POST /x HTTP/1.1\nHost: :80\n\n",
	"port of letters":         "POST /x HTTP/1.1\nHost: a:b\n\n",
	"host without port":       "POST /x HTTP/1.1\nHost: a:\n\n",
	"open bracket":            "POST /x HTTP/1.1\nHost: [::1\n\n",
	"empty bracket":           "POST /x HTTP/1.1\nHost: []\n\n",
	"zone":                    "POST /x HTTP/1.1\nHost: [fe80::1%25en0]\n\n",
	"text after bracket":      "POST /x HTTP/1.1\nHost: [::1]a\n\n",
	"long host":               "POST /x HTTP/1.1\nHost: " + strings.Repeat("a", 256) + "\n\n",
	"expect":                  "POST /x HTTP/1.1\nHost: a\nExpect: 100-continue\n\n",
	"upgrade":                 "GET /x HTTP/1.1\nHost: a\nConnection: Upgrade\nUpgrade: websocket\n\n",
	"upgrade alone":           "GET /x HTTP/1.1\nHost: a\nUpgrade: h2c\n\n",
	"settings":                "GET /x HTTP/1.1\nHost: a\nHTTP2-Settings: a\n\n",
	"TE":                      "GET /x HTTP/1.1\nHost: a\nte: trailers\n\n",
	"trailer":                 "GET /x HTTP/1.1\nHost: a\nTrailer: A\n\n",
	"proxy connection":        "GET /x HTTP/1.1\nHost: a\nProxy-Connection: keep-alive\n\n",
	"pragma":                  "GET /x HTTP/1.1\nHost: a\nPragma: no-cache\n\n",
	"named by connection":     "GET /x HTTP/1.1\nHost: a\nConnection: keep-alive, X\nX: 1\n\n",
	"two connections":         "GET /x HTTP/1.1\nHost: a\nConnection: close\nConnection: keep-alive\n\n",
	"empty connection":        "GET /x HTTP/1.1\nHost: a\nConnection:\n\n",
	"HTTP/1.0":                "GET /x HTTP/1.0\nHost: a\n\n",
	"HTTP/1.10":               "GET /x HTTP/1.10\nHost: a\n\n",
	"HTTP/2":                  "PRI * HTTP/2.0\n\nSM\n\n",
	"lower-case version":      "GET /x http/1.1\nHost: a\n\n",
	"no version":              "GET /x\nHost: a\n\n",
	"space after version":     "GET /x HTTP/1.1 \nHost: a\n\n",
	"two spaces":              "GET  /x HTTP/1.1\nHost: a\n\n",
	"two spaces later":        "GET /x  HTTP/1.1\nHost: a\n\n",
	"tab for space":           "GET\t/x HTTP/1.1\nHost: a\n\n",
	"empty line first":        "\nGET /x HTTP/1.1\nHost: a\n\n",
	"space first":             " GET /x HTTP/1.1\nHost: a\n\n",
	"no method":               " /x HTTP/1.1\nHost: a\n\n",
	"lower-case method":       "get /x HTTP/1.1\nHost: a\n\n",
	"dash in method":          "M-SEARCH /x HTTP/1.1\nHost: a\n\n",
	"long method":             "ABCDEFGHIJKLMNOPQ /x HTTP/1.1\nHost: a\n\n",
	"connect":                 "CONNECT /x HTTP/1.1\nHost: a\n\n",
	"authority form":          "CONNECT a:80 HTTP/1.1\nHost: a:80\n\n",
	"absolute form":           "GET http://b/x HTTP/1.1\nHost: a\n\n",
	"asterisk":                "OPTIONS * HTTP/1.1\nHost: a\n\n",
	"no slash":                "GET x HTTP/1.1\nHost: a\n\n",
	"percent":                 "GET /%78 HTTP/1.1\nHost: a\n\n",
	"dot segment":             "GET /a/./x HTTP/1.1\nHost: a\n\n",
	"two dots":                "GET /a/../x HTTP/1.1\nHost: a\n\n",
	"two dots last":           "GET /a/.. HTTP/1.1\nHost: a\n\n",
	"empty segment":           "GET /a//x HTTP/1.1\nHost: a\n\n",
	"authority":               "GET //b/x HTTP/1.1\nHost: a\n\n",
	"fragment":                "GET /x#y HTTP/1.1\nHost: a\n\n",
	"fragment of query":       "GET /x?y#z HTTP/1.1\nHost: a\n\n",
	"obs-text in query":       "GET /x?\xff HTTP/1.1\nHost: a\n\n",
	"backslash":               "GET /a\\x HTTP/1.1\nHost: a\n\n",
	"semicolon":               "GET /a;x HTTP/1.1\nHost: a\n\n",
	"NUL in path":             "GET /a\x00 HTTP/1.1\nHost: a\n\n",
	"record of TLS":           "\x16\x03\x01\x02\x00\x01",
	"too many fields":         "GET /x HTTP/1.1\nHost: a\n" + strings.Repeat("A: 1\n", h1.MaxFields) + "\n",
	"too large":               "GET /x HTTP/1.1\nHost: a\nA: " + strings.Repeat("a", h1.MaxHead) + "\n\n",
	"too large by one":        "GET /x HTTP/1.1\nHost: a\nA: " + strings.Repeat("a", h1.MaxHead-32) + "\n\n",
	"too large, not complete": "GET /x?" + strings.Repeat("a", h1.MaxHead),
}

// rawOddHeads have line ends that are not CRLF.
var rawOddHeads = map[string]string{
	"bare LF":            "GET /x HTTP/1.1\nHost: a\n\n",
	"bare LF in a field": "GET /x HTTP/1.1\r\nHost: a\nA: 1\r\n\r\n",
	"bare LF at the end": "GET /x HTTP/1.1\r\nHost: a\r\n\n",
	"bare CR at the end": "GET /x HTTP/1.1\r\nHost: a\r\n\rX",
	"bare CR":            "GET /x HTTP/1.1\rHost: a\r\r",
	"two CR":             "GET /x HTTP/1.1\r\nHost: a\r\r\n\r\n",
}

func TestRequest(t *testing.T) {
	head := crlf("POST /v1/a.b?x=1&y=%2e HTTP/1.1\nhost: a:80\nX-A:  1 \t\nContent-Length: 12\nx-a:\nConnection: close\nKeep-Alive: 5\n\n")
	var got h1.Request
	if v := got.Parse([]byte(head + "POST")); v != h1.Complete {
		t.Fatalf("verdict %d", v)
	}
	want := h1.Request{
		Method: "POST", Path: "/v1/a.b", Query: "x=1&y=%2e", Host: "a:80", Length: 12, Close: true, Size: len(head),
		Header: wire.Header{{Name: "X-A", Value: "1"}, {Name: "x-a", Value: ""}},
	}
	if diff := diffRequest(&want, &got); diff != "" {
		t.Error(diff)
	}
	if v := got.Parse([]byte(crlf("GET / HTTP/1.1\nHost: b\n\n"))); v != h1.Complete {
		t.Fatalf("verdict %d", v)
	}
	want = h1.Request{Method: "GET", Path: "/", Host: "b", Length: -1, Size: 27}
	if diff := diffRequest(&want, &got); diff != "" {
		t.Error("a second head:", diff)
	}
}

func diffRequest(want, got *h1.Request) string {
	return cmp.Diff(want, got, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".memo" }, cmp.Ignore()),
		cmp.Transformer("empty", func(h wire.Header) []wire.Field { return append([]wire.Field{}, h...) }))
}

func TestPlainRequests(t *testing.T) {
	for _, head := range plainHeads {
		compareRequest(t, nil, []byte(head))
		var r h1.Request
		if v := r.Parse([]byte(head)); v != h1.Complete {
			t.Errorf("%q: verdict %d", head, v)
		}
	}
}

func TestOddRequests(t *testing.T) {
	heads := map[string]string{}
	for name, head := range oddHeads {
		heads[name] = crlf(head)
	}
	maps.Copy(heads, rawOddHeads)
	for name, head := range heads {
		var r h1.Request
		if v := r.Parse([]byte(head)); v != h1.Odd {
			t.Errorf("%s: verdict %d", name, v)
		}
		if v := r.Parse([]byte(sdkHead)); v != h1.Complete || r.Host != "gateway.example.com:8080" {
			t.Errorf("%s: the head after it has verdict %d and host %q", name, v, r.Host)
		}
	}
}

func TestLargestRequest(t *testing.T) {
	head := crlf("GET /x HTTP/1.1\nHost: a\nA: \n\n")
	head = strings.Replace(head, "A: ", "A: "+strings.Repeat("a", h1.MaxHead-len(head)), 1)
	var r h1.Request
	if v := r.Parse([]byte(head + "more")); v != h1.Complete || r.Size != h1.MaxHead {
		t.Errorf("%d bytes: verdict %d", len(head), v)
	}
	if v := r.Parse([]byte(head[:h1.MaxHead-1])); v != h1.Incomplete {
		t.Errorf("all but one byte: verdict %d", v)
	}
	if v := r.Parse([]byte(head[:h1.MaxHead-1] + "a")); v != h1.Odd {
		t.Errorf("a full buffer without an end: verdict %d", v)
	}
}

func TestRequestAllocations(t *testing.T) {
	a, b := []byte(sdkHead), []byte(strings.Replace(sdkHead, "h: 312", "h: 4711", 1))
	other := []byte(plainHeads[2])
	var r h1.Request
	failed := false
	parse := func() {
		failed = failed || r.Parse(a) != h1.Complete || r.Parse(b) != h1.Complete || r.Parse(other) != h1.Complete
	}
	parse()
	parse()
	if n := testing.AllocsPerRun(100, parse); n != 0 || failed {
		t.Errorf("%v allocations; failed: %v", n, failed)
	}
}

// FuzzRequest holds Parse to what net/http reads, and what is kept of an
// earlier head to making no difference.
func FuzzRequest(f *testing.F) {
	for _, head := range plainHeads {
		f.Add([]byte(sdkHead), []byte(head))
		f.Add([]byte(head), []byte(strings.Replace(sdkHead, "h: 312", "h: 5\r\nX: y", 1)))
	}
	for _, head := range oddHeads {
		f.Add([]byte(plainHeads[1]), []byte(crlf(head)))
	}
	for _, head := range rawOddHeads {
		f.Add([]byte(plainHeads[1]), []byte(head))
	}
	f.Fuzz(func(t *testing.T, before, head []byte) { compareRequest(t, before, head) })
}

// compareRequest compares what Parse makes of head after a head before with
// what http.ReadRequest makes of it.
func compareRequest(t *testing.T, before, head []byte) {
	t.Helper()
	var r, again h1.Request
	v := r.Parse(head)
	again.Parse(before)
	again.Parse(before) // the second head alike is kept
	if w := again.Parse(head); w != v {
		t.Fatalf("verdict %d, and %d after another head", v, w)
	}
	if w := again.Parse(head); w != v {
		t.Fatalf("verdict %d, and %d the second time", v, w)
	}
	br := bufio.NewReader(bytes.NewReader(head))
	req, err := http.ReadRequest(br)
	if v != h1.Complete {
		if v == h1.Incomplete && err == nil {
			t.Fatalf("%q is incomplete, but net/http reads it", head)
		}
		return
	}
	if diff := diffRequest(&r, &again); diff != "" {
		t.Fatal("after another head:", diff)
	}
	if err != nil {
		t.Fatalf("%q is read, but net/http says %v", head, err)
	}
	rest, err := io.ReadAll(br)
	if err != nil || !bytes.Equal(rest, head[r.Size:]) {
		t.Errorf("the body begins with %q, with net/http %q (%v)", head[r.Size:], rest, err)
	}
	if req.Method != r.Method || req.URL.Path != r.Path || req.URL.RawPath != "" || req.URL.RawQuery != r.Query || req.Host != r.Host ||
		req.URL.Host != "" || req.URL.Fragment != "" || req.Close != r.Close || req.ContentLength != max(0, r.Length) || len(req.TransferEncoding) > 0 {
		t.Errorf("read as %+v, with net/http as %+v", r, req)
	}
	for _, name := range []string{"Content-Length", "Connection", "Keep-Alive"} {
		req.Header.Del(name)
	}
	if diff := cmp.Diff(sorted(req.Header), sorted(collect(r.Header))); diff != "" {
		t.Error("fields (- net/http, + ours):", diff)
	}
	for _, n := range []int{0, 1, r.Size / 3, r.Size / 2, r.Size - 3, r.Size - 2, r.Size - 1} {
		if v := again.Parse(head[:n]); v != h1.Incomplete {
			t.Errorf("the first %d bytes of %d: verdict %d", n, r.Size, v)
		}
	}
}

func collect(h wire.Header) http.Header {
	out := http.Header{}
	for _, f := range h {
		out.Add(f.Name, f.Value)
	}
	return out
}

// sorted returns the lines of h in order.
func sorted(h http.Header) (lines []string) {
	for name, values := range h {
		for _, v := range values {
			lines = append(lines, name+": "+v)
		}
	}
	slices.Sort(lines)
	return lines
}

func TestRequestOnEveryPrefix(t *testing.T) {
	for _, head := range plainHeads {
		var whole h1.Request
		whole.Parse([]byte(head))
		for n := range whole.Size {
			var r h1.Request
			if v := r.Parse([]byte(head[:n])); v != h1.Incomplete {
				t.Errorf("the first %d bytes of %q: verdict %d", n, head, v)
			}
		}
	}
}

func BenchmarkRequest(b *testing.B) {
	same := []byte(sdkHead)
	longer := []byte(strings.Replace(sdkHead, "h: 312", "h: 4711", 1))
	middle := []byte(strings.Replace(sdkHead, "Accept-Encoding: gzip, deflate\r\n", "Accept-Encoding: gzip, deflate, br\r\n", 1))
	start, fields, _ := strings.Cut(sdkHead, "\r\n")
	backwards := strings.Split(strings.TrimSpace(fields), "\r\n")
	slices.Reverse(backwards)
	other := []byte(start + "\r\n" + strings.Join(backwards, "\r\n") + "\r\n\r\n")
	for _, bb := range []struct {
		name  string
		heads [2][]byte
	}{
		{"same", [2][]byte{same, same}},
		{"length", [2][]byte{same, longer}},
		{"other line", [2][]byte{same, middle}},
		{"all different", [2][]byte{same, other}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(bb.heads[0])))
			var r h1.Request
			i := 0
			for b.Loop() {
				if r.Parse(bb.heads[i&1]) != h1.Complete {
					b.Fatal("not complete")
				}
				i++
			}
		})
	}
}
