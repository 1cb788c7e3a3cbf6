package discover

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"
)

// Place is where an engine may listen.
type Place struct {
	Usual   string // the engine that usually does, for findings
	Address string // host:port
}

// Places returns where the usual engines listen on this machine. The caller may
// change the list.
func Places() []Place {
	return []Place{
		{"ollama", "127.0.0.1:11434"},
		{"vllm", "127.0.0.1:8000"},
		{"sglang", "127.0.0.1:30000"},
		{"llamacpp", "127.0.0.1:8080"},
		{"lmstudio", "127.0.0.1:1234"},
	}
}

// engine is a program that runs models, as its answers tell it.
type engine int

const (
	noEngine engine = iota
	ollama
	vllm
	sglang
	llamacpp
	lmstudio
	unnamed // speaks OpenAI's API and does not say what it is
)

// engines are the names of engines: in those of endpoints and models, and in
// print.
var engines = [...]struct{ name, title string }{
	noEngine: {"", ""},
	ollama:   {"ollama", "Ollama"},
	vllm:     {"vllm", "vLLM"},
	sglang:   {"sglang", "SGLang"},
	llamacpp: {"llamacpp", "llama.cpp"},
	lmstudio: {"lmstudio", "LM Studio"},
	unnamed:  {"local", "an engine that speaks OpenAI's API"},
}

func (e engine) name() string { return engines[e].name }

// owners are what engines write into owned_by of the models that they list.
var owners = map[string]engine{"vllm": vllm, "sglang": sglang, "llamacpp": llamacpp}

// model is one model of an engine.
type model struct {
	name    string
	created int64
}

// answer is what came of asking at a place.
type answer struct {
	place   Place
	engine  engine
	version string
	models  []model
	state   State
	why     string // where the state is not Found
}

const (
	maxAnswer = 4 << 20 // bytes of one answer that are read
	maxModels = 1000    // of one engine that are taken
)

// ask finds out what is at a place.
func (f Finder) ask(ctx context.Context, p Place) answer {
	a := answer{place: p, state: Absent}
	if f.Own(p.Address) {
		a.why = "this gateway listens there"
		return a
	}
	ctx, cancel := context.WithTimeout(ctx, f.Patience)
	defer cancel()
	q := questions{client: f.Client, base: "http://" + p.Address}
	err := q.identify(ctx, &a)
	if unanswered, ok := errors.AsType[*url.Error](err); ok {
		err = unanswered.Err // without the address, which stands beside it
	}
	switch {
	case err == nil:
		a.state = Found
	case errors.Is(err, syscall.ECONNREFUSED):
		a.why = "nothing listens there"
	case errors.Is(err, context.DeadlineExceeded):
		a.state, a.why = Unusable, fmt.Sprintf("no answer within %v", f.Patience)
	default:
		a.state, a.why = Unusable, err.Error()
	}
	return a
}

// questions asks one server.
type questions struct {
	client *http.Client
	base   string
}

// get asks for a path and decodes the answer, whatever its status, as far as it
// is the JSON that is expected. It returns an error only if there was no answer.
func (q questions) get(ctx context.Context, path string, into any) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, q.base+path, http.NoBody)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Accept", "application/json")
	resp, err := q.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return 0, err
	}
	_ = json.Unmarshal(body, into)
	return resp.StatusCode, nil
}

// modelList is an answer to /v1/models, and to LM Studio's /api/v0/models.
type modelList struct {
	Object string `json:"object"`
	Data   []struct {
		ID        string `json:"id"`
		Created   int64  `json:"created"`
		OwnedBy   string `json:"owned_by"`
		Publisher string `json:"publisher"`
		State     string `json:"state"`
	} `json:"data"`
}

// identify finds out which engine answers. The list of models says it for most.
func (q questions) identify(ctx context.Context, a *answer) error {
	var list modelList
	status, err := q.get(ctx, "/v1/models", &list)
	if err != nil {
		return err
	}
	if len(list.Data) > 0 {
		owner := list.Data[0].OwnedBy
		if owner == "gatehouse" {
			return errors.New("another gatehouse answers")
		}
		a.engine = owners[owner]
	}
	for _, m := range list.Data {
		a.addModel(m.ID, m.Created)
	}
	switch {
	case a.engine == vllm:
		return q.version(ctx, "/version", a)
	case a.engine != noEngine:
		return nil
	}
	if found, err := q.isOllama(ctx, a); found || err != nil {
		return err
	}
	var native modelList
	if _, err := q.get(ctx, "/api/v0/models", &native); err != nil {
		return err
	}
	if native.Object == "list" && len(native.Data) > 0 && native.Data[0].State != "" {
		a.engine = lmstudio
		return nil
	}
	var props struct {
		Settings json.RawMessage `json:"default_generation_settings"`
	}
	if _, err := q.get(ctx, "/props", &props); err != nil {
		return err
	}
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return fmt.Errorf("it wants a key (status %d): give it one in a configuration", status)
	case props.Settings != nil && status == http.StatusOK:
		a.engine = llamacpp
	case status == http.StatusOK && list.Object == "list":
		a.engine = unnamed
	case status == http.StatusServiceUnavailable:
		return fmt.Errorf("it is not ready (status %d)", status)
	default:
		return errors.New("something else answers")
	}
	return nil
}

// version asks for a version, which an engine need not tell.
func (q questions) version(ctx context.Context, path string, a *answer) error {
	var v struct {
		Version string `json:"version"`
	}
	status, err := q.get(ctx, path, &v)
	if status == http.StatusOK {
		a.version = printable(v.Version)
	}
	return err
}

// isOllama tells whether Ollama answers, and takes its models, whose native
// list is the whole one.
func (q questions) isOllama(ctx context.Context, a *answer) (bool, error) {
	if err := q.version(ctx, "/api/version", a); err != nil || a.version == "" {
		return false, err
	}
	var tags struct {
		Models *[]struct {
			Name       string `json:"name"`
			ModifiedAt string `json:"modified_at"`
		} `json:"models"`
	}
	if _, err := q.get(ctx, "/api/tags", &tags); err != nil || tags.Models == nil {
		a.version = ""
		return false, err
	}
	a.engine, a.models = ollama, nil
	for _, m := range *tags.Models {
		modified, _ := time.Parse(time.RFC3339, m.ModifiedAt)
		a.addModel(m.Name, modified.Unix())
	}
	return true, nil
}

// addModel takes a model if requests can name it.
func (a *answer) addModel(name string, created int64) {
	switch {
	case name == "" || !utf8.ValidString(name) || strings.TrimSpace(name) != name || strings.Contains(name, "*"):
	case strings.ContainsFunc(name, unicode.IsControl):
	case len(a.models) >= maxModels:
	default:
		for _, m := range a.models {
			if m.name == name {
				return
			}
		}
		a.models = append(a.models, model{name, max(0, created)})
	}
}

// printable returns a short text as it is, and nothing for any other.
func printable(s string) string {
	const most = 40
	if len(s) > most || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return ""
	}
	return s
}
