package ollama

import (
	"fmt"
	"hash/fnv"
	"net/http"
	"strings"
	"time"

	"github.com/gatehouse-ai/gatehouse/fakellm/turn"
)

// Version is the version that the engine says it has.
const Version = "0.17.4"

// Routes returns the routes of the native API.
func Routes() []turn.Route {
	get := func(path string, h turn.Handler, open bool) turn.Route {
		return turn.Route{Method: http.MethodGet, Path: path, Handle: h, Fail: Fail, Open: open}
	}
	return []turn.Route{
		{Method: http.MethodPost, Path: "/api/chat", Handle: chat, Fail: Fail},
		{Method: http.MethodPost, Path: "/api/embed", Handle: embed, Fail: Fail},
		get("/api/tags", tags, false),
		get("/api/ps", ps, false),
		get("/api/version", func(*turn.Request) (*turn.Reply, error) {
			return turn.JSON(200, map[string]string{"version": Version}), nil
		}, true),
		get("/", func(*turn.Request) (*turn.Reply, error) {
			return turn.Bytes(200, "text/plain; charset=utf-8", []byte("Ollama is running")), nil
		}, true),
	}
}

// Fail renders an error as Ollama does.
func Fail(_ *turn.Request, e *turn.Error) *turn.Reply {
	return reply(e.Status, map[string]string{"error": e.Message})
}

func reply(status int, v any) *turn.Reply {
	r := turn.JSON(status, v)
	r.Type = "application/json; charset=utf-8"
	return r
}

// known finds a model: a name without a tag means the tag latest.
func known(r *turn.Request, model string) error {
	switch {
	case model == "":
		return turn.Errorf(400, "model is required")
	case r.Knows(model) || r.Knows(model+":latest") || r.Knows(strings.TrimSuffix(model, ":latest")):
		return nil
	}
	return turn.Errorf(404, "model '%s' not found", model)
}

type details struct {
	Parent       string   `json:"parent_model"`
	Format       string   `json:"format"`
	Family       string   `json:"family"`
	Families     []string `json:"families"`
	Parameters   string   `json:"parameter_size"`
	Quantization string   `json:"quantization_level"`
}

type model struct {
	Name     string     `json:"name"`
	Model    string     `json:"model"`
	Modified *time.Time `json:"modified_at,omitempty"`
	Size     int64      `json:"size"`
	Digest   string     `json:"digest"`
	Details  details    `json:"details"`
	Expires  *time.Time `json:"expires_at,omitempty"`
	VRAM     *int64     `json:"size_vram,omitempty"`
	Context  int        `json:"context_length,omitempty"`
}

func list(r *turn.Request, finish func(*model)) (*turn.Reply, error) {
	models := []model{}
	for _, name := range r.Models {
		h := fnv.New128a()
		h.Write([]byte(name)) // a hash never fails
		m := model{
			Name: name, Model: name, Size: 1 << 30, Digest: fmt.Sprintf("%064x", h.Sum(nil)),
			Details: details{
				Format: "gguf", Family: "fake", Families: []string{"fake"}, Parameters: "1B", Quantization: "Q4_K_M",
			},
		}
		finish(&m)
		models = append(models, m)
	}
	return reply(200, map[string]any{"models": models}), nil
}

func tags(r *turn.Request) (*turn.Reply, error) {
	return list(r, func(m *model) { m.Modified = &r.Now })
}

func ps(r *turn.Request) (*turn.Reply, error) {
	return list(r, func(m *model) {
		until := r.Now.Add(5 * time.Minute)
		m.Expires, m.VRAM, m.Context = &until, &m.Size, r.Context
	})
}
