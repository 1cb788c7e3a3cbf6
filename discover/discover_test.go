package discover_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/apikey"
	"github.com/gatehouse-ai/gatehouse/catalog"
	"github.com/gatehouse-ai/gatehouse/discover"
	"github.com/gatehouse-ai/gatehouse/route"
)

// pages is a server that knows some paths. Its answers have a status of 200
// unless they begin with another and a space.
type pages map[string]string

func (p pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, ok := p[r.URL.Path]
	status := http.StatusOK
	if !ok {
		status, text = http.StatusNotFound, `{"detail":"Not Found"}`
		if other, ok := p["else"]; ok {
			status, text = http.StatusOK, other
		}
	}
	if r.Method != http.MethodGet {
		status = http.StatusMethodNotAllowed
	}
	if n, err := fmt.Sscanf(text, "%d ", &status); n == 1 && err == nil {
		text = text[4:]
	}
	if status == http.StatusFound {
		w.Header().Set("Location", text)
	}
	w.WriteHeader(status)
	fmt.Fprint(w, text)
}

// serve returns the address of a server.
func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// The engines as they answer.
var (
	ollamaPages = pages{
		"/api/version": `{"version":"0.12.3"}`,
		"/api/tags": `{"models":[
			{"name":"llama3.1:8b","modified_at":"2025-05-01T10:00:00.5+02:00"},
			{"name":"nomic-embed-text:latest","modified_at":"never"},
			{"name":"shared","modified_at":"2025-05-01T10:00:00Z"}]}`,
		"/v1/models": `{"object":"list","data":[{"id":"llama3.1:8b","object":"model","created":1,"owned_by":"library"}]}`,
	}
	vllmPages = pages{
		"/version":   `{"version":"0.11.0"}`,
		"/v1/models": `{"object":"list","data":[{"id":"meta-llama/Llama-3.1-8B","created":1746000000,"owned_by":"vllm"},{"id":"shared","owned_by":"vllm"}]}`,
	}
	sglangPages = pages{
		"/v1/models":   `{"object":"list","data":[{"id":"qwen","created":5,"owned_by":"sglang"}]}`,
		"/api/version": `{"version":"0.0.0"}`, "/api/tags": `{"models":[{"name":"qwen"}]}`,
	}
	llamacppPages = pages{
		"/v1/models": `{"models":[{"name":"x.gguf"}],"object":"list","data":[{"id":"x.gguf","created":6,"owned_by":"llamacpp"}]}`,
	}
	oldLlamacppPages = pages{
		"/v1/models": `{"object":"list","data":[{"id":"y.gguf","owned_by":"me"}]}`,
		"/props":     `{"default_generation_settings":{}}`,
	}
	lmstudioPages = pages{
		"/v1/models":     `{"object":"list","data":[{"id":"phi-4","object":"model","owned_by":"organization_owner"}]}`,
		"/api/v0/models": `{"object":"list","data":[{"id":"phi-4","object":"model","type":"llm","publisher":"x","state":"not-loaded"}]}`,
		"else":           `{"error":"Unexpected endpoint or method."}`,
	}
	unnamedPages = pages{
		"/v1/models": `{"object":"list","data":[{"id":"some-model","owned_by":"somebody"}]}`,
	}
)

func nothing(string) (string, bool) { return "", false }

func env(vars map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		v, ok := vars[name]
		return v, ok
	}
}

var (
	timeouts = catalog.Timeouts{Connect: 1, Header: 2, FirstToken: 3, Idle: 4, Total: 5}
	check    = catalog.HealthCheck{Interval: 6, Timeout: 7}
)

// find runs a Finder at the places alone.
func find(t *testing.T, places ...string) discover.Result {
	t.Helper()
	f := discover.Finder{Env: nothing, Providers: []discover.Provider{}, Timeouts: timeouts, Health: check}
	for i, p := range places {
		f.Places = append(f.Places, discover.Place{Usual: fmt.Sprintf("usual-%d", i), Address: p})
	}
	return checked(t, f.Find(t.Context()))
}

// checked sees to it that a result can be routed.
func checked(t *testing.T, r discover.Result) discover.Result {
	t.Helper()
	if _, err := route.New(r.Models, r.Aliases, ""); err != nil {
		t.Errorf("cannot be routed: %v", err)
	}
	return r
}

