package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/gatehouse-ai/gatehouse/op"
)

// entry is one operation of OpenAI's API with what the table says of it.
type entry struct {
	method, path string
	id           string // OpenAI's
	row          *op.Operation
}

// group is the category of an entry: the first segment of its path.
func (e entry) group() string {
	group, _, _ := strings.Cut(strings.TrimPrefix(e.path, "/"), "/")
	return group
}

var wildcard = regexp.MustCompile(`\{[^}]+\}`)

// match finds the row of every operation in a list of method, path and ID. An
// operation without a row is a mistake.
func match(list string, table op.Table) ([]entry, error) {
	router, err := op.NewRouter(table)
	if err != nil {
		return nil, fmt.Errorf("the table of operations: %w", err)
	}
	var out []entry
	for line := range strings.Lines(list) {
		f := strings.Fields(line)
		if len(f) != 3 {
			return nil, fmt.Errorf("the list of OpenAI's operations: wanted a method, a path and an ID, got %q", line)
		}
		e := entry{method: f[0], path: f[1], id: f[2]}
		// The least stable prefix has them all.
		e.row = router.Match(e.method, "/v1alpha"+wildcard.ReplaceAllString(e.path, "x")).Op
		if e.row == nil {
			return nil, fmt.Errorf("%s %s (%s) is in OpenAI's API and has no row in op/table.go: say why it is absent, or serve it", e.method, e.path, e.id)
		}
		out = append(out, e)
	}
	slices.SortStableFunc(out, func(a, b entry) int {
		return strings.Compare(a.group()+" "+a.path+" "+a.method, b.group()+" "+b.path+" "+b.method)
	})
	return out, nil
}

// extensions are the operations that are served and are none of OpenAI's.
func extensions(rows []entry, table op.Table) []entry {
	known := map[op.ID]bool{}
	for _, e := range rows {
		known[e.row.ID] = true
	}
	var out []entry
	for _, o := range table.Served() {
		if !known[o.ID] {
			out = append(out, entry{method: o.Method, path: o.Path, id: string(o.ID), row: o})
		}
	}
	return out
}
