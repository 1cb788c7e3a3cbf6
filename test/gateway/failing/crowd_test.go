package failing_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/gwtest"
	"github.com/gatehouse-ai/gatehouse/telemetry"
)

// The size of the crowd.
const (
	clients = 64
	rounds  = 12
)

// faults are what happens to some of the requests of the crowd.
func faults() []fakellm.Script {
	gone := func(how fakellm.How, where fakellm.Where, n int) fakellm.Script {
		return fakellm.Script{Break: &fakellm.Break{How: how, Where: where, N: n}}
	}
	return []fakellm.Script{
		fakellm.Refused(500, fakellm.HTML), fakellm.Refused(400, fakellm.Integer), fakellm.Refused(429, fakellm.String), fakellm.Refused(200, fakellm.Nested),
		gone(fakellm.Reset, fakellm.BeforeHeader, 0), gone(fakellm.Close, fakellm.AfterBytes, 50), gone(fakellm.Reset, fakellm.AfterEvents, 5),
		gone(fakellm.Garble, fakellm.AfterEvents, 3),
		{Fail: &fakellm.StreamErr{At: 0}},
		{Fail: &fakellm.StreamErr{At: 5}},
		{Form: fakellm.Form{Gzip: true}},
		{Form: fakellm.Form{Piece: 7}},
		{Form: fakellm.Form{CloseConnection: true}},
		{Form: fakellm.Form{Comments: true, LineEnd: "\r\n"}},
	}
}

var token = regexp.MustCompile(`client-\d+-\d+`)

// TestCrowd has many clients ask all sorts of things at once while engines
// fail. Whatever comes back must be the answer to the client's own question, a
// beginning of it that says that it broke off, or an error.
func TestCrowd(t *testing.T) {
	var lines strings.Builder
	for i, d := range []fakellm.Dialect{fakellm.OpenAI, fakellm.Ollama, fakellm.Anthropic} {
		for _, which := range []string{"a", "b"} {
			e, line := engine(t, fmt.Sprintf("%s-%s", d, which), d, "", fakellm.Dimensions(64))
			lines.WriteString(line)
			for n := range clients * rounds / 6 {
				if n%4 == i {
					e.Queue(faults()[n/4%len(faults())])
				} else {
					e.Queue(fakellm.Script{})
				}
			}
		}
	}
	g := gwtest.Start(t, "endpoints:\n"+lines.String()+"models:\n"+
		"  - {name: openai, endpoints: [openai-a, openai-b]}\n  - {name: ollama, endpoints: [ollama-a, ollama-b]}\n"+
		"  - {name: anthropic, endpoints: [anthropic-a, anthropic-b]}\n")
	transport := &http.Transport{MaxIdleConnsPerHost: clients}
	t.Cleanup(transport.CloseIdleConnections)
	c := &crowd{t: t, gateway: g, client: &http.Client{Transport: transport}, kinds: map[string]int{}, ids: map[string]bool{}}
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			for n := range rounds {
				c.ask(i, n)
			}
		})
	}
	wg.Wait()
	t.Logf("of %d requests: %v", clients*rounds, c.kinds)
	if len(c.ids) != clients*rounds {
		t.Errorf("%d requests had %d ids", clients*rounds, len(c.ids))
	}
	for kind, least := range map[string]int{"whole": clients * rounds / 2, "error": 5, "broken stream": 5} {
		if c.kinds[kind] < least {
			t.Errorf("%d answers were of the kind %q, want at least %d: %v", c.kinds[kind], kind, least, maps.Clone(c.kinds))
		}
	}
	until(t, "no bytes of bodies are held any more", func() bool { return heldBytes(t, g) == "0" })
}

// crowd is many clients.
type crowd struct {
	t       *testing.T
	gateway *gwtest.Gateway
	client  *http.Client

	mu    sync.Mutex
	kinds map[string]int
	ids   map[string]bool
}

