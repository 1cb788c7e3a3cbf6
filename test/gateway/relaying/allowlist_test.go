package relaying_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/gwtest"
	"github.com/gatehouse-ai/gatehouse/op"
)

// asked is a request for an operation, and the path at which an engine must
// get it.
type asked struct{ upstream, body string }

// inference is all that an engine may ever be asked. It repeats the table on
// purpose: what is added there must be added here by somebody who has thought
// about it.
var inference = map[op.ID]asked{
	"createChatCompletion": {"/v1/chat/completions", `{"model":"m","messages":[{"role":"user","content":"one"}]}`},
	"createCompletion":     {"/v1/completions", `{"model":"m","prompt":"one"}`},
	"createEmbedding":      {"/v1/embeddings", `{"model":"m","input":"one"}`},
	"createResponse":       {"/v1/responses", `{"model":"m","input":"one"}`},
	"Compactconversation":  {"/v1/responses/compact", `{"model":"m","input":"one"}`},
	"Getinputtokencounts":  {"/v1/responses/input_tokens", `{"model":"m","input":"one"}`},
	"createMessage":        {"/v1/messages", `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"one"}]}`},
	"countMessageTokens":   {"/v1/messages/count_tokens", `{"model":"m","messages":[{"role":"user","content":"one"}]}`},
	"createModeration":     {"/v1/moderations", `{"model":"m","input":"one"}`},
	"createImage":          {"/v1/images/generations", `{"model":"m","prompt":"one"}`},
	"createImageEdit":      {"/v1/images/edits", `{"model":"m","prompt":"one","images":[{"image_url":"data:,"}]}`},
	"createImageVariation": {"/v1/images/variations", ""},
	"createSpeech":         {"/v1/audio/speech", `{"model":"m","input":"one","voice":"v"}`},
	"createTranscription":  {"/v1/audio/transcriptions", ""},
	"createTranslation":    {"/v1/audio/translations", ""},
	"createRerank":         {"/v1/rerank", `{"model":"m","query":"one","documents":["one","two"]}`},
	"createScore":          {"/v1/score", `{"model":"m","text_1":"one","text_2":"two"}`},
	"createClassification": {"/classify", `{"model":"m","input":"one"}`},
	"createPooling":        {"/pooling", `{"model":"m","input":"one"}`},
	"tokenize":             {"/tokenize", `{"model":"m","prompt":"one"}`},
	"detokenize":           {"/detokenize", `{"model":"m","tokens":[1]}`},
}

// request returns the body of an operation and its header.
func (a asked) request(t *testing.T) (string, fields) {
	t.Helper()
	if a.body != "" {
		return a.body, asJSON
	}
	file := "file"
	if strings.Contains(a.upstream, "images") {
		file = "image"
	}
	body, contentType := form(t, field{"model", "m"}, upload{file, "a.wav", []byte("RIFF")})
	return string(body), multipartOf(contentType)
}

// wild is the wildcard of a path in the table.
var wild = regexp.MustCompile(`\{[^}]+\}`)

// levels are all prefixes that an operation may have.
var levels = op.V1.Prefixes()

// Every operation of inference reaches the engine at one path and no other,
// under the prefixes of its level, and the engine never hears of any other
// operation.
func TestEveryOperationReachesItsPathAlone(t *testing.T) {
	g, e := single(t, fakellm.OpenAI, "")
	checked := 0
	for _, o := range op.All().Owned(op.Inference) {
		a, known := inference[o.ID]
		if !known {
			t.Errorf("%s is new: say here at which path an engine gets it", o.ID)
			continue
		}
		checked++
		body, head := a.request(t)
		for _, level := range levels {
			before := e.Count()
			r := do(t, g, o.Method, level+o.Path, strings.NewReader(body), head)
			if !slices.Contains(o.Level.Prefixes(), level) {
				if refused(t, level+o.Path, r, 404, "", ""); e.Count() != before {
					t.Errorf("%s%s is not of that level, but reached the engine", level, o.Path)
				}
				continue
			}
			if e.Count() != before+1 {
				t.Errorf("%s%s: the engine got %d requests: %d %s", level, o.Path, e.Count()-before, r.Status, r.Body)
				continue
			}
			if got := e.Last(); got.URI != a.upstream || got.Method != http.MethodPost {
				t.Errorf("%s%s reached the engine as %s %s, want POST %s", level, o.Path, got.Method, got.URI, a.upstream)
			}
			if r.Status != 200 {
				t.Errorf("%s%s: status %d: %s", level, o.Path, r.Status, r.Body)
			}
		}
	}
	if checked != len(inference) {
		t.Errorf("%d operations are served, %d were expected", checked, len(inference))
	}
}

