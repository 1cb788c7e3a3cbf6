package failing_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/gwtest"
)

// prompt is a text that a client sends and nobody but the engine may see.
const prompt = "Prompt0Canary0Kd9v"

// TestCanaries serves all sorts of good and bad requests while engines repeat
// the credentials and the prompts that they get in their errors, and then
// looks for them wherever an operator, or another client, could read. A gateway
// key no engine can repeat, since none ever gets one.
func TestCanaries(t *testing.T) {
	secret := ", auth: {mode: replace, key: " + upstreamKey + "}, headers: {X-Org-Token: " + headerSecret + "}"
	own, ownLine := engine(t, "own", fakellm.OpenAI, secret, fakellm.Key(upstreamKey))
	through, throughLine := engine(t, "through", fakellm.OpenAI, ", auth: passthrough")
	claude, claudeLine := engine(t, "claude", fakellm.Anthropic, secret)
	ollama, ollamaLine := engine(t, "ollama", fakellm.Ollama, secret)
	g := gwtest.Start(t, "endpoints:\n"+ownLine+throughLine+claudeLine+ollamaLine+
		"models:\n  - {name: own, endpoints: [own]}\n  - {name: through, endpoints: [through]}\n"+
		"  - {name: claude, endpoints: [claude]}\n  - {name: ollama, endpoints: [ollama]}\n")
	engines := map[string]*fakellm.Engine{"own": own, "through": through, "claude": claude, "ollama": ollama}
	for model, e := range engines {
		body := fmt.Sprintf(`{"model":%q,"messages":[{"role":"user","content":%q}]}`, model, prompt)
		streamed := strings.Replace(body, `]}`, `],"stream":true}`, 1)
		for _, script := range echoes() {
			for _, body := range []string{body, streamed} {
				e.Queue(script)
				secretAsk(t, g, model, body)
				secretAsk(t, g, model, body) // a good one, so that health forgets
			}
		}
		secretAsk(t, g, model, body[:len(body)-1])
		secretAsk(t, g, model, strings.Replace(body, "messages", "massages", 1))
		secretAsk(t, g, model, strings.Replace(body, `"`+model+`"`, `"nope"`, 1))
	}
	wrong := send(t, "POST", g.URL+"/chat/completions", chat(false), "Authorization", "Bearer "+clientKey)
	if wrong.Status != 401 || strings.Contains(string(wrong.Body), clientKey) {
		t.Errorf("a wrong key: status %d: %s", wrong.Status, wrong.Body)
	}
	places := map[string]string{"the log": g.Log()}
	for _, url := range []string{g.Admin + "/metrics", g.Admin + "/healthz", g.Admin + "/readyz", g.Root + "/healthz", g.Root + "/readyz", g.Root + "/"} {
		r := send(t, "GET", url, "")
		if r.Status != 200 || len(r.Body) == 0 {
			t.Errorf("%s: status %d", url, r.Status)
		}
		places[url] = string(r.Body)
	}
	if n := strings.Count(places["the log"], `"msg":"request"`); n < 100 {
		t.Errorf("the log has %d requests: it proves nothing", n)
	}
	for place, text := range places {
		for _, secret := range []string{gwtest.Key, upstreamKey, clientKey, headerSecret, prompt} {
			if i := strings.Index(text, secret); i >= 0 {
				t.Errorf("%s has %q: …%s…", place, secret, text[max(0, i-300):min(len(text), i+100)])
			}
		}
	}
}

const headerSecret = "Header0Canary0Tt5r"

// echoes are the ways in which an engine repeats what it got.
func echoes() []fakellm.Script {
	message := fmt.Sprintf("no: %s, %s, %s; you asked %s", upstreamKey, clientKey, headerSecret, prompt)
	var out []fakellm.Script
	for _, status := range []int{200, 400, 401, 403, 429, 500} {
		for _, shape := range []fakellm.Shape{fakellm.Own, fakellm.Nested, fakellm.String, fakellm.PlainText, fakellm.HTML} {
			if status == 200 && (shape == fakellm.PlainText || shape == fakellm.HTML) {
				continue
			}
			out = append(out, fakellm.Script{Refuse: &fakellm.Refusal{Status: status, Shape: shape, Message: message}})
		}
	}
	return append(out,
		fakellm.Script{Fail: &fakellm.StreamErr{At: 0, Message: message}},
		fakellm.Script{Fail: &fakellm.StreamErr{At: 2, Message: message}},
		fakellm.Script{Break: &fakellm.Break{How: fakellm.Reset, Where: fakellm.BeforeHeader}},
		fakellm.Script{Break: &fakellm.Break{How: fakellm.Garble, Where: fakellm.AfterBytes, N: 10}},
	)
}

// secretAsk asks with the credentials that belong to the model, and looks for
// what the client must not learn in the answer. Its own words it may.
func secretAsk(t *testing.T, g *gwtest.Gateway, model, body string) {
	t.Helper()
	sent := []string{"Authorization", bearer, "X-Client-Request-Id", "c-1"}
	if model == "through" {
		sent = []string{"X-Gatehouse-Key", gwtest.Key, "Authorization", "Bearer " + clientKey}
	}
	r := send(t, "POST", g.URL+"/chat/completions", body, sent...)
	if model == "through" {
		return // the endpoint has no secret that is not the client's own
	}
	for _, secret := range []string{upstreamKey, headerSecret, gwtest.Key} {
		if strings.Contains(string(r.Body), secret) {
			t.Errorf("%s: the client got %q with status %d: %s", model, secret, r.Status, r.Body)
		}
		for name, values := range r.Header {
			if strings.Contains(strings.Join(values, " "), secret) {
				t.Errorf("%s: the client got %q in %s", model, secret, name)
			}
		}
	}
}
