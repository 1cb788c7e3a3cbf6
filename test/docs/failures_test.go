package docs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/gwtest"
)

// failure is what a row of the table of failures says.
type failure struct{ client, fault, elsewhere, breaker string }

// failures reads the table of docs/architecture.md, by the text of its first
// column.
func failures(t *testing.T) map[string]failure {
	t.Helper()
	_, text, found := strings.Cut(read(t, "docs/architecture.md"), "\n## What happens when something fails\n")
	text, _, _ = strings.Cut(text, "\n## ")
	out := map[string]failure{}
	for _, m := range regexp.MustCompile(`(?m)^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$`).FindAllStringSubmatch(text, -1) {
		out[m[1]] = failure{m[2], m[3], m[4], m[5]}
	}
	if !found || len(out) < 20 {
		t.Fatalf("only %d rows of failures were found", len(out))
	}
	return out
}

// TestFailures makes an endpoint fail in each way that the table of
// docs/architecture.md has for endpoints, and looks whether the table is true.
func TestFailures(t *testing.T) {
	refuse := func(status int) fakellm.Script { return fakellm.Refused(status, fakellm.Own) }
	broken := func(how fakellm.How, where fakellm.Where, n int) fakellm.Script {
		return fakellm.Script{Break: &fakellm.Break{How: how, Where: where, N: n}}
	}
	long := broken(fakellm.Close, fakellm.AfterBytes, 150_000)
	long.Say.Text = strings.Repeat("word ", 40_000)
	body := func(status int, media, text string) fakellm.Script {
		return fakellm.Script{Refuse: &fakellm.Refusal{Status: status, Type: media, Body: text, Header: map[string]string{"Location": "/elsewhere"}}}
	}
	const (
		key         = "auth: {mode: replace, key: sk-endpoint}, "
		passthrough = "auth: passthrough, "
	)
	table := failures(t)
	for _, c := range []struct {
		row     string
		script  fakellm.Script
		options string // of the endpoint
		stream  bool
		status  int  // that the client sees; 0 is a connection that is cut
		retried bool // another endpoint is tried
		counted bool // against the endpoint's health
	}{
		{row: "no connection, or a certificate that is not accepted", options: "down", status: 502, retried: true, counted: true},
		{row: "no connection, header or first token in time", script: broken(fakellm.Hang, fakellm.BeforeHeader, 0), options: "timeouts: {header: 50ms}, ", status: 504, retried: true, counted: true},
		{row: "no connection, header or first token in time", script: broken(fakellm.Hang, fakellm.AfterEvents, 0), options: "timeouts: {first_token: 50ms}, ", stream: true, status: 504, retried: true, counted: true},
		{row: "the endpoint hangs up before it has answered", script: broken(fakellm.Reset, fakellm.BeforeHeader, 0), status: 502, retried: true, counted: true},
		{row: "it answers 500, 502, 503, 504 or 529", script: refuse(500), status: 500, retried: true, counted: true},
		{row: "it answers 500, 502, 503, 504 or 529", script: refuse(529), status: 529, retried: true, counted: true},
		{row: "it answers with another 5xx", script: refuse(505), status: 505, counted: true},
		{row: "it answers 4xx", script: refuse(400), status: 400},
		{row: "it answers 4xx", script: refuse(429), status: 429},
		{row: "it answers 401 to the gateway's own credential", script: refuse(401), options: key, status: 401},
		{row: "it answers 429, with `auth: passthrough` and as is", script: fakellm.RateLimited(time.Second), options: passthrough, status: 429},
		{row: "it answers with a redirect, or a web page of status 200", script: body(302, "text/plain", "elsewhere"), status: 502, retried: true},
		{row: "it answers with a redirect, or a web page of status 200", script: body(200, "text/html", "<html>"), status: 502, retried: true},
		{row: "it answers 200 with an error in it, or begins a stream with one", script: body(200, "application/json", `{"error":{"message":"no","code":503}}`), status: 503, retried: true},
		{row: "it answers 200 with an error in it, or begins a stream with one", script: body(200, "application/json", `{"error":{"message":"no","code":400}}`), status: 400},
		{row: "it answers 200 with an error in it, or begins a stream with one", script: fakellm.Script{Fail: &fakellm.StreamErr{Data: `{"error":{"message":"no","code":503}}`}}, stream: true, status: 503, retried: true},
		{row: "its answer in JSON breaks off, up to 64 KiB", script: broken(fakellm.Close, fakellm.AfterBytes, 100), status: 502, retried: true, counted: true},
		{row: "beyond 64 KiB, or bytes such as audio", script: long, counted: true},
		{row: "its stream breaks off", script: broken(fakellm.Reset, fakellm.AfterEvents, 2), stream: true, status: 200, counted: true},
		{row: "its stream ends cleanly, but without its end", script: broken(fakellm.End, fakellm.AfterEvents, 2), stream: true, status: 200},
		{row: "its stream falls silent for `timeouts.idle`", script: broken(fakellm.Hang, fakellm.AfterEvents, 2), options: "timeouts: {idle: 50ms}, ", stream: true, status: 200, counted: true},
	} {
		t.Run(fmt.Sprint(c.row, " ", c.status), func(t *testing.T) {
			says, found := table[c.row]
			if !found {
				t.Fatal("the table has no such row")
			}
			g, url := gateway(t, c.options, c.script)
			status, text, cut := ask(t, g, "alone", c.stream)
			if status != c.status && !(c.status == 0 && cut) {
				t.Errorf("the client gets %d %.300s", status, text)
			}
			r := g.Record()
			if r.Fault == nil {
				t.Fatalf("no fault is recorded, but the outcome %q", r.Outcome)
			}
			if !strings.Contains(says.fault, "`"+r.Fault.Kind.String()+"`") || !strings.HasSuffix(says.fault, "`"+string(r.Outcome)+"`") {
				t.Errorf("fault %s, outcome %s, but the page says %s", r.Fault.Kind, r.Outcome, says.fault)
			}
			if event := c.stream && c.status == 200; event != strings.HasPrefix(says.client, "an error event") {
				t.Errorf("the client gets %d, but the page says %s", status, says.client)
			} else if event && (!strings.HasSuffix(strings.TrimSpace(text), "}}") || strings.Contains(text, "[DONE]") || !strings.Contains(text, `data: {"error":`)) {
				t.Errorf("the stream ends with %q", text[max(0, len(text)-200):])
			}
			counted := endpointFailures(t, g) > 0
			if counted != c.counted || counted != (says.breaker == "yes" || says.breaker == "but for 501") {
				t.Errorf("counted against the endpoint: %v, but the page says %s", counted, says.breaker)
			}
			ask(t, g, "pair", c.stream)
			r = g.Record()
			retried := r.Attempts == 2
			if retried != c.retried || says.elsewhere != "by the status" && retried != (says.elsewhere == "yes") {
				t.Errorf("%s: %d attempts, but the page says %q", url, r.Attempts, says.elsewhere)
			}
		})
	}
}