// ask asks one question and checks what comes back.
func (c *crowd) ask(client, round int) {
	own := fmt.Sprintf("client-%d-%d", client, round)
	model := []string{"openai", "ollama", "anthropic"}[(client+round)%3]
	stream := (client/3+round)%2 == 0
	text := own + " " + own + " " + own
	path, body := "/chat/completions", fmt.Sprintf(`{"model":%q,"stream":%t,"messages":[{"role":"user","content":%q}]}`, model, stream, text)
	if model == "openai" && round%4 == 3 {
		path, body, stream = "/embeddings", fmt.Sprintf(`{"model":%q,"input":[%q,%q]}`, model, own, text), false
	}
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.gateway.URL+path, strings.NewReader(body))
	if err != nil {
		c.t.Error(err)
		return
	}
	req.Header.Set("Authorization", bearer)
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.client.Do(req)
	if err != nil {
		c.t.Errorf("%s: %v", own, err)
		return
	}
	r := read(resp)
	for _, found := range token.FindAllString(string(r.Body), -1) {
		if found != own {
			c.t.Errorf("%s got a part of the answer for %s: %s", own, found, r.Body)
		}
	}
	kind := c.kind(r, path, "You said: "+text, stream)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kinds[kind]++
	c.ids[r.Header.Get("X-Request-Id")] = true
}

// kind checks an answer and tells what it is.
func (c *crowd) kind(r reply, path, want string, stream bool) string {
	switch {
	case r.Cut != nil:
		c.t.Errorf("%q broke off: %v", want, r.Cut)
		return "cut"
	case r.Status != 200:
		if p := envelope(c.t, r, false); p.Message == "" {
			c.t.Errorf("an error without a message: %s", r.Body)
		}
		return "error"
	case path == "/embeddings":
		var list struct {
			Data []struct{ Embedding []float64 }
		}
		if err := json.Unmarshal(r.Body, &list); err != nil || len(list.Data) != 2 || len(list.Data[0].Embedding) != 64 {
			c.t.Errorf("want two vectors: %v: %s", err, r.Body)
		}
		return "whole"
	case !stream:
		var answer struct {
			Choices []struct{ Message struct{ Content string } }
		}
		if err := json.Unmarshal(r.Body, &answer); err != nil || len(answer.Choices) != 1 || answer.Choices[0].Message.Content != want {
			c.t.Errorf("want %q: %v: %s", want, err, r.Body)
		}
		return "whole"
	}
	return c.streamed(r, want)
}

// streamed checks a stream: all of the answer and [DONE], or a beginning of it
// and an error.
func (c *crowd) streamed(r reply, want string) string {
	text, done, failed := "", false, false
	for line := range strings.Lines(string(r.Body)) {
		data, ok := strings.CutPrefix(strings.TrimRight(line, "\r\n"), "data: ")
		if !ok {
			continue
		}
		var chunk struct {
			Error   any
			Choices []struct{ Delta struct{ Content string } }
		}
		switch {
		case done || failed:
			c.t.Errorf("something follows the end: %s", r.Body)
		case data == "[DONE]":
			done = true
		case json.Unmarshal([]byte(data), &chunk) != nil:
			c.t.Errorf("no JSON: %s", data)
		case chunk.Error != nil:
			failed = true
			openAIError(c.t, []byte(data))
		case len(chunk.Choices) > 0:
			text += chunk.Choices[0].Delta.Content
		}
	}
	if done == failed || done && text != want || !strings.HasPrefix(want, text) {
		c.t.Errorf("done %t, failed %t, %q, want %q: %s", done, failed, text, want, r.Body)
	}
	if failed {
		return "broken stream"
	}
	return "whole"
}

// heldBytes is what the metrics say of the bodies that are held.
func heldBytes(t *testing.T, g *gwtest.Gateway) string {
	t.Helper()
	text := string(send(t, "GET", g.Admin+"/metrics", "").Body)
	for line := range strings.Lines(text) {
		if v, ok := strings.CutPrefix(line, telemetry.MemoryInFlight+" "); ok {
			return strings.TrimSpace(v)
		}
	}
	t.Fatalf("there is no such metric:\n%s", text)
	return ""
}
