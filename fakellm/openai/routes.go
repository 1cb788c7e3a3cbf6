package openai

import (
	"net/http"

	"github.com/gatehouse-ai/gatehouse/fakellm/turn"
)

// Flavour is whose OpenAI API it is.
type Flavour uint8

// The flavours.
const (
	VLLM Flavour = iota
	Ollama
)

// Routes returns the routes of a flavour. Package responses has those of the
// Responses API, package vllm those that only vLLM has.
func (f Flavour) Routes() []turn.Route {
	return []turn.Route{
		f.Post("/v1/chat/completions", f.chat),
		f.Post("/v1/completions", f.complete),
		f.Post("/v1/embeddings", f.embed),
		{Method: http.MethodGet, Path: "/v1/models", Handle: f.models, Fail: f.Fail},
		{Method: http.MethodGet, Path: "/v1/models/{rest...}", Handle: f.model, Fail: f.Fail},
	}
}

// Post is a route of the flavour.
func (f Flavour) Post(path string, h turn.Handler) turn.Route {
	return turn.Route{Method: http.MethodPost, Path: path, Handle: h, Fail: f.Fail}
}

// Fail renders an error as the flavour's engine does.
func (f Flavour) Fail(_ *turn.Request, e *turn.Error) *turn.Reply {
	return turn.JSON(e.Status, map[string]any{"error": f.failure(e)})
}

type failure struct {
	Message string  `json:"message"`
	Type    string  `json:"type"`
	Param   *string `json:"param"`
	Code    any     `json:"code"`
}

func (f Flavour) failure(e *turn.Error) failure {
	out := failure{Message: e.Message}
	if e.Param != "" {
		out.Param = &e.Param
	}
	if f == Ollama {
		switch e.Status {
		case 400:
			out.Type = "invalid_request_error"
		case 404:
			out.Type = "not_found_error"
		default:
			out.Type = "api_error"
		}
		out.Param = nil
		return out
	}
	out.Code = e.Status
	switch e.Status {
	case 400:
		out.Type = "BadRequestError"
	case 404:
		out.Type = "NotFoundError"
	case 500:
		out.Type = "InternalServerError"
	default:
		out.Type = http.StatusText(e.Status)
	}
	return out
}

// Broken returns the events of an error in the middle of a stream: the error,
// and the end of the stream all the same.
func (f Flavour) Broken(_ int, message string) []turn.Frame {
	e := f.failure(&turn.Error{Status: 500, Message: message})
	return []turn.Frame{{Data: turn.Marshal(map[string]any{"error": e})}, done()}
}

func done() turn.Frame { return turn.Frame{Data: []byte("[DONE]"), End: true} }

// Read parses a JSON body and checks its model.
func (f Flavour) Read(r *turn.Request, body interface{ Name() *string }) error {
	if f == VLLM && !r.DeclaresJSON() {
		return turn.Errorf(400, "Unsupported Media Type: Only 'application/json' is allowed")
	}
	if err := r.Decode(body); err != nil {
		return err
	}
	return f.Known(r, body.Name())
}

// Known checks a model. vLLM serves a request without one.
func (f Flavour) Known(r *turn.Request, model *string) error {
	switch {
	case *model == "" && f == VLLM:
		*model = r.Models[0]
		return nil
	case r.Knows(*model):
		return nil
	case f == Ollama && *model == "":
		return turn.Errorf(400, "model is required")
	case f == Ollama:
		return turn.Errorf(404, "model '%s' not found", *model)
	}
	return &turn.Error{Status: 404, Param: "model", Message: "The model `" + *model + "` does not exist."}
}

// Modelled is the member of all requests.
type Modelled struct {
	Model string `json:"model"`
}

// Name returns the name of the model, to be set where there is none.
func (m *Modelled) Name() *string { return &m.Model }
