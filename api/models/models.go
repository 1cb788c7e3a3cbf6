package models

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/httpapi"
	"github.com/gatehouse-ai/gatehouse/record"
	"github.com/gatehouse-ai/gatehouse/route"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// Handler serves every operation whose owner is models.
type Handler struct{}

// Model is a model as OpenAI's API shows it.
type Model struct {
	ID      string `json:"id"`       // what a request names
	Object  string `json:"object"`   // always model
	Created int64  `json:"created"`  // Unix time, in seconds
	OwnedBy string `json:"owned_by"` // who runs it
}

// List is a list of models as OpenAI's API shows it. It has no pages.
type List struct {
	Object string  `json:"object"` // always list
	Data   []Model `json:"data"`
}

// Serve answers with the list, or with the model that the path names.
func (Handler) Serve(c *httpapi.Call) error {
	who, err := c.Principal()
	if err != nil {
		return err
	}
	if c.Param == "" {
		list := List{Object: "list", Data: []Model{}}
		for _, l := range c.Gen.Routes.Visible() {
			if who.May(l.ID) {
				list.Data = append(list.Data, show(l))
			}
		}
		return write(c, list)
	}
	for _, l := range c.Gen.Routes.Visible() {
		if l.ID == c.Param && who.May(l.ID) {
			return write(c, show(l))
		}
	}
	// A name that only a prefix or a pattern serves is a model all the same.
	if r, ok := c.Gen.Routes.Lookup(c.Param); ok && !r.Fallback && who.May(c.Param) {
		return write(c, show(route.Listed{ID: c.Param, OwnedBy: r.Model.OwnedBy, Created: r.Model.Created}))
	}
	return fault.Param(fault.UnknownModel, "model", "The model '%s' does not exist, or this key may not use it.", c.Param)
}

func show(l route.Listed) Model {
	owner := l.OwnedBy
	if owner == "" {
		owner = "gatehouse"
	}
	return Model{ID: l.ID, Object: "model", Created: l.Created, OwnedBy: owner}
}

func write(c *httpapi.Call, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	h := wire.Header{{Name: "Content-Type", Value: "application/json"}, {Name: "Content-Length", Value: strconv.Itoa(len(body))}}
	c.Record.Outcome = record.Complete
	if err := c.Writer.Head(http.StatusOK, h); err != nil {
		return err
	}
	return c.Writer.Write(body, false)
}