// rows writes models in short.
func rows(r discover.Result) []string {
	var out []string
	for _, m := range r.Models {
		words := []string{m.Label()}
		if m.StripPrefix {
			words = append(words, "stripped")
		}
		for _, target := range m.Pool {
			words = append(words, "->", target.Endpoint.Name)
			if target.Model != "" && target.Model != m.Name {
				words = append(words, "as", target.Model)
			}
			if target.Weight != 1 || m.OwnedBy != target.Endpoint.Name {
				words = append(words, "WRONG")
			}
		}
		out = append(out, strings.Join(words, " "))
	}
	for _, a := range r.Aliases {
		out = append(out, a.Name+" = "+a.Of)
	}
	return out
}

func TestEngines(t *testing.T) {
	for _, c := range []struct {
		name    string
		pages   pages
		what    string
		dialect catalog.Dialect
		path    string
		rows    []string
	}{
		{"ollama", ollamaPages, "Ollama 0.12.3, 3 models", catalog.Ollama, "", []string{
			"llama3.1:8b -> ollama", "nomic-embed-text:latest -> ollama", "shared -> ollama", "ollama/* stripped -> ollama",
			"nomic-embed-text = nomic-embed-text:latest",
		}},
		{"vllm", vllmPages, "vLLM 0.11.0, 2 models", catalog.OpenAI, "/v1", []string{
			"meta-llama/Llama-3.1-8B -> vllm", "shared -> vllm", "vllm/* stripped -> vllm",
		}},
		{"sglang", sglangPages, "SGLang, 1 model", catalog.OpenAI, "/v1", []string{"qwen -> sglang", "sglang/* stripped -> sglang"}},
		{"llamacpp", llamacppPages, "llama.cpp, 1 model", catalog.OpenAI, "/v1", []string{"x.gguf -> llamacpp", "llamacpp/* stripped -> llamacpp"}},
		{"llamacpp", oldLlamacppPages, "llama.cpp, 1 model", catalog.OpenAI, "/v1", []string{"y.gguf -> llamacpp", "llamacpp/* stripped -> llamacpp"}},
		{"lmstudio", lmstudioPages, "LM Studio, 1 model", catalog.OpenAI, "/v1", []string{"phi-4 -> lmstudio", "lmstudio/* stripped -> lmstudio"}},
		{"local", unnamedPages, "an engine that speaks OpenAI's API, 1 model", catalog.OpenAI, "/v1", []string{"some-model -> local", "local/* stripped -> local"}},
		{"local", pages{"/v1/models": `{"object":"list","data":[]}`}, "an engine that speaks OpenAI's API, no models", catalog.OpenAI, "/v1", []string{"local/* stripped -> local"}},
		{
			"ollama",
			pages{"/api/version": `{"version":"0.12.3"}`, "/api/tags": `{"models":[]}`, "/v1/models": `{"object":"list","data":null}`},
			"Ollama 0.12.3, no models", catalog.Ollama, "",
			[]string{"ollama/* stripped -> ollama"},
		},
		{
			"vllm",
			pages{"/version": `{"version":"\u001b[31m"}`, "/v1/models": `{"object":"list","data":[
				{"id":"good","owned_by":"vllm"},{"id":"good"},{"id":""},{"id":" spaced"},{"id":"st*r"},{"id":"control\u0007"},{"owned_by":"vllm"}]}`},
			"vLLM, 1 model", catalog.OpenAI, "/v1",
			[]string{"good -> vllm", "vllm/* stripped -> vllm"},
		},
	} {
		t.Run(c.what, func(t *testing.T) {
			address := serve(t, c.pages)
			r := find(t, address)
			if len(r.Endpoints) != 1 || len(r.Findings) != 1 {
				t.Fatalf("%+v", r)
			}
			e := r.Endpoints[0]
			if e.URL.String() != "http://"+address+c.path {
				t.Errorf("at %s", e.URL)
			}
			want := catalog.Endpoint{
				Name: c.name, URL: e.URL, Dialect: c.dialect, Auth: catalog.Auth{Mode: catalog.NoAuth},
				Protocol: catalog.AutoProtocol, Timeouts: timeouts, Health: check,
			}
			if diff := cmp.Diff(want, *e, cmp.Comparer(sameAuth)); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
			if diff := cmp.Diff(c.rows, rows(r)); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
			finding := r.Findings[0]
			if finding.State != discover.Found || finding.String() != fmt.Sprintf("%s (%s): %s", c.name, address, c.what) {
				t.Errorf("finding: %v", finding)
			}
		})
	}
}

