package h1_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/h1"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// goodBodies are chunked bodies that are read, and perhaps what follows them.
var goodBodies = []string{
	"0\r\n\r\n",
	"5\r\nhello\r\n0\r\n\r\n",
	"5\r\nhello\r\n7\r\n\r\nworld\r\n0\r\n\r\n0\r\n\r\nHTTP/1.1",
	"00000A\r\n0123456789\r\n000\r\n\r\n",
	"5;name=value\r\nhello\r\n3; a=\"b\"\t; \xfc\r\nabc\r\n0;last\r\n\r\n",
	"5 \t\r\nhello\r\n0  \r\n\r\n",
	"3\r\nabc\r\n0\r\nX-Sum: 1\r\nx.y:\t2 \r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\nHost: h\r\n\r\nHTTP/1.1",
	"0\r\nA: 1\r\n\r\n",
	strings.Repeat("1\r\nx\r\n", 3000) + "0\r\n\r\n",
	"1;" + strings.Repeat("e", 511) + "\r\nx\r\n0\r\n\r\n",
}

// badBodies are chunked bodies that are errors.
var badBodies = []string{
	"\r\n", "\n", ";\r\n", " 5\r\nhello\r\n", "g\r\n", "-1\r\n", "+5\r\n", "0x5\r\nhello", "5g\r\n", "5_0\r\n",
	"5\nhello\r\n0\r\n\r\n", "5\r\nhello\n0\r\n\r\n", "5\r\nhello0\r\n", "5\r\nhello\r0", "5\r\nhello!\r\n", "5\rhello",
	"5 ;a\r\nhello", "5 5\r\nhello", "5;a\nhello", "5;a\x00\r\nhello", "5;\r\r\n",
	"80000000\r\n", "10000000000000005\r\n", "00000000000000005\r\nhello",
	"1;" + strings.Repeat("e", 512) + "\r\nx\r\n", "1" + strings.Repeat(" ", 513),
	strings.Repeat("1;"+strings.Repeat("e", 500)+"\r\nx\r\n", 40),
	"0\r\n\n", "0\r\nA: 1\n\n", "0\r\nA\r\n\r\n", "0\r\n: 1\r\n\r\n", "0\r\nA: 1\r\n 2\r\n\r\n", "0\r\nA : 1\r\n\r\n", "0\r\nA: 1\rB: 2\r\n\r\n",
	"0\r\nA: \x00\r\n\r\n", "0\r\n" + strings.Repeat("A: 1\r\n", h1.MaxFields+1) + "\r\n",
	"0\r\nA: " + strings.Repeat("a", 16<<10), "0\r\n" + strings.Repeat("A: 12345678\r\n", 1300) + "\r\n",
}

// outcome is what reading a body has come to.
type outcome struct {
	Data    string
	Used    int
	Done    bool
	Err     string
	Trailer []wire.Field
}

// follow reads a body in pieces of a size.
func follow(t *testing.T, c *h1.Chunks, body []byte, size int) (o outcome) {
	t.Helper()
	var data []byte
	for o.Used < len(body) && !o.Done && o.Err == "" {
		piece := body[o.Used:min(len(body), o.Used+size)]
		part, n, done, err := c.Next(piece)
		if n > len(piece) || len(part) > n {
			t.Fatalf("%d bytes of %d are used, %d are content", n, len(piece), len(part))
		}
		if n == 0 && !done && err == nil {
			t.Fatalf("no byte of %q is used", piece)
		}
		data = append(data, part...)
		o.Used += n
		o.Done = done
		if err != nil {
			if !errors.Is(err, h1.ErrChunks) || len(err.Error()) > 150 {
				t.Errorf("the error is %v", err)
			}
			if _, n, _, again := c.Next([]byte("0\r\n\r\n")); n != 0 || !errors.Is(again, h1.ErrChunks) {
				t.Errorf("after the error %d bytes are used, %v", n, again)
			}
			o.Err = err.Error()
		}
	}
	o.Data, o.Trailer = string(data), append([]wire.Field{}, c.Trailer()...)
	if o.Err != "" {
		o.Used = 0 // it depends on the pieces
	}
	return o
}

func TestChunks(t *testing.T) {
	var c h1.Chunks
	body := []byte("5\r\nhello\r\n1;x\r\n!\r\n0\r\nX-Sum: 1 \r\nContent-Length: 7\r\nx-y:\r\n\r\nnext")
	want := outcome{Data: "hello!", Used: len(body) - 4, Done: true, Trailer: []wire.Field{{Name: "X-Sum", Value: "1"}, {Name: "x-y", Value: ""}}}
	for size := 1; size <= len(body); size++ {
		c.Reset()
		if diff := cmp.Diff(want, follow(t, &c, body, size)); diff != "" {
			t.Errorf("pieces of %d: %s", size, diff)
		}
	}
	c.Reset()
	if c.Trailer() != nil {
		t.Error("there is a trailer after Reset")
	}
}

