package operating_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/gwtest"
)

const (
	success    = "gatehouse_config_last_reload_success"
	generation = "gatehouse_config_generation"
)

// adminHealth is what /healthz tells operators.
type adminHealth struct {
	Status string
	Config struct {
		Generation uint64
		OK         bool
		Error      string
	}
	Endpoints []struct {
		Name     string
		Status   string
		Failures int
		InFlight int `json:"in_flight"`
	}
}

func healthz(t *testing.T, g *gwtest.Gateway) adminHealth {
	t.Helper()
	var h adminHealth
	if a := get(t, g.Admin+"/healthz"); a.status != 200 || json.Unmarshal([]byte(a.body), &h) != nil {
		t.Fatalf("/healthz: status %d: %s", a.status, a.body)
	}
	return h
}

// TestReloadLeavesRequestsInFlight removes the endpoint and the model of a
// stream that has begun.
func TestReloadLeavesRequestsInFlight(t *testing.T) {
	before, urlBefore := engine(t)
	after, urlAfter := engine(t)
	g := gwtest.Start(t, only(urlBefore, ""))
	gate := fakellm.NewGate()
	before.Queue(fakellm.Script{Wait: fakellm.Wait{Gate: gate}})
	gate.Step(2)
	s := newStream(t, g.Post(within(t), "/chat/completions", askStream))
	begun := said(t, []string{s.event(), s.event()})

	g.Write(strings.ReplaceAll(strings.ReplaceAll(only(urlAfter, ""), "name: e,", "name: other,"), "[{name: m, endpoints: [e]}]", `[{name: n, endpoints: [{name: other, model: m}]}]`))
	if err := g.Reload(); err != nil {
		t.Fatal(err)
	}
	if a := chat(t, g, ask); a.status != 404 || a.envelope(t).Code != "model_not_found" {
		t.Errorf("the model that was removed: status %d: %s", a.status, a.body)
	}
	if a := chat(t, g, strings.Replace(ask, `"m"`, `"n"`, 1)); a.content(t) != "You said: hello" || after.Count() != 1 {
		t.Errorf("the new model: status %d: %s", a.status, a.body)
	}
	gate.Open()
	if got := begun + s.wantWhole(); got != "You said: hello" {
		t.Errorf("the stream from before the reload said %q", got)
	}
	until(t, "the connection to the endpoint that was removed is closed", func() bool { return before.Connections() == 0 })
	if _, there := metrics(t, g.Admin)[`gatehouse_endpoint_up{endpoint="e"}`]; there {
		t.Error("there is still a series of the endpoint that was removed")
	}
}

func TestReloadKeepsConnections(t *testing.T) {
	e, url := engine(t)
	g := gwtest.Start(t, only(url, ""))
	chat(t, g, ask)
	g.Write(only(url, "") + "fallback: {unknown_model: m}\n")
	if err := g.Reload(); err != nil {
		t.Fatal(err)
	}
	a := chat(t, g, `{"model":"unheard-of","messages":[{"role":"user","content":"hello"}]}`)
	if a.content(t) != "You said: hello" || e.Dialled() != 1 {
		t.Errorf("status %d, %d connections: %s", a.status, e.Dialled(), a.body)
	}
}

// TestBadFile shows that a bad configuration, however it comes to be read,
// changes nothing but what operators are told.
func TestBadFile(t *testing.T) {
	_, url := engine(t)
	good := only(url, "")
	for _, tc := range []struct{ name, yaml, says string }{
		{"an unknown key", good + "modells: []\n", `unknown key "modells"`},
		{"a row that names no endpoint", strings.Replace(good, "endpoints: [e]", "endpoints: [nope]", 1), `there is no endpoint "nope"`},
		{"not YAML", "x: [\n", "is not YAML"},
		{"a certificate that is not there", good + "tls: {cert_file: none.crt, key_file: none.key}\n", `none.crt" cannot be read`},
		{"a secret that is not there", strings.Replace(good, "url:", "auth: {key: \"${env:GATEHOUSE_TEST_NOT_SET}\"}, url:", 1), "GATEHOUSE_TEST_NOT_SET"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := gwtest.Start(t, good)
			was := metrics(t, g.Admin)
			g.Write(tc.yaml)
			if err := g.Reload(); err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("Reload: %v", err)
			}
			h := healthz(t, g)
			if h.Config.OK || !strings.Contains(h.Config.Error, tc.says) || h.Config.Generation != 1 {
				t.Errorf("operators are told %+v", h.Config)
			}
			public := get(t, g.Root+"/healthz")
			if public.status != 200 || !strings.Contains(public.body, "the last reload failed") || strings.Contains(public.body, tc.says) {
				t.Errorf("the public is told %s", public.body)
			}
			now := metrics(t, g.Admin)
			if now[success] != 0 || now[generation] != 1 || now["gatehouse_config_hash"] != was["gatehouse_config_hash"] {
				t.Errorf("success %v, generation %v, hash %v after %v", now[success], now[generation], now["gatehouse_config_hash"], was["gatehouse_config_hash"])
			}
			if !strings.Contains(g.Log(), "the last good one stays in use") {
				t.Errorf("the log has nothing of it:\n%s", g.Log())
			}
			if a := chat(t, g, ask); a.content(t) != "You said: hello" {
				t.Errorf("requests are no longer served: %s", a.body)
			}
			if ready := get(t, g.Root+"/readyz"); ready.status != 200 {
				t.Errorf("/readyz has status %d", ready.status)
			}

			g.Write(good)
			if err := g.Reload(); err != nil {
				t.Fatal(err)
			}
			if h := healthz(t, g); !h.Config.OK || h.Config.Error != "" || metrics(t, g.Admin)[success] != 1 {
				t.Errorf("after the file was mended operators are told %+v", h.Config)
			}
		})
	}
}

