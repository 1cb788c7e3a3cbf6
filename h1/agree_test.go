package h1_test

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/h1"
)

// lines are field lines that matter to framing, and such that look like them.
var lines = []string{
	"", "Host: a", "host:b:80", "Host: ", "Host : a", "Content-Length: 5", "content-length:\t5 ", "Content-Length: 6", "Content-Length: +5",
	"Content-Length: 5, 5", "Content-Length:", "Content-Length : 5", "Content_Length: 5", "Content-Length: 0005", "Content-Length: 5\x00",
	"Transfer-Encoding: chunked", "TRANSFER-ENCODING:CHUNKED", "Transfer-Encoding: chunked, chunked", "Transfer-Encoding: identity",
	"Transfer-Encoding : chunked", "Transfer-Encoding:\x0bchunked", "Transfer-Encoding: \"chunked\"", "Connection: close", "connection: Keep-Alive",
	"Connection: close, x", "Connection: x", "X: 1", " X: 1", "\tX: 1", "X", ": 1", "X: \xff", "X: \x7f", "X\x80: 1", "X.Y: 1", "X: 1\rY: 2",
	"X: 1\nY: 2", "Trailer: X", "Trailer: Content-Length", "Expect: 100-continue", "Upgrade: h2c", "TE: trailers", "Pragma: no-cache", "Keep-Alive: 5",
}

// TestCombinations compares heads of every pair of such lines with net/http.
func TestCombinations(t *testing.T) {
	requests, responses := 0, 0
	for _, first := range lines {
		for _, second := range lines {
			for _, end := range []string{"\r\n", "\n", "\r"} {
				fields := second + end + "\r\n5\r\nhello\r\n0\r\n\r\n"
				if first != "" {
					fields = first + "\r\n" + fields
				}
				for _, start := range []string{"POST /x HTTP/1.1\r\n", "GET /x?y HTTP/1.1\r\nHost: a\r\n", "POST /x HTTP/1.0\r\n"} {
					compareRequest(t, []byte(sdkHead), []byte(start+fields))
					requests++
				}
				for _, start := range []string{"HTTP/1.1 200 OK\r\n", "HTTP/1.0 200\r\n", "HTTP/1.1 204 \r\n", "HTTP/1.1 304 x\r\n", "HTTP/1.1 103 x\r\n"} {
					compareResponse(t, []byte(engineHead), []byte(start+fields))
					responses++
				}
			}
		}
	}
	if requests < 5000 || responses < 5000 {
		t.Errorf("only %d requests and %d responses were compared", requests, responses)
	}
}

// TestServerAgrees holds what Parse reads to what net/http's server accepts: it
// refuses more than ReadRequest does.
func TestServerAgrees(t *testing.T) {
	for _, head := range plainHeads {
		var r h1.Request
		r.Parse([]byte(head))
		got := make(chan *http.Request, 1)
		accepted := make(chan net.Conn, 1)
		server := &http.Server{
			Handler:  http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) { got <- req }),
			ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		}
		ln := &pipes{conns: accepted}
		served := make(chan error, 1)
		go func() { served <- server.Serve(ln) }()
		client, conn := net.Pipe()
		accepted <- conn
		go func() {
			_, _ = io.WriteString(client, head[:r.Size]+strings.Repeat("x", int(max(0, r.Length))))
		}()
		answer := make([]byte, len("HTTP/1.1 200"))
		if _, err := io.ReadFull(client, answer); err != nil || string(answer) != "HTTP/1.1 200" {
			t.Errorf("%q: net/http answers %q (%v)", head, answer, err)
		} else if req := <-got; req.Host != r.Host || req.URL.Path != r.Path || req.Method != r.Method {
			t.Errorf("%q: net/http serves %s %s of %s", head, req.Method, req.URL.Path, req.Host)
		}
		client.Close()
		close(accepted) // Close waits for Serve
		server.Close()
		if err := <-served; err == nil {
			t.Errorf("%q: the server went on", head)
		}
	}
}

// pipes is a listener for connections that are handed in.
type pipes struct{ conns chan net.Conn }

func (p *pipes) Accept() (net.Conn, error) {
	if conn, ok := <-p.conns; ok {
		return conn, nil
	}
	return nil, net.ErrClosed
}

func (p *pipes) Close() error   { return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes", Net: "pipe"} }
