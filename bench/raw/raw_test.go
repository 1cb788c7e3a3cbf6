package raw_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/gatehouse-ai/gatehouse/bench/raw"
)

func TestResponses(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\n"
	for name, tt := range map[string]struct{ in, body, err string }{
		"length":               {ok + "Content-Length: 5\r\n\r\nhello", "hello", ""},
		"no body":              {"HTTP/1.1 204 No Content\r\n\r\n", "", ""},
		"chunks":               {ok + "transfer-encoding: Chunked\r\n\r\n5\r\nhello\r\n1;a=b\r\n!\r\n0\r\n\r\n", "hello!", ""},
		"trailers":             {ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nA: b\r\nC: d\r\n\r\n", "hi", ""},
		"until the end":        {"HTTP/1.0 200 OK\r\n\r\nall of it", "all of it", ""},
		"after an interim one": {"HTTP/1.1 100 Continue\r\n\r\n" + ok + "Content-Length: 1\r\n\r\nx", "x", ""},
		"no reason":            {"HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx", "x", ""},
		"the same length twice": {
			ok + "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", "x", "",
		},
		"two lengths":           {ok + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxy", "", "Content-Length"},
		"length and chunks":     {ok + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "", "framing"},
		"chunked twice":         {ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "", "Transfer-Encoding"},
		"chunks in HTTP/1.0":    {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "", "framing"},
		"gzip":                  {ok + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "", "Transfer-Encoding"},
		"a negative length":     {ok + "Content-Length: -1\r\n\r\n", "", "Content-Length"},
		"no length":             {ok + "Content-Length:\r\n\r\n", "", "Content-Length"},
		"a space before colon":  {ok + "Content-Length : 1\r\n\r\nx", "", "header field"},
		"a folded field":        {ok + "A: b\r\n c\r\n\r\n", "", "header field"},
		"a bare newline":        {ok + "A: b\nC: d\r\n\r\n", "", "line end"},
		"a bare return":         {ok + "A: b\rC: d\r\n\r\n", "", "header field"},
		"no status":             {"HTTP/1.1 OK\r\n\r\n", "", "status"},
		"another version":       {"HTTP/2.0 200 OK\r\n\r\n", "", "status line"},
		"cut in the head":       {"HTTP/1.1 200 OK\r\nA", "", "unexpected EOF"},
		"cut in the body":       {ok + "Content-Length: 5\r\n\r\nhel", "", "unexpected EOF"},
		"cut in a chunk":        {ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhel", "", "unexpected EOF"},
		"cut before the last":   {ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "", "unexpected EOF"},
		"a chunk too long":      {ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello!\r\n0\r\n\r\n", "", "end of a chunk"},
		"a size that is none":   {ok + "Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n", "", "size of a chunk"},
		"a size too large":      {ok + "Transfer-Encoding: chunked\r\n\r\n123456789\r\n", "", "size of a chunk"},
		"a signed size":         {ok + "Transfer-Encoding: chunked\r\n\r\n+5\r\nhello\r\n0\r\n\r\n", "", "size of a chunk"},
		"a bad trailer":         {ok + "Transfer-Encoding: chunked\r\n\r\n0\r\nno colon\r\n\r\n", "", "trailer"},
		"a body above a limit":  {ok + "Content-Length: 5000000\r\n\r\n", "", "larger"},
		"chunks above a limit":  {ok + "Transfer-Encoding: chunked\r\n\r\n20000\r\n" + strings.Repeat("x", 0x20000) + "\r\n0\r\n\r\n", "", "larger"},
		"an endless head":       {ok + "A: " + strings.Repeat("x", 1<<17), "", "larger"},
		"endless interim ones":  {strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 20), "", "interim"},
		"more than the buffer":  {ok + "Content-Length: 90000\r\n\r\n" + strings.Repeat("y", 90000), strings.Repeat("y", 90000), ""},
		"a stream without size": {ok + "Content-Type: text/event-stream\r\n\r\ndata: x\n\n", "data: x\n\n", ""},
	} {
		for way, src := range map[string]io.Reader{
			"at once": strings.NewReader(tt.in), "byte by byte": iotest.OneByteReader(strings.NewReader(tt.in)), "by halves": iotest.HalfReader(strings.NewReader(tt.in)),
		} {
			r := raw.NewReader(src)
			_, err := r.Response()
			var body []byte
			if err == nil {
				body, err = r.Whole(nil, 100_000)
			}
			switch {
			case tt.err == "" && (err != nil || string(body) != tt.body):
				t.Errorf("%s, %s: got %.40q, %v; want %.40q", name, way, body, err, tt.body)
			case tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)):
				t.Errorf("%s, %s: error %v, want one with %q", name, way, err, tt.err)
			}
		}
	}
}

func TestManyMessagesOnOneConnection(t *testing.T) {
	one := "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
	two := "HTTP/1.1 429 No\r\nConnection: Close\r\nContent-Length: 2\r\n\r\nno"
	r := raw.NewReader(strings.NewReader(strings.Repeat(one, 1000) + two))
	for i := range 1000 {
		h, err := r.Response()
		if err != nil || h.Status != 200 || !h.Events || h.Close {
			t.Fatalf("response %d: %+v, %v", i, h, err)
		}
		if b, err := r.Whole(nil, 10); string(b) != "hi" || err != nil {
			t.Fatalf("response %d: %q, %v", i, b, err)
		}
	}
	h, err := r.Response()
	if err != nil || h.Status != 429 || !h.Close || h.Events {
		t.Fatalf("the last response: %+v, %v", h, err)
	}
	if b, err := r.Whole(nil, 10); string(b) != "no" || err != nil || r.Buffered() != 0 {
		t.Errorf("%q, %v, %d bytes left", b, err, r.Buffered())
	}
	if _, err := r.Response(); !errors.Is(err, io.EOF) {
		t.Errorf("after the last: %v, want EOF", err)
	}
}

func TestRequests(t *testing.T) {
	for in, want := range map[string]string{
		"POST /v1/x?q=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n": "",
		"POST http://a/ HTTP/1.1\r\n\r\n":                                 "request line",
		"POST /v1/x HTTP/2\r\n\r\n":                                       "version",
		"GET  /v1/x HTTP/1.1\r\n\r\n":                                     "request line",
		"G(T /v1/x HTTP/1.1\r\n\r\n":                                      "request line",
	} {
		h, err := raw.NewReader(strings.NewReader(in)).Request()
		switch {
		case want == "" && (err != nil || string(h.Method) != "POST" || string(h.Path) != "/v1/x"):
			t.Errorf("%q: %+v, %v", in, h, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%q: error %v, want one with %q", in, err, want)
		}
	}
}

// endless repeats a message for ever.
type endless struct {
	message string
	at      int
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.message[e.at:])
	e.at = (e.at + n) % len(e.message)
	return n, nil
}

func TestReadingDoesNotAllocate(t *testing.T) {
	r := raw.NewReader(&endless{message: "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"})
	body := make([]byte, 0, 1000)
	if n := testing.AllocsPerRun(1000, func() {
		if _, err := r.Response(); err != nil {
			t.Fatal(err)
		}
		var err error
		if body, err = r.Whole(body[:0], 1000); err != nil || string(body) != "hello" {
			t.Fatal(string(body), err)
		}
	}); n != 0 {
		t.Errorf("reading a response allocates %v times", n)
	}
}

// FuzzResponse compares with net/http: what is accepted here it accepts too,
// and reads the same body.
func FuzzResponse(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n0\r\nA: b\r\n\r\n"))
	f.Add([]byte("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nx"))
	f.Add([]byte("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No\r\n\r\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		r := raw.NewReader(bytes.NewReader(in))
		h, err := r.Response()
		if err != nil {
			return
		}
		body, err := r.Whole(nil, 1<<20)
		if err != nil {
			return
		}
		br := bufio.NewReader(bytes.NewReader(in))
		var theirs *http.Response
		for range 11 {
			theirs, err = http.ReadResponse(br, nil)
			if err != nil {
				return // it knows more rules, of versions and names
			}
			if theirs.StatusCode >= 200 || theirs.StatusCode == 101 {
				break
			}
		}
		want, err := io.ReadAll(theirs.Body)
		if err != nil || theirs.StatusCode != h.Status {
			return
		}
		if h.Status >= 200 && !bytes.Equal(body, want) {
			t.Errorf("%q: the body is %q, net/http has %q", in, body, want)
		}
	})
}