func sameAuth(a, b catalog.Auth) bool {
	return a.Mode == b.Mode && a.Keyless == b.Keyless && a.Key.Reveal() == b.Key.Reveal()
}

func TestCreated(t *testing.T) {
	r := find(t, serve(t, ollamaPages), serve(t, vllmPages))
	got := map[string]int64{}
	for _, m := range r.Models {
		got[m.Label()] = m.Created
	}
	for name, want := range map[string]int64{"llama3.1:8b": 1746086400, "nomic-embed-text:latest": 0, "meta-llama/Llama-3.1-8B": 1746000000} {
		if got[name] != want {
			t.Errorf("%s was created at %d, want %d", name, got[name], want)
		}
	}
}

func TestEnginesThatCannotBeUsed(t *testing.T) {
	closed := httptest.NewServer(pages{})
	closed.Close()
	for _, c := range []struct {
		name  string
		at    string
		state discover.State
		want  string
	}{
		{"closed", closed.Listener.Addr().String(), discover.Absent, "nothing listens there"},
		{"another server", serve(t, pages{"else": "<html>hello</html>"}), discover.Unusable, "something else answers"},
		{"not found", serve(t, pages{}), discover.Unusable, "something else answers"},
		{"gatehouse", serve(t, pages{"/v1/models": `{"object":"list","data":[{"id":"x","owned_by":"gatehouse"}]}`}), discover.Unusable, "another gatehouse answers"},
		{"key", serve(t, pages{"/v1/models": `401 {"error":"Unauthorized"}`, "/version": `{"version":"1"}`}), discover.Unusable, "it wants a key (status 401): give it one in a configuration"},
		{"key of llama.cpp", serve(t, pages{"/v1/models": `401 {}`, "/props": `{"default_generation_settings":{}}`}), discover.Unusable, "it wants a key (status 401): give it one in a configuration"},
		{"loading", serve(t, pages{"/v1/models": `503 {"error":{"message":"Loading model"}}`}), discover.Unusable, "it is not ready (status 503)"},
		{"half an Ollama", serve(t, pages{"/api/version": `{"version":"1"}`}), discover.Unusable, "something else answers"},
		{"redirect", serve(t, pages{"/v1/models": "302 http://127.0.0.1:1/"}), discover.Unusable, "something else answers"},
		{"hangs up", serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })), discover.Unusable, "EOF"},
	} {
		r := find(t, c.at)
		if len(r.Endpoints)+len(r.Models)+len(r.Aliases) > 0 || len(r.Findings) != 1 {
			t.Errorf("%s: %+v", c.name, r)
			continue
		}
		want := discover.Finding{State: c.state, Name: "usual-0", Where: c.at, What: c.want}
		if diff := cmp.Diff(want, r.Findings[0]); diff != "" {
			t.Errorf("%s: want -, got +:\n%s", c.name, diff)
		}
	}
}

// transport answers requests as a function.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A place that does not answer costs its patience, and costs the others nothing.
func TestPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			if r.URL.Host == "slow:1" || r.URL.Host == "slow:2" {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			w := httptest.NewRecorder()
			vllmPages.ServeHTTP(w, r)
			return w.Result(), nil
		})}
		start := time.Now()
		r := discover.Finder{
			Env: nothing, Client: client, Providers: []discover.Provider{},
			Places: []discover.Place{{"a", "slow:1"}, {"b", "fast:3"}, {"c", "slow:2"}},
		}.Find(t.Context())
		if d := time.Since(start); d != 2*time.Second {
			t.Errorf("it took %v", d)
		}
		var got []string
		for _, f := range r.Findings {
			got = append(got, f.String())
		}
		want := []string{"a (slow:1): no answer within 2s", "vllm (fast:3): vLLM 0.11.0, 2 models", "c (slow:2): no answer within 2s"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("want -, got +:\n%s", diff)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errors.New("interrupted"))
		start = time.Now()
		r = discover.Finder{Env: nothing, Client: client, Places: []discover.Place{{"a", "slow:1"}}, Providers: []discover.Provider{}}.Find(ctx)
		if d := time.Since(start); d != 0 || len(r.Endpoints) > 0 {
			t.Errorf("it took %v: %+v", d, r)
		}
	})
}