// What OpenAI's API has and the gateway does not is refused with the reason,
// under every prefix.
func TestAbsentOperationsSayWhy(t *testing.T) {
	g, e := single(t, fakellm.OpenAI, "")
	checked := 0
	for _, o := range op.All() {
		if o.Level != op.Absent {
			continue
		}
		methods := []string{o.Method}
		if o.Method == "" {
			methods = []string{"GET", "POST", "DELETE", "PATCH"}
		}
		for _, level := range levels {
			for _, method := range methods {
				path := level + wild.ReplaceAllString(o.Path, "x")
				r := do(t, g, method, path, strings.NewReader("{}"), asJSON)
				refused(t, method+" "+path, r, 404, "", "")
				if p := r.problem(t); !strings.Contains(p.Message, o.Note) {
					t.Errorf("%s %s does not give its reason %q: %q", method, path, o.Note, p.Message)
				}
				checked++
			}
		}
	}
	if checked < 100 || e.Count() != 0 {
		t.Errorf("%d requests were checked, %d of them reached the engine", checked, e.Count())
	}
}

// A wrong method is told which ones are right, and never reaches an engine.
func TestWrongMethods(t *testing.T) {
	g, e := single(t, fakellm.OpenAI, "")
	byPath := map[string][]*op.Operation{}
	for i := range op.All() {
		o := &op.All()[i]
		byPath[o.Path] = append(byPath[o.Path], o)
	}
	checked := 0
	for path, ops := range byPath {
		var allowed, absent []string
		for _, o := range ops {
			if o.Level == op.V1 {
				allowed = append(allowed, o.Method)
			} else {
				absent = append(absent, o.Method)
			}
		}
		if len(allowed) == 0 {
			continue
		}
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"} {
			if slices.Contains(allowed, method) || slices.Contains(absent, method) {
				continue
			}
			r := do(t, g, method, "/v1"+wild.ReplaceAllString(path, "m"), strings.NewReader("{}"), asJSON)
			if r.Status != 405 || r.Header.Get("Allow") != strings.Join(allowed, ", ") {
				t.Errorf("%s %s: status %d, Allow %q; want 405, %q", method, path, r.Status, r.Header.Get("Allow"), allowed)
			}
			if method != "HEAD" && ops[0].Shape == op.OpenAIShape {
				refused(t, method+" "+path, r, 405, "method_not_supported", "")
			}
			checked++
		}
	}
	if checked < 150 || e.Count() != 0 {
		t.Errorf("%d requests were checked, %d of them reached the engine", checked, e.Count())
	}
}

// operating are paths by which engines are operated, and others of theirs that
// are no inference.
var operating = []string{
	"/load_lora_adapter", "/unload_lora_adapter", "/sleep", "/wake_up", "/is_sleeping", "/collective_rpc", "/reset_prefix_cache",
	"/pause", "/resume", "/flush_cache", "/abort_request", "/abort_requests", "/update_weights", "/update_weights_from_disk",
	"/server_info", "/shutdown", "/metrics", "/slots/0", "/props", "/lora-adapters", "/start_profile", "/invocations", "/generate",
	"/api/pull", "/api/push", "/api/delete", "/api/create", "/api/copy", "/api/chat", "/api/generate", "/api/tags", "/v2/rerank",
}