// TestFileIsWatched changes the file and tells nobody.
func TestFileIsWatched(t *testing.T) {
	_, url := engine(t)
	g := gwtest.Start(t, only(url, ""))
	g.Write("bad: true\n")
	until(t, "a bad file is noticed", func() bool { return metrics(t, g.Admin)[success] == 0 })
	if a := chat(t, g, ask); a.status != 200 {
		t.Errorf("status %d with a bad file", a.status)
	}
	if err := os.Remove(g.File); err != nil {
		t.Fatal(err)
	}
	until(t, "the file's absence is noticed", func() bool { return strings.Contains(healthz(t, g).Config.Error, "cannot be read") })
	g.Write(only(url, "") + "fallback: {unknown_model: m}\n")
	until(t, "a good file is noticed", func() bool { return metrics(t, g.Admin)[success] == 1 })
	if a := chat(t, g, strings.Replace(ask, `"m"`, `"x"`, 1)); a.status != 200 {
		t.Errorf("the new configuration is not in use: %s", a.body)
	}
}

// TestReferencedFileIsWatched changes a file that the configuration refers to.
func TestReferencedFileIsWatched(t *testing.T) {
	e, url := engine(t)
	key := t.TempDir() + "/engine.key"
	replace(t, key, []byte("first-key-of-the-engine"))
	g := gwtest.Start(t, only(url, fmt.Sprintf(`, auth: {key: "${file:%s}"}`, key)))
	chat(t, g, ask)
	if got := e.Last().Header.Get("Authorization"); got != "Bearer first-key-of-the-engine" {
		t.Fatalf("the engine got %q", got)
	}
	replace(t, key, []byte("second-key-of-the-engine"))
	until(t, "the new key is in use", func() bool {
		chat(t, g, ask)
		return e.Last().Header.Get("Authorization") == "Bearer second-key-of-the-engine"
	})
}

func TestKeyRemoved(t *testing.T) {
	_, url := engine(t)
	g := gwtest.Start(t, only(url, ""))
	g.Write("keys: [{name: other, key: sk-gh-another-key-0123456789abcdefghijklmno}]\n" + only(url, ""))
	if err := g.Reload(); err != nil {
		t.Fatal(err)
	}
	if a := chat(t, g, ask); a.status != 401 || a.envelope(t).Code != "invalid_api_key" {
		t.Errorf("the key that was removed has status %d: %s", a.status, a.body)
	}
}

// TestKeysAreNotSwitchedOff has a gateway that other machines reach. A file
// without keys that says to listen on loopback is in order by itself, but the
// listener stays where it is until the restart.
func TestKeysAreNotSwitchedOff(t *testing.T) {
	_, url := engine(t)
	g := gwtest.Start(t, "listen: 0.0.0.0:0\n"+only(url, ""))
	g.Write("keys: []\n" + only(url, ""))
	if err := g.Reload(); err == nil || !strings.Contains(err.Error(), "until it is restarted") {
		t.Errorf("Reload: %v", err)
	}
	base := strings.Replace(g.URL, "[::]", "127.0.0.1", 1)
	req := request(within(t), t, base, ask)
	req.Header.Del("Authorization")
	if a := do(t, p1(t), req); a.status != 401 {
		t.Errorf("without a key: status %d: %s", a.status, a.body)
	}
}

