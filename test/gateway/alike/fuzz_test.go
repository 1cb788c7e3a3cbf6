package alike_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Patience with a connection that is silent, since what was sent is not whole:
// little at first, and more before a difference counts.
const (
	brief = 300 * time.Millisecond
	long  = 3 * time.Second
)

// outcome is what bytes on a connection lead to.
type outcome struct {
	Statuses []int
	Hung     bool
	Requests []request
}

// try sends bytes and the last request.
func (d *side) try(data string, patience time.Duration) outcome {
	d.one.take()
	c := dial(d.tb, d.g.Root)
	defer c.conn.Close()
	_ = c.conn.SetDeadline(time.Now().Add(patience))
	c.send(data + last)
	c.rest()
	out := outcome{Hung: c.hung}
	for i := range c.answers {
		out.Statuses = append(out.Statuses, c.answers[i].status())
	}
	if out.Requests = d.one.take(); out.Hung {
		out.Requests = nil // one may be on its way still
	}
	list := seen{One: out.Requests}
	d.normalise(&list)
	return out
}

// FuzzConnection sends the same bytes to both fronts, which must answer the same
// requests with the same statuses, and send engines the same.
func FuzzConnection(f *testing.F) {
	plain := post(chat, chatBody)
	for _, text := range []string{
		"", plain, plain + plain, list() + plain, post(chat, streaming), post(chat, "{"), post("/v1/nothing", "x"), "garbage\r\n\r\n", "\r\n" + plain,
		plain + "\r\n", strings.ReplaceAll(plain, "\r\n", "\n"), strings.Replace(plain, "1.1", "1.0", 1), strings.Replace(plain, chat, "//"+chat, 1),
		post(chat, chatBody, "Expect: 100-continue"), post(chat, chatBody, "X-A : b"), post(chat, chatBody, " folded"), post(chat, chatBody, "Connection: close"),
		post(chat, chatBody, "X-Nul: a\x00b"), post(chat, chatBody, "X-High: \xff"), post(chat, chatBody, "Content-Length: 5"), post(chat, chatBody, "User-Agent:", "User-Agent: b"),
		lines("POST "+chat+" HTTP/1.1", "Host: localhost", auth, "Content-Type: application/json", "Transfer-Encoding: chunked") + chunk(chatBody) + "0\r\nX: y\r\n\r\n",
		lines("POST "+chat+" HTTP/1.1", "Host: localhost", auth, "Content-Type: application/json", "Content-Length: 5", "Transfer-Encoding: chunked") + chunk(chatBody) + "0\r\n\r\n",
		strings.Replace(plain, "Content-Length: ", "Content-Length: +", 1), strings.Replace(plain, "Content-Length: ", "Content-Length: 0", 1),
		post(chat+"?a=b&key=c", chatBody), post("/v1/chat%2Fcompletions", chatBody), post("http://localhost"+chat, chatBody),
	} {
		f.Add([]byte(text))
	}
	s := setup{top: "limits: {body_read: 100ms}\n"}
	var sides [2]*side
	for i, front := range fronts {
		sides[i] = s.start(f, front)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 64<<10 {
			return
		}
		var got [2]outcome
		for _, patience := range []time.Duration{brief, long} {
			for i, d := range sides {
				d.tb = t
				got[i] = d.try(string(data), patience)
			}
			if cmp.Equal(got[0], got[1]) {
				return
			}
		}
		t.Errorf("%s\nnet/http -, event loops +:\n%s", fmt.Sprintf("%q", data), cmp.Diff(got[0], got[1]))
	})
}