func TestOwnAddressIsLeftAlone(t *testing.T) {
	asked := make(chan string, 10)
	address := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r.URL.Path }))
	r := discover.Finder{
		Env: nothing, Providers: []discover.Provider{}, Places: []discover.Place{{"llamacpp", address}},
		Own: func(a string) bool { return a == address },
	}.Find(t.Context())
	want := []discover.Finding{{Name: "llamacpp", Where: address, What: "this gateway listens there"}}
	if diff := cmp.Diff(want, r.Findings); diff != "" || len(asked) > 0 {
		t.Errorf("asked %d times; want -, got +:\n%s", len(asked), diff)
	}
}

func TestClashes(t *testing.T) {
	second := serve(t, pages{"/v1/models": `{"object":"list","data":[{"id":"shared","owned_by":"vllm"},{"id":"nomic-embed-text","owned_by":"vllm"}]}`})
	_, port, err := net.SplitHostPort(second)
	if err != nil {
		t.Fatal(err)
	}
	r := find(t, serve(t, vllmPages), serve(t, ollamaPages), second)
	other := "vllm-" + port
	want := []string{
		"meta-llama/Llama-3.1-8B -> vllm",
		"shared -> vllm", "vllm/shared -> vllm as shared",
		"vllm/* stripped -> vllm",
		"llama3.1:8b -> ollama", "nomic-embed-text:latest -> ollama",
		"ollama/shared -> ollama as shared",
		"ollama/* stripped -> ollama",
		other + "/shared -> " + other + " as shared",
		"nomic-embed-text -> " + other,
		other + "/* stripped -> " + other,
	}
	if diff := cmp.Diff(want, rows(r)); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"llama3.1:8b", "nomic-embed-text:latest", "ollama/shared"}, r.Findings[1].Models); diff != "" {
		t.Errorf("finding: want -, got +:\n%s", diff)
	}
}

func TestProviders(t *testing.T) {
	const canary = "canary4711"
	gatehouse := apikey.Generate()
	for _, c := range []struct {
		name  string
		vars  map[string]string
		rows  []string
		where string // the finding that is not absent
		want  string
	}{
		{"none", nil, nil, "", ""},
		{"empty", map[string]string{"OPENAI_API_KEY": " "}, nil, "", ""},
		{"one", map[string]string{"ANTHROPIC_API_KEY": canary}, []string{"claude-* -> anthropic", "anthropic/* stripped -> anthropic"}, "ANTHROPIC_API_KEY", "https://api.anthropic.com"},
		{"second variable", map[string]string{"GEMINI_API_KEY": "", "GOOGLE_API_KEY": canary}, []string{"gemini-* -> gemini", "gemini/* stripped -> gemini"}, "GOOGLE_API_KEY", "https://generativelanguage.googleapis.com/v1beta/openai"},
		{"many models of others", map[string]string{"OPENROUTER_API_KEY": canary}, []string{"openrouter/* stripped -> openrouter"}, "OPENROUTER_API_KEY", "https://openrouter.ai/api/v1"},
		{"other base URL", map[string]string{"ANTHROPIC_API_KEY": canary, "ANTHROPIC_BASE_URL": "https://proxy.example/a/"}, []string{"claude-* -> anthropic", "anthropic/* stripped -> anthropic"}, "ANTHROPIC_API_KEY", "https://proxy.example/a"},
		{"bad base URL", map[string]string{"OPENAI_API_KEY": canary, "OPENAI_BASE_URL": "https://me:" + canary + "@host"}, nil, "OPENAI_API_KEY", "OPENAI_BASE_URL: wanted a URL without user and password; credentials have settings of their own"},
		{"base URL is ours", map[string]string{"OPENAI_API_KEY": canary, "OPENAI_BASE_URL": "http://127.0.0.1:8080/v1"}, nil, "OPENAI_API_KEY", "OPENAI_BASE_URL is this gateway"},
		{"key is a gatehouse's", map[string]string{"OPENAI_API_KEY": gatehouse}, nil, "OPENAI_API_KEY", "OPENAI_API_KEY holds a key of a gatehouse"},
		{"key is broken", map[string]string{"OPENAI_API_KEY": canary + "\nX: y"}, nil, "OPENAI_API_KEY", "OPENAI_API_KEY has characters that cannot be sent in a header"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := checked(t, discover.Finder{
				Env: env(c.vars), Places: []discover.Place{}, Timeouts: timeouts, Health: check,
				Own: func(a string) bool { return a == "127.0.0.1:8080" },
			}.Find(t.Context()))
			if diff := cmp.Diff(c.rows, rows(r)); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
			where, what := "", ""
			for _, f := range r.Findings {
				if f.State != discover.Absent {
					where, what = f.Where, f.What
				} else if f.What != "not set" {
					t.Errorf("%v", f)
				}
			}
			if where != c.where || what != c.want {
				t.Errorf("got %s: %s, want %s: %s", where, what, c.where, c.want)
			}
			if len(r.Findings) != len(discover.Providers()) {
				t.Errorf("%d findings", len(r.Findings))
			}
			for _, e := range r.Endpoints {
				if e.Auth.Mode != catalog.Replace || e.Auth.Key.Reveal() != canary || e.Timeouts != timeouts || e.Health.Interval != 0 || e.Protocol != catalog.AutoProtocol {
					t.Errorf("%+v", e)
				}
			}
			var b bytes.Buffer
			fmt.Fprintf(&b, "%+v %v", r, r.Findings)
			slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "result", r)
			if strings.Contains(b.String(), canary) {
				t.Errorf("a key was printed: %s", b.String())
			}
		})
	}
}

