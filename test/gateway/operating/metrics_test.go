package operating_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/gwtest"
)

// p1 returns a client that speaks HTTP/1.1 without TLS.
func p1(t *testing.T) *http.Client {
	t.Helper()
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

// TestLabelsAreBounded asks for a thousand models that nobody has named.
func TestLabelsAreBounded(t *testing.T) {
	e := fakellm.New(fakellm.OpenAI, fakellm.AnyModel(), fakellm.Keep(1))
	s := fakellm.Start(e)
	t.Cleanup(s.Close)
	const head = "endpoints: [{name: e, url: %q, health: {interval: 0s}}]\n"
	for name, tc := range map[string]struct{ yaml, model, route string }{
		"fallback": {"models: [{name: m, endpoints: [e]}]\nfallback: {unknown_model: m}\n", "random-%x", "m"},
		"prefix":   {"models: [{prefix: \"any/\", endpoints: [e]}]\n", "any/%x", "any/*"},
		"pattern":  {"models: [{pattern: \"*-chat\", endpoints: [e]}]\n", "%x-chat", "*-chat"},
		"unknown":  {"models: [{name: m, endpoints: [e]}]\n", "random-%x", ""},
	} {
		t.Run(name, func(t *testing.T) {
			g := gwtest.Start(t, fmt.Sprintf(head, s.URL+"/v1")+tc.yaml)
			body := func(i int) string {
				return strings.Replace(ask, `"m"`, `"`+fmt.Sprintf(tc.model, i*7919)+`"`, 1)
			}
			want := chat(t, g, body(0)).status
			g.Record()
			before := slices.Sorted(maps.Keys(metrics(t, g.Admin)))
			for i := range 1000 {
				if a := chat(t, g, body(i+1)); a.status != want {
					t.Fatalf("request %d has status %d: %s", i, a.status, a.body)
				}
				g.Record()
			}
			now := metrics(t, g.Admin)
			if diff := cmp.Diff(before, slices.Sorted(maps.Keys(now))); diff != "" {
				t.Errorf("a thousand names made series (-before +now):\n%s", diff)
			}
			var sum float64
			for name, v := range now {
				if strings.HasPrefix(name, "gatehouse_requests_total{") {
					sum += v
					if !strings.Contains(name, `route="`+tc.route+`"`) {
						t.Errorf("a series is %s", name)
					}
				}
			}
			if sum != 1001 {
				t.Errorf("%v requests were counted", sum)
			}
		})
	}
}

// TestPathsMakeNoSeries asks for a hundred paths, methods and keys that there
// are not.
func TestPathsMakeNoSeries(t *testing.T) {
	_, url := engine(t)
	g := gwtest.Start(t, only(url, ""))
	var before []string
	for i := range 100 {
		req := request(within(t), t, fmt.Sprintf("%s/nowhere/%d", g.URL, i), ask)
		req.Header.Set("Authorization", fmt.Sprintf("Bearer sk-gh-wrong-%d", i))
		do(t, p1(t), req)
		req = request(within(t), t, g.URL, ask)
		req.Method = fmt.Sprintf("VERB%d", i)
		do(t, p1(t), req)
		g.Record()
		g.Record()
		if i == 0 {
			before = slices.Sorted(maps.Keys(metrics(t, g.Admin)))
		}
	}
	if diff := cmp.Diff(before, slices.Sorted(maps.Keys(metrics(t, g.Admin)))); diff != "" {
		t.Errorf("paths or methods made series (-before +now):\n%s", diff)
	}
}

func TestMetricsOfRequests(t *testing.T) {
	e, url := engine(t)
	g := gwtest.Start(t, only(url, ""))
	const inFlight = "gatehouse_requests_in_flight"
	s, gate := held(t, e, p1(t), g.URL)
	if got := metrics(t, g.Admin)[inFlight]; got != 1 {
		t.Errorf("%v requests in flight while one is", got)
	}
	gate.Open()
	s.wantWhole()
	g.Record()
	e.Queue(fakellm.Script{Say: fakellm.Says{Usage: &fakellm.Usage{Input: 100, Output: 20}}})
	chat(t, g, ask)
	g.Record()
	chat(t, g, "{")
	g.Record()
	got := metrics(t, g.Admin)
	for name, want := range map[string]float64{
		inFlight:                           0,
		"gatehouse_memory_in_flight_bytes": 0,

		`gatehouse_requests_total{endpoint="e",operation="createChatCompletion",outcome="complete",route="m",status="200"}`: 2,
		`gatehouse_requests_total{endpoint="",operation="createChatCompletion",outcome="refused",route="",status="400"}`:    1,
		`gatehouse_request_duration_seconds_count{operation="createChatCompletion",route="m"}`:                              2,

		`gatehouse_faults_total{kind="invalid_json",source="client"}`: 1,
		`gatehouse_endpoint_up{endpoint="e"}`:                         1,

		success:    1,
		generation: 1,
	} {
		if v, there := got[name]; !there || v != want {
			t.Errorf("%s is %v (%t), wanted %v", name, v, there, want)
		}
	}
	if v := got[`gatehouse_tokens_total{direction="input",endpoint="e",route="m"}`]; v <= 100 {
		t.Errorf("%v input tokens", v)
	}
	if v := got[`gatehouse_tokens_total{direction="output",endpoint="e",route="m"}`]; v <= 20 {
		t.Errorf("%v output tokens", v)
	}
	if got["gatehouse_config_last_reload_success_timestamp_seconds"] < 1.6e9 || got["gatehouse_config_hash"] == 0 {
		t.Errorf("the configuration's time is %v, its hash %v", got["gatehouse_config_last_reload_success_timestamp_seconds"], got["gatehouse_config_hash"])
	}
}

// TestActiveChecks has an engine die and come back without any request.
func TestActiveChecks(t *testing.T) {
	e, url := engine(t)
	g := gwtest.Start(t, strings.Replace(only(url, ""), "interval: 0s", "interval: 20ms, timeout: 5s", 1))
	const up = `gatehouse_endpoint_up{endpoint="e"}`
	until(t, "the engine is asked", func() bool { return e.Count() > 0 })
	if r := e.Last(); r.Method != http.MethodGet || metrics(t, g.Admin)[up] != 1 {
		t.Errorf("the check is %s %s, and up is %v", r.Method, r.Path, metrics(t, g.Admin)[up])
	}
	e.Set(fakellm.Script{All: true, Refuse: &fakellm.Refusal{Status: 503}})
	until(t, "the engine's death is noticed", func() bool { return metrics(t, g.Admin)[up] == 0 })
	if h := healthz(t, g); h.Endpoints[0].Status == "closed" {
		t.Errorf("operators are told %+v", h.Endpoints)
	}
	if ready := get(t, g.Root+"/readyz"); ready.status != 200 {
		t.Errorf("/readyz has status %d: a gateway is ready also when engines are not", ready.status)
	}
	e.Set(fakellm.Script{})
	until(t, "the engine's return is noticed", func() bool { return metrics(t, g.Admin)[up] == 1 })
	if a := chat(t, g, ask); a.content(t) != "You said: hello" {
		t.Errorf("status %d: %s", a.status, a.body)
	}
	for _, word := range []string{"endpoint is not healthy", "endpoint is healthy"} {
		if !strings.Contains(g.Log(), word) {
			t.Errorf("the log lacks %q", word)
		}
	}
}

func TestListenersAreApart(t *testing.T) {
	_, url := engine(t)
	g := gwtest.Start(t, only(url, ""))
	for _, tc := range []struct {
		url    string
		status int
	}{
		{g.Root + "/healthz", 200},
		{g.Root + "/readyz", 200},
		{g.Root + "/metrics", 404},
		{g.Root + "/v1/metrics", 404},
		{g.Root + "/debug/pprof/", 404},
		{g.Admin + "/metrics", 200},
		{g.Admin + "/healthz", 200},
		{g.Admin + "/readyz", 200},
		{g.Admin + "/v1/models", 404},
		{g.Admin + "/v1/chat/completions", 404},
		{g.Admin + "/debug/pprof/", 404},
	} {
		a := get(t, tc.url)
		if a.status != tc.status {
			t.Errorf("%s has status %d", tc.url, a.status)
		}
		if tc.status == 404 && strings.HasPrefix(tc.url, g.Root) {
			a.envelope(t)
		}
	}
	if a := do(t, p1(t), request(within(t), t, g.Admin+"/v1", ask)); a.status != 404 {
		t.Errorf("the listener for operators answers requests: %s", a.body)
	}
	if a := get(t, g.Root+"/healthz"); strings.Contains(a.body, url) || strings.Contains(a.body, "endpoint") {
		t.Errorf("the public is told of endpoints: %s", a.body)
	}
}

func TestAdminOff(t *testing.T) {
	_, url := engine(t)
	g := gwtest.Start(t, "admin: off\n"+only(url, ""))
	if len(g.App.AdminAddrs()) != 0 {
		t.Errorf("there are listeners for operators: %q", g.App.AdminAddrs())
	}
	if a := chat(t, g, ask); a.content(t) != "You said: hello" {
		t.Errorf("status %d: %s", a.status, a.body)
	}
}
