package sdk_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/gwtest"
)

// upstreamKey is what the gateway presents to the engines.
const upstreamKey = "sk-upstream-only"

// size is how long the vectors of the engines are.
const size = 8

// dialects are those that chat.
func dialects() []fakellm.Dialect {
	return []fakellm.Dialect{fakellm.OpenAI, fakellm.Ollama, fakellm.Anthropic}
}

// world is a gateway before many engines, each of which serves one model.
type world struct {
	*gwtest.Gateway
	t       *testing.T
	yaml    strings.Builder // models
	ends    strings.Builder // endpoints
	engines map[string]*fakellm.Engine
}

// newWorld has one well-behaved engine for each dialect: openai/chat,
// ollama/chat, anthropic/chat, and tei/chat, which only embeds.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, engines: map[string]*fakellm.Engine{}}
	for _, d := range append(dialects(), fakellm.TEI) {
		w.add(d, "chat", fakellm.Script{})
	}
	return w
}

// add puts an engine into the world which serves the model dialect/name, under
// another name of its own, and follows the script.
func (w *world) add(d fakellm.Dialect, name string, s fakellm.Script) *fakellm.Engine {
	own := "own-" + name
	e := fakellm.New(d, fakellm.Models(own), fakellm.Key(upstreamKey), fakellm.Dimensions(size))
	e.Set(s)
	server := fakellm.Start(e)
	w.t.Cleanup(server.Close)
	url := server.URL
	if d == fakellm.OpenAI {
		url += "/v1"
	}
	w.engines[string(d)+"/"+name] = e
	fmt.Fprintf(&w.ends, "  - {name: %s-%s, url: %q, dialect: %s, auth: {mode: replace, key: %s}}\n", d, name, url, d, upstreamKey)
	fmt.Fprintf(&w.yaml, "  - {name: %s/%s, endpoints: [{name: %[1]s-%[2]s, model: %s}]}\n", d, name, own)
	return e
}

// start runs the gateway.
func (w *world) start() *world {
	w.t.Helper()
	w.Gateway = gwtest.Start(w.t, "endpoints:\n"+w.ends.String()+"models:\n"+w.yaml.String()+
		"  - {name: \"library/odd:8b-q4\", endpoints: [{name: openai-chat, model: own-chat}], owned_by: someone}\n"+
		"  - {alias: gpt-4o-mini, of: openai/chat}\n"+
		"stream: {keep_alive: 20ms}\n")
	return w
}

// transport returns a client whose connections end with the test.
func transport(t *testing.T) *http.Client {
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

// openAI is the official client, set up as its users do. Retries are off unless
// options say otherwise.
func (w *world) openAI(t *testing.T, options ...option.RequestOption) openai.Client {
	return openai.NewClient(append([]option.RequestOption{
		option.WithBaseURL(w.URL), option.WithAPIKey(gwtest.Key), option.WithHTTPClient(transport(t)), option.WithMaxRetries(0),
	}, options...)...)
}

// within is a context for what must not take long.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// each runs a test for each dialect that chats, with the model of its
// well-behaved engine.
func each(t *testing.T, f func(t *testing.T, w *world, d fakellm.Dialect)) {
	t.Helper()
	w := newWorld(t).start()
	for _, d := range dialects() {
		t.Run(string(d), func(t *testing.T) { f(t, w, d) })
	}
}

// model is the model of the well-behaved engine.
func model(d fakellm.Dialect) string { return string(d) + "/chat" }