// tricks are ways to write a path that something on the way might read as
// another one.
func tricks(path string) []string {
	inner := strings.TrimPrefix(path, "/")
	return []string{
		path, path + "/", "/" + path, "//" + path, "/." + path, "/x/.." + path, "/%2e%2e" + path, "/..%2f" + inner, "/%2e" + path,
		"/v1" + path, "/v1/" + path, "/v1" + path + "/", "/v1beta" + path, "/v1alpha" + path, "/V1" + path, "/v1/v1" + path,
		"/v1/chat/completions/.." + path, "/v1/chat/completions/../.." + path, "/v1/chat/completions/../../.." + path,
		"/v1/chat/completions/%2e%2e/%2e%2e" + path, "/v1/chat/completions/..%2f..%2f" + inner, "/v1/chat/completions%2f..%2f.." + path,
		"/v1/chat/completions/%252e%252e" + path, "/v1/chat/completions/..;" + path, "/v1/chat/completions;" + path,
		"/v1/chat/completions" + path, "/v1/chat/completions%00" + path, "/v1/chat/completions%0d%0aX:" + path, "/v1/chat/completions%3f" + path,
		"/v1/chat/completions%23" + path, `/v1/chat/completions/..\..\` + inner, "/v1/responses/.." + path, "/v1/audio/../.." + path,
		"/v1/messages/.." + path, "/v1//chat/completions/../.." + path, "/v1/%" + hex(inner[0]) + inner[1:], "/%76%31" + path,
		"http://localhost/v1" + path, "http://localhost" + path, "*" + path,
	}
}

func hex(c byte) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[c>>4], digits[c&15]})
}

// No way of writing a path leads to what operates an engine.
func TestEnginesCannotBeOperated(t *testing.T) {
	g, e := single(t, fakellm.OpenAI, "")
	body := inference["createChatCompletion"].body
	head := append(fields{"Connection", "close"}, asJSON...)
	checked := 0
	try := func(method, target string) {
		r := dial(t, g, method, target, body, head).whole(method)
		if checked++; r.Status != 400 && r.Status != 404 && r.Status != 405 {
			t.Errorf("%s %s: status %d: %s", method, target, r.Status, r.Body)
		}
		if e.Count() != 0 {
			t.Fatalf("%s %s reached the engine as %s", method, target, e.Last().URI)
		}
	}
	for _, path := range operating {
		if path == "/v2/rerank" || path == "/metrics" { // of other products, or of ours elsewhere
			try("POST", path)
			try("GET", path)
			continue
		}
		for _, target := range tricks(path) {
			try("POST", target)
		}
		for _, method := range []string{"GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"} {
			for _, level := range append([]string{""}, levels...) {
				try(method, level+path)
			}
		}
		// Names of models reach no path either.
		try("GET", "/v1/models/.."+path)
		try("GET", "/v1/models/..%2f.."+path)
	}
	if checked < 1500 || len(e.Operated()) != 0 {
		t.Errorf("%d requests were checked; the engine was operated: %v", checked, e.Operated())
	}
}

// The query, a name of a model and header fields that some servers obey do not
// change the path that an engine is asked for.
func TestOnlyTheOperationDecidesThePath(t *testing.T) {
	e, line := engine(t, "e", fakellm.OpenAI, "")
	g := gwtest.Start(t, "endpoints:\n"+line+"models:\n  - {pattern: \"*\", endpoints: [e]}\n")
	chat := `{"model":"../../sleep?x=#y","messages":[{"role":"user","content":"one"}],"path":"/sleep","url":"http://localhost/sleep"}`
	head := append(fields{
		"X-Original-Url", "/sleep", "X-Rewrite-Url", "/sleep", "X-Forwarded-Path", "/sleep", "X-Http-Method-Override", "DELETE",
		"X-Forwarded-Host", "elsewhere.example", "X-Forwarded-Prefix", "/sleep",
	}, asJSON...)
	ok(t, do(t, g, "POST", "/v1/chat/completions?path=/sleep&..%2f..%2fsleep", strings.NewReader(chat), head))
	got := e.Last()
	if got.Path != "/v1/chat/completions" || got.Method != http.MethodPost || len(e.Operated()) != 0 || string(got.Body()) != chat {
		t.Errorf("%s %s %v", got.Method, got.URI, e.Operated())
	}
	for _, name := range []string{"X-Original-Url", "X-Rewrite-Url", "X-Http-Method-Override"} {
		if got.Header.Get(name) != "" {
			t.Errorf("the engine got %s, which some servers obey instead of the request line", name)
		}
	}
}
