package route

import (
	"slices"
	"strings"

	"github.com/gatehouse-ai/gatehouse/catalog"
)

// defaultOwner is what /v1/models shows for a model whose owner is not configured.
const defaultOwner = "gatehouse"

// Table finds the row of a name. It is immutable, so any number of goroutines
// may use it.
type Table struct {
	names    map[string]Result // exact names and aliases
	prefixes prefixes
	patterns []pattern                 // in order of definition
	fallback Result                    // Model is nil if there is none
	labels   map[*catalog.Model]string // those that would have to be put together
	visible  []Listed
}

// Result is what a name was found to be.
type Result struct {
	Model    *catalog.Model
	Name     string // the name after aliases, which prefixes are stripped from
	Fallback bool   // the name was unknown and the fallback took its place
}

// Lookup returns the row that serves name. A request that names no model is
// not a request for an unknown one: the empty name has neither a row nor the
// fallback.
func (t *Table) Lookup(name string) (Result, bool) {
	if r, ok := t.find(name); ok {
		return r, true
	}
	if name == "" || t.fallback.Model == nil {
		return Result{}, false
	}
	return t.fallback, true
}

// Label is the label of the row that a name was found to be. Nothing is allocated
// for it.
func (t *Table) Label(r Result) string {
	if label, ok := t.labels[r.Model]; ok {
		return label
	}
	return r.Model.Label()
}

// find is Lookup without the fallback.
func (t *Table) find(name string) (Result, bool) {
	if name == "" {
		return Result{}, false
	}
	if r, ok := t.names[name]; ok {
		return r, true
	}
	if m := t.prefixes.longest(name); m != nil {
		return Result{Model: m, Name: name}, true
	}
	for i := range t.patterns {
		if t.patterns[i].matches(name) {
			return Result{Model: t.patterns[i].model, Name: name}, true
		}
	}
	return Result{}, false
}

// Listed is one line of /v1/models.
type Listed struct {
	ID      string
	Created int64
	OwnedBy string
	Model   *catalog.Model
}

// Visible returns the exact names and the aliases, sorted by ID. Names behind
// prefixes and patterns are the endpoints' and not known here. The caller must
// not change the list.
func (t *Table) Visible() []Listed { return t.visible }

// list makes the lines of /v1/models out of the names.
func (t *Table) list() {
	t.visible = make([]Listed, 0, len(t.names))
	for name, r := range t.names {
		l := Listed{ID: name, Created: r.Model.Created, OwnedBy: r.Model.OwnedBy, Model: r.Model}
		if l.OwnedBy == "" {
			l.OwnedBy = defaultOwner
		}
		t.visible = append(t.visible, l)
	}
	slices.SortFunc(t.visible, func(a, b Listed) int { return strings.Compare(a.ID, b.ID) })
}

// Upstream returns what the endpoint of target, one of the pool of r, calls
// the model: the target's own name for it, or else the name after aliases,
// without the prefix if the row says so.
func Upstream(r Result, target *catalog.Target) string {
	switch {
	case target.Model != "":
		return target.Model
	case r.Model.StripPrefix:
		return strings.TrimPrefix(r.Name, r.Model.Prefix)
	}
	return r.Name
}
