package api_test

import (
	"encoding/json"
	"testing"

	"github.com/gatehouse-ai/gatehouse/api"
	"github.com/gatehouse-ai/gatehouse/op"
)

func TestEveryLevelHasADocument(t *testing.T) {
	for _, level := range op.Levels() {
		text, err := api.OpenAPI(level)
		if err != nil {
			t.Fatal(err)
		}
		var d struct {
			Info struct{ Version string } `json:"info"`
		}
		if err := json.Unmarshal(text, &d); err != nil || d.Info.Version != level.String() {
			t.Errorf("%s: the document is of %q (%v)", level, d.Info.Version, err)
		}
	}
	if _, err := api.OpenAPI(op.Absent); err == nil {
		t.Error("what is absent has a document")
	}
}

// An example has one body of each kind, and one for each operation.
func TestExamples(t *testing.T) {
	all, err := api.Examples()
	if err != nil {
		t.Fatal(err)
	}
	bodies := func(b *api.Body) int {
		n := 0
		for _, set := range []bool{b.JSON != nil, b.Form != nil, b.Text != "", b.Bytes != nil} {
			if set {
				n++
			}
		}
		return n
	}
	for _, o := range op.All().Served() {
		e, ok := all[o.ID]
		switch {
		case !ok:
			t.Errorf("%s has no example", o.ID)
		case e.Request != nil && (bodies(e.Request) != 1 || e.Request.Type == ""), bodies(&e.Response) != 1, e.Response.Type == "":
			t.Errorf("%s: a body must have a type and one content", o.ID)
		case (e.Request == nil) != (o.Class == op.Control):
			t.Errorf("%s is of the class %s and has a body: %v", o.ID, o.Class, e.Request != nil)
		}
	}
}
