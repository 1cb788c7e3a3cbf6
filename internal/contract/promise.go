package contract

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/openapi"
)

// Promises returns, as lines in order, what a document says that a level promises
// of some of its operations: where they are and which scope they need; and for v1
// what they take, what they answer, and in which ways they fail.
func Promises(level op.Level, d *openapi.Document, of func(*openapi.Operation) bool) []string {
	var out []string
	for path, item := range d.Paths {
		for method, o := range item.Operations() {
			if !of(o) {
				continue
			}
			at := method + " " + path
			out = append(out, at+" is "+o.OperationID)
			out = append(out, scopes(at, o)...)
			if level == op.V1 {
				out = append(out, bodies(d, at, o)...)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Errors returns, as lines in order, how each way to fail looks to a client.
func Errors() []string {
	var out []string
	for _, r := range fault.Table() {
		code := r.Code
		if code == "" {
			code = "null"
		}
		out = append(out, fmt.Sprintf("error %s has status %d, type %s, code %s, Anthropic's type %s", r.Name, r.Status, r.Type, code, r.Anthropic))
	}
	slices.Sort(out)
	return out
}

func scopes(at string, o *openapi.Operation) []string {
	if len(o.Security) == 0 {
		return []string{at + " needs no key"}
	}
	var out []string
	for _, way := range o.Security {
		for scheme, scopes := range way {
			out = append(out, fmt.Sprintf("%s needs %s by %s", at, strings.Join(scopes, ","), scheme))
		}
	}
	return out
}

func bodies(d *openapi.Document, at string, o *openapi.Operation) []string {
	var out []string
	if o.RequestBody != nil {
		out = append(out, content(d, at+" takes", o.RequestBody.Content)...)
	}
	for status, r := range o.Responses {
		if name, ok := strings.CutPrefix(r.Ref, "#/components/responses/"); ok {
			r = d.Components.Responses[name]
			if r == nil {
				continue
			}
			for _, m := range r.Content {
				for kind := range m.Examples {
					out = append(out, fmt.Sprintf("%s fails with %s %s", at, status, kind))
				}
			}
			continue
		}
		for name := range r.Headers {
			out = append(out, fmt.Sprintf("%s answers %s with the header %s", at, status, name))
		}
		out = append(out, content(d, at+" answers "+status, r.Content)...)
	}
	return out
}

// content has a line for each content type, and one for each field of its bodies.
func content(d *openapi.Document, what string, media map[string]*openapi.MediaType) []string {
	var out []string
	for name, m := range media {
		out = append(out, what+" "+name)
		fields := map[string]bool{}
		topLevel(d, m.Schema, fields, 0)
		for _, f := range slices.Sorted(maps.Keys(fields)) {
			out = append(out, what+" "+name+" "+f)
		}
	}
	return out
}

// topLevel collects the fields that a body may have, of all variants if it is a
// union.
func topLevel(d *openapi.Document, s *openapi.Schema, into map[string]bool, depth int) {
	const deepest = 8 // of unions within unions
	if s == nil || depth > deepest {
		return
	}
	if name := s.Name(); name != "" {
		topLevel(d, d.Components.Schemas[name], into, depth+1)
	}
	for name := range s.Properties {
		into[name] = true
	}
	for _, v := range slices.Concat(s.AnyOf, s.OneOf) {
		topLevel(d, v, into, depth+1)
	}
}

// Broken returns the lines of a frozen file that are not true any more, but for
// those about operations that a waiver of the level is about.
func Broken(level op.Level, frozen, current []string, waivers []Waiver) []string {
	is := map[string]bool{}
	for _, line := range current {
		is[line] = true
	}
	var out []string
	for _, line := range frozen {
		waived := slices.ContainsFunc(waivers, func(w Waiver) bool {
			return w.Level == level.String() && strings.HasPrefix(line, w.Method+" "+w.Path+" ")
		})
		if !is[line] && !waived {
			out = append(out, line)
		}
	}
	return out
}

// Lines returns the lines of a file of promises without its comments.
func Lines(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			out = append(out, line)
		}
	}
	return out
}