// gateway starts one with an endpoint that fails, alone and in a pool with a
// standby that works. A key of the gateway's comes apart from the client's
// Authorization.
func gateway(t *testing.T, options string, script fakellm.Script) (g *gwtest.Gateway, url string) {
	t.Helper()
	bad, good := fakellm.New(fakellm.OpenAI, fakellm.AnyModel()), fakellm.New(fakellm.OpenAI, fakellm.AnyModel())
	badServer, goodServer := fakellm.Start(bad), fakellm.Start(good)
	t.Cleanup(badServer.Close)
	t.Cleanup(goodServer.Close)
	if options == "down" {
		badServer.Close()
		options = ""
	} else {
		bad.Set(script)
	}
	return gwtest.Start(t, `
endpoints:
  - {name: bad, url: "`+badServer.URL+`/v1", `+options+`health: {interval: 0s}}
  - {name: good, url: "`+goodServer.URL+`/v1", health: {interval: 0s}}
models:
  - {name: alone, endpoints: [bad]}
  - {name: pair, endpoints: [bad, {name: good, weight: 0}]}
`), badServer.URL
}

// ask sends a chat completion and reads its answer. cut says that the
// connection broke off.
func ask(t *testing.T, g *gwtest.Gateway, model string, stream bool) (status int, text string, cut bool) {
	t.Helper()
	body := fmt.Sprintf(`{"model":%q,"stream":%v,"messages":[{"role":"user","content":"Hi"}]}`, model, stream)
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, g.URL+"/chat/completions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer sk-of-the-client")
	req.Header.Set("X-Gatehouse-Key", gwtest.Key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", true
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(all), err != nil
}

// endpointFailures returns the failures in a row of the endpoint that fails.
func endpointFailures(t *testing.T, g *gwtest.Gateway) int {
	t.Helper()
	resp, err := http.Get(g.Admin + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var health struct {
		Endpoints []struct {
			Name     string `json:"name"`
			Failures int    `json:"failures"`
		} `json:"endpoints"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&health); err != nil {
		t.Fatal(err)
	}
	for _, e := range health.Endpoints {
		if e.Name == "bad" {
			return e.Failures
		}
	}
	t.Fatal("the endpoint is not there")
	return 0
}
