package fakellm

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gatehouse-ai/gatehouse/fakellm/anthropic"
	"github.com/gatehouse-ai/gatehouse/fakellm/ollama"
	"github.com/gatehouse-ai/gatehouse/fakellm/openai"
	"github.com/gatehouse-ai/gatehouse/fakellm/responses"
	"github.com/gatehouse-ai/gatehouse/fakellm/tei"
	"github.com/gatehouse-ai/gatehouse/fakellm/turn"
	"github.com/gatehouse-ai/gatehouse/fakellm/vllm"
)

// Dialect is the protocol of an engine.
type Dialect string

// The dialects.
const (
	OpenAI    Dialect = "openai"    // vLLM: OpenAI's API, further operations, Anthropic's messages
	Ollama    Dialect = "ollama"    // the native API, and OpenAI's and Anthropic's below /v1
	Anthropic Dialect = "anthropic" // Anthropic's service
	TEI       Dialect = "tei"       // Text Embeddings Inference
)

// Dialects returns all dialects.
func Dialects() []Dialect { return []Dialect{OpenAI, Ollama, Anthropic, TEI} }

// ParseDialect returns the dialect of that name.
func ParseDialect(name string) (Dialect, error) {
	if d := Dialect(name); slices.Contains(Dialects(), d) {
		return d, nil
	}
	return "", fmt.Errorf("there is no dialect %q; the dialects are openai, ollama, anthropic and tei", name)
}

// speech is what an engine needs to know of its dialect.
type speech struct {
	routes       []turn.Route
	fail         turn.Failure // of paths without a route
	credential   func(http.Header) string
	unauthorized func(*turn.Request) *turn.Reply
	notFound     func(*turn.Request) *turn.Reply
	wrongMethod  func(*turn.Request) *turn.Reply
}

func text(status int, body string) func(*turn.Request) *turn.Reply {
	return func(*turn.Request) *turn.Reply {
		return turn.Bytes(status, "text/plain; charset=utf-8", []byte(body))
	}
}

func object(status int, key, value string) func(*turn.Request) *turn.Reply {
	return func(*turn.Request) *turn.Reply { return turn.JSON(status, map[string]string{key: value}) }
}

func failing(f turn.Failure, status int, message string) func(*turn.Request) *turn.Reply {
	return func(r *turn.Request) *turn.Reply { return f(r, &turn.Error{Status: status, Message: message}) }
}

func (e *Engine) speech() speech {
	switch e.dialect {
	case Ollama:
		return speech{
			routes:       slices.Concat(ollama.Routes(), openai.Ollama.Routes(), responses.Routes(openai.Ollama), anthropic.Messages()),
			fail:         ollama.Fail,
			credential:   bearer,
			unauthorized: object(401, "error", "unauthorized"),
			notFound:     text(404, "404 page not found"),
			wrongMethod:  text(405, "405 method not allowed"),
		}
	case Anthropic:
		return speech{
			routes: anthropic.Service(),
			fail:   anthropic.Fail,
			credential: func(h http.Header) string {
				if key := h.Get("X-Api-Key"); key != "" {
					return key
				}
				return bearer(h)
			},
			unauthorized: failing(anthropic.Fail, 401, "invalid x-api-key"),
			notFound:     failing(anthropic.Fail, 404, "Not Found"),
			wrongMethod:  failing(anthropic.Fail, 405, "Method Not Allowed"),
		}
	case TEI:
		return speech{
			routes:       append(tei.Routes(), e.metrics("te_request_count", "te_queue_size")),
			fail:         tei.Fail,
			credential:   bearer,
			unauthorized: text(401, ""),
			notFound:     text(404, ""),
			wrongMethod:  text(405, ""),
		}
	case OpenAI:
	}
	return speech{
		routes: slices.Concat(openai.VLLM.Routes(), responses.Routes(openai.VLLM), vllm.Routes(), anthropic.Messages(), []turn.Route{
			e.metrics("vllm:request_success_total", "vllm:num_requests_waiting"),
			open("/health", text(200, "")), open("/ping", text(200, "")),
			open("/version", object(200, "version", "0.20.0")),
			open("/load", func(*turn.Request) *turn.Reply {
				return turn.JSON(200, map[string]int64{"server_load": e.running.Load()})
			}),
		}),
		fail:         openai.VLLM.Fail,
		credential:   bearer,
		unauthorized: object(401, "error", "Unauthorized"),
		notFound:     object(404, "detail", "Not Found"),
		wrongMethod:  object(405, "detail", "Method Not Allowed"),
	}
}

func bearer(h http.Header) string {
	scheme, key, _ := strings.Cut(h.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(key)
}

// open is a route that anybody may GET.
func open(path string, reply func(*turn.Request) *turn.Reply) turn.Route {
	return turn.Route{
		Method: http.MethodGet, Path: path, Open: true, Fail: openai.VLLM.Fail,
		Handle: func(r *turn.Request) (*turn.Reply, error) { return reply(r), nil },
	}
}

// metrics is a small page of metrics, under the names that the engine gives to
// requests that are done and requests that wait.
func (e *Engine) metrics(done, waiting string) turn.Route {
	return open("/metrics", func(r *turn.Request) *turn.Reply {
		var b strings.Builder
		line := func(name, kind string, value int64) {
			fmt.Fprintf(&b, "# TYPE %s %s\n%s{model_name=%q} %d\n", name, kind, name, r.Models[0], value)
		}
		line(done, "counter", e.done.Load())
		line(waiting, "gauge", 0)
		if e.dialect == OpenAI {
			line("vllm:num_requests_running", "gauge", e.running.Load())
			line("vllm:prompt_tokens_total", "counter", e.input.Load())
			line("vllm:generation_tokens_total", "counter", e.output.Load())
		}
		return turn.Bytes(200, "text/plain; version=0.0.4; charset=utf-8", []byte(b.String()))
	})
}

// operates tells whether a path operates an engine of any kind. Such paths
// answer 200 to every method, with any key or none, and are counted.
func operates(path string) bool {
	switch strings.TrimPrefix(path, "/v1") {
	case "/load_lora_adapter", "/unload_lora_adapter",
		"/sleep", "/wake_up", "/collective_rpc", "/reset_prefix_cache", "/pause", "/resume",
		"/flush_cache", "/abort_request", "/abort_requests", "/update_weights",
		"/api/pull", "/api/push", "/api/delete", "/api/create", "/api/copy":
		return true
	}
	return false
}