// TestStartOnly changes what a reload does not.
func TestStartOnly(t *testing.T) {
	_, url := engine(t)
	for yaml, says := range map[string]string{
		"listen: 127.0.0.1:1\n":                "listeners are opened at the start only",
		"admin: off\n":                         "listeners are opened at the start only",
		"log: {format: text}\n":                "log and limits.header_bytes are read at the start only",
		"limits: {header_bytes: 1MiB}\n":       "log and limits.header_bytes are read at the start only",
		"fallback: {unknown_model: m}\n":       "",
		"limits: {json_body: 1MiB}\n":          "",
		"shutdown: {grace: 1s}\nretries: {}\n": "",
	} {
		g := gwtest.Start(t, strings.Replace(only(url, ""), "retries: {attempts: 1}\n", "", 1))
		g.Write(yaml + strings.Replace(only(url, ""), "retries: {attempts: 1}\n", "", 1))
		if err := g.Reload(); err != nil {
			t.Errorf("%q: %v", yaml, err)
		}
		warned := strings.Contains(g.Log(), "at the start only")
		if warned != (says != "") || !strings.Contains(g.Log(), says) {
			t.Errorf("%q: the log is\n%s", yaml, g.Log())
		}
	}
}

// TestHealthIsCarriedOver opens an endpoint and reloads: with the endpoint as
// it was, and changed.
func TestHealthIsCarriedOver(t *testing.T) {
	e, url := engine(t)
	g := gwtest.Start(t, only(url, ""))
	e.Set(fakellm.Script{Break: &fakellm.Break{How: fakellm.Reset, Where: fakellm.BeforeHeader}})
	const up = `gatehouse_endpoint_up{endpoint="e"}`
	if metrics(t, g.Admin)[up] != 1 {
		t.Error("an endpoint of which nothing bad is known is not up")
	}
	for range 3 {
		chat(t, g, ask)
	}
	open := func(when, status string, failures int, value float64) {
		t.Helper()
		h := healthz(t, g)
		if len(h.Endpoints) != 1 || h.Endpoints[0].Status != status || h.Endpoints[0].Failures != failures {
			t.Errorf("%s operators are told %+v", when, h.Endpoints)
		}
		if got := metrics(t, g.Admin)[up]; got != value {
			t.Errorf("%s %s is %v", when, up, got)
		}
	}
	open("after three failures", "open", 3, 0)
	g.Write(only(url, "") + "fallback: {unknown_model: m}\n")
	if err := g.Reload(); err != nil {
		t.Fatal(err)
	}
	open("after a reload", "open", 3, 0)
	g.Write(only(url, ", timeouts: {connect: 7s}"))
	if err := g.Reload(); err != nil {
		t.Fatal(err)
	}
	open("after the endpoint was changed", "closed", 0, 1)
}

func TestHundredReloads(t *testing.T) {
	_, urlA := engine(t)
	_, urlB := engine(t)
	g := gwtest.Start(t, only(urlA, ""))
	bound := within(t)
	ctx, cancel := context.WithCancel(bound)
	defer cancel()
	answered := make(chan struct{}) // one of them between two reloads at least
	var wg sync.WaitGroup
	failures := make(chan string, 8) // one of each client at most
	for i := range 8 {
		body := ask
		if i%2 == 1 {
			body = askStream
		}
		c := &http.Client{Transport: &http.Transport{}}
		wg.Go(func() {
			defer c.CloseIdleConnections()
			for ctx.Err() == nil {
				if err := complete(c, request(bound, t, g.URL, body)); err != nil {
					failures <- err.Error()
					return
				}
				select {
				case answered <- struct{}{}:
				default:
				}
			}
		})
	}
	for i := range 100 {
		select {
		case <-answered:
		case f := <-failures:
			t.Fatal(f)
		case <-bound.Done():
			t.Fatal("no request is answered any more")
		}
		url := urlA
		if i%2 == 0 {
			url = urlB
		}
		g.Write(only(url, ""))
		if err := g.Reload(); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	wg.Wait()
	close(failures)
	for f := range failures {
		t.Error(f)
	}
	if got := metrics(t, g.Admin); got[generation] < 101 || got["gatehouse_requests_in_flight"] != 0 {
		t.Errorf("generation %v, %v requests in flight", got[generation], got["gatehouse_requests_in_flight"])
	}
}

// complete sends a request, whose answer must be a whole one.
func complete(c *http.Client, req *http.Request) error {
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	whole := strings.HasSuffix(string(body), "data: [DONE]\n\n") || strings.HasSuffix(strings.TrimSpace(string(body)), "}")
	if resp.StatusCode != 200 || !whole {
		return fmt.Errorf("status %d: %s", resp.StatusCode, body)
	}
	return nil
}
