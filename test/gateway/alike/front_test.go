package alike_test

import (
	"io"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/front"
)

// The fast front writes the date first, net/http in the order of the alphabet:
// so a case can tell who has answered, and the others compare what they mean to.
func TestTheFastFrontServes(t *testing.T) {
	if !front.Supported() {
		return // then both gateways are the same, and there is nothing to compare
	}
	for _, c := range []struct {
		name, text string
		script     []reply
		fast       bool
	}{
		{"list", list(), nil, false},
		{"chunked request", lines("POST "+chat+" HTTP/1.1", "Host: localhost", auth, "Content-Type: application/json", "Transfer-Encoding: chunked") + chunk(chatBody) + "0\r\n\r\n", nil, false},
		{"chat", post(chat, chatBody), nil, true},
		{"stream", post(chat, streaming), []reply{{text: stream(events...)}}, true},
		{"refused", post(chat, "{}"), nil, true},
		{"wrong key", strings.Replace(post(chat, chatBody), auth, "Authorization: Bearer x", 1), nil, true},
		{"translated", post(chat, `{"model":"a","messages":[{"role":"user","content":"Hi"}],"max_tokens":5}`), []reply{{text: anthropicAnswer}}, true},
	} {
		for _, by := range fronts {
			d := setup{one: c.script, yaml: dialects}.start(t, by)
			conn := d.dial()
			conn.send(c.text)
			var head strings.Builder
			b := make([]byte, 1)
			for !strings.HasSuffix(head.String(), "\r\n\r\n") {
				if _, err := io.ReadFull(conn.br, b); err != nil {
					t.Fatal(err)
				}
				head.Write(b)
			}
			_, second, _ := strings.Cut(head.String(), "\r\n")
			if got, want := strings.HasPrefix(second, "Date: "), c.fast && by == "auto"; got != want {
				t.Errorf("%s, front: %s: served by the fast front: %v, want %v\n%s", c.name, by, got, want, head.String())
			}
			d.collect()
		}
	}
}