func TestChunksEndWithContent(t *testing.T) {
	var c h1.Chunks
	data, n, done, err := c.Next([]byte("5\r\nhello\r\n0\r\n\r\nHTTP"))
	if string(data) != "hello" || n != 15 || !done || err != nil {
		t.Errorf("%q, %d, %v, %v", data, n, done, err)
	}
	if data, n, done, err = c.Next([]byte("HTTP")); len(data) != 0 || n != 0 || !done || err != nil {
		t.Errorf("after the end: %q, %d, %v, %v", data, n, done, err)
	}
	if data, n, done, err = c.Next(nil); len(data) != 0 || n != 0 || !done || err != nil {
		t.Errorf("nothing after the end: %q, %d, %v, %v", data, n, done, err)
	}
}

func TestGoodBodies(t *testing.T) {
	for _, body := range goodBodies {
		var c h1.Chunks
		if o := follow(t, &c, []byte(body), len(body)); !o.Done || o.Err != "" {
			t.Errorf("%.60q: %+v", body, o)
		}
		for size := range 20 {
			compareChunks(t, []byte(body), size)
		}
	}
}

func TestBadBodies(t *testing.T) {
	for _, body := range badBodies {
		var c h1.Chunks
		if o := follow(t, &c, []byte(body), len(body)); o.Done || o.Err == "" {
			t.Errorf("%.60q: %+v", body, o)
		}
		for size := range 20 {
			compareChunks(t, []byte(body), size)
		}
	}
}

func TestLargestChunk(t *testing.T) {
	var c h1.Chunks
	if data, n, done, err := c.Next([]byte("7fffffff\r\nabc")); string(data) != "abc" || n != 13 || done || err != nil {
		t.Errorf("%q, %d, %v, %v", data, n, done, err)
	}
}

// FuzzChunks holds Chunks to what net/http and httputil read, however the body
// is split.
func FuzzChunks(f *testing.F) {
	for i, body := range append(goodBodies, badBodies...) {
		f.Add([]byte(body), i%7)
	}
	f.Fuzz(func(t *testing.T, body []byte, size int) { compareChunks(t, body, size) })
}

// compareChunks compares what Chunks makes of a body in pieces of a size, one
// more than given, with what it makes of it at once, and net/http.
func compareChunks(t *testing.T, body []byte, size int) {
	t.Helper()
	size = size&0xff + 1
	var c h1.Chunks
	whole := follow(t, &c, body, max(1, len(body)))
	c.Reset()
	if diff := cmp.Diff(whole, follow(t, &c, body, size)); diff != "" {
		t.Errorf("%.200q in pieces of %d: %s", body, size, diff)
	}
	if whole.Err != "" {
		return
	}
	head := "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	br := bufio.NewReaderSize(io.MultiReader(strings.NewReader(head), bytes.NewReader(body)), 1<<16)
	resp, err := http.ReadResponse(br, nil)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(resp.Body)
	if !whole.Done {
		if err == nil {
			t.Fatalf("%q has no end, but net/http reads it", body)
		}
		return
	}
	rest, _ := io.ReadAll(br)
	if err != nil || string(data) != whole.Data || string(rest) != string(body[whole.Used:]) {
		t.Errorf("%.200q is %.200q and %.200q, with net/http %.200q and %.200q (%v)", body, whole.Data, body[whole.Used:], data, rest, err)
	}
	for _, name := range []string{"Content-Length", "Transfer-Encoding", "Trailer", "Host", "Connection", "Keep-Alive", "Expect", "Http2-Settings", "Pragma", "Proxy-Connection", "Te", "Upgrade"} {
		resp.Trailer.Del(name)
	}
	if diff := cmp.Diff(sorted(resp.Trailer), sorted(collect(whole.Trailer))); diff != "" {
		t.Error("trailer (- net/http, + ours):", diff)
	}
	data, err = io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(body)))
	if err != nil || string(data) != whole.Data {
		t.Errorf("%.200q is %.200q, with httputil %.200q (%v)", body, whole.Data, data, err)
	}
}

// sse returns a body of n chunks as an engine streams them.
func sse(n int) []byte {
	var b []byte
	for i := range n {
		event := fmt.Sprintf("data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" word%d\"}}]}\n\n", i)
		b = append(append(h1.AppendChunkSize(b, len(event)), event...), h1.CRLF...)
	}
	return append(b, h1.LastChunk...)
}

func drain(c *h1.Chunks, body []byte) (size int, done bool) {
	c.Reset()
	for len(body) > 0 && !done {
		data, n, end, err := c.Next(body)
		if err != nil {
			return size, false
		}
		size, body, done = size+len(data), body[n:], end
	}
	return size, done
}

func TestChunksAllocations(t *testing.T) {
	body := sse(20)
	withTrailer := []byte(goodBodies[6])
	var c h1.Chunks
	failed := false
	read := func() {
		for _, b := range [][]byte{body, withTrailer} {
			_, done := drain(&c, b)
			failed = failed || !done
		}
	}
	read()
	if n := testing.AllocsPerRun(100, read); n != 0 || failed {
		t.Errorf("%v allocations; failed: %v", n, failed)
	}
}

func BenchmarkChunks(b *testing.B) {
	body := sse(1)
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	var c h1.Chunks
	for b.Loop() {
		if _, done := drain(&c, body); !done {
			b.Fatal("no end")
		}
	}
}
