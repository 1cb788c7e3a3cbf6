package vllm

import (
	"github.com/gatehouse-ai/gatehouse/fakellm/openai"
	"github.com/gatehouse-ai/gatehouse/fakellm/turn"
)

const flavour = openai.VLLM

// Routes returns the routes.
func Routes() []turn.Route {
	routes := []turn.Route{
		flavour.Post("/v1/moderations", moderate),
		flavour.Post("/v1/images/generations", generateImage),
		flavour.Post("/v1/images/edits", editImage),
		flavour.Post("/v1/images/variations", varyImage),
		flavour.Post("/v1/audio/speech", speak),
		flavour.Post("/v1/audio/transcriptions", transcribe),
		flavour.Post("/v1/audio/translations", translate),
		flavour.Post("/v2/rerank", rerank),
	}
	for path, handle := range map[string]turn.Handler{
		"/rerank": rerank, "/score": score, "/classify": classify,
		"/pooling": pool, "/tokenize": tokenize, "/detokenize": detokenize,
	} {
		routes = append(routes, flavour.Post(path, handle), flavour.Post("/v1"+path, handle))
	}
	return routes
}

// pool answers with the hidden states of a model: here one pooled vector for
// each input.
func pool(r *turn.Request) (*turn.Reply, error) {
	return flavour.List(r, "pool-", func(i int, vector any) any {
		return map[string]any{"object": "pooling", "index": i, "data": vector}
	})
}
