package openai

import "github.com/gatehouse-ai/gatehouse/fakellm/turn"

type model struct {
	ID      string  `json:"id"`
	Object  string  `json:"object"`
	Created int64   `json:"created"`
	OwnedBy string  `json:"owned_by"`
	Root    string  `json:"root,omitempty"`
	Parent  *string `json:"parent,omitempty"`
	MaxLen  int     `json:"max_model_len,omitempty"`
}

func (f Flavour) describe(r *turn.Request, name string) model {
	m := model{ID: name, Object: "model", Created: r.Now.Unix(), OwnedBy: "library"}
	if f == VLLM {
		m.OwnedBy, m.Root, m.MaxLen = "vllm", name, r.Context
	}
	return m
}

func (f Flavour) models(r *turn.Request) (*turn.Reply, error) {
	list := []model{}
	for _, name := range r.Models {
		list = append(list, f.describe(r, name))
	}
	return turn.JSON(200, map[string]any{"object": "list", "data": list}), nil
}

func (f Flavour) model(r *turn.Request) (*turn.Reply, error) {
	if err := f.Known(r, &r.Rest); err != nil {
		return nil, err
	}
	return turn.JSON(200, f.describe(r, r.Rest)), nil
}