func TestNameOfAnEngineIsNotTakenTwice(t *testing.T) {
	r := checked(t, discover.Finder{
		Env: env(map[string]string{"K": "key"}), Places: []discover.Place{{"vllm", serve(t, vllmPages)}},
		Providers: []discover.Provider{{Name: "vllm", KeyEnv: []string{"K"}, URL: "https://a.example"}},
	}.Find(t.Context()))
	last := r.Findings[len(r.Findings)-1]
	if len(r.Endpoints) != 1 || last.State != discover.Unusable || last.What != "an endpoint has this name already" {
		t.Errorf("%+v", r)
	}
}

// The table of providers and that of places are well formed: what they yield
// together can be routed, and no name stands twice.
func TestTables(t *testing.T) {
	vars := map[string]string{}
	names := map[string]bool{}
	for _, p := range discover.Providers() {
		for _, name := range p.KeyEnv {
			vars[name] = "key"
		}
		if names[p.Name] {
			t.Errorf("%s stands twice", p.Name)
		}
		names[p.Name] = true
		if !strings.HasPrefix(p.URL, "https://") || len(p.KeyEnv) == 0 {
			t.Errorf("%+v", p)
		}
	}
	r := checked(t, discover.Finder{Env: env(vars), Places: []discover.Place{}}.Find(t.Context()))
	if len(r.Endpoints) != len(discover.Providers()) {
		t.Errorf("%d endpoints: %v", len(r.Endpoints), r.Findings)
	}
	addresses := map[string]bool{}
	for _, p := range discover.Places() {
		if host, _, err := net.SplitHostPort(p.Address); err != nil || host != "127.0.0.1" || addresses[p.Address] || names[p.Usual] {
			t.Errorf("%+v", p)
		}
		addresses[p.Address] = true
	}
}

// Whatever a server answers, it is asked without harm and what is taken of it
// can be routed.
func FuzzAnswers(f *testing.F) {
	for _, p := range []pages{ollamaPages, vllmPages, lmstudioPages, oldLlamacppPages} {
		f.Add(p["/v1/models"], p["/api/version"], p["/api/tags"], p["/api/v0/models"])
	}
	f.Add(`{"data":[{"id":"\ud800"}]}`, "", "", "")
	f.Fuzz(func(t *testing.T, models, version, tags, native string) {
		answers := map[string]string{"/v1/models": models, "/api/version": version, "/api/tags": tags, "/api/v0/models": native}
		client := &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			w := httptest.NewRecorder()
			fmt.Fprint(w, answers[r.URL.Path])
			return w.Result(), nil
		})}
		r := checked(t, discover.Finder{Env: nothing, Client: client, Providers: []discover.Provider{}, Places: []discover.Place{{"a", "a:1"}, {"b", "b:2"}}}.Find(t.Context()))
		if len(r.Findings) != 2 {
			t.Errorf("%+v", r)
		}
		if b, err := json.Marshal(r); err != nil || len(b) == 0 {
			t.Error(err)
		}
		for _, finding := range r.Findings {
			if strings.ContainsFunc(finding.String(), func(c rune) bool { return c < ' ' }) {
				t.Errorf("%q", finding)
			}
		}
	})
}
