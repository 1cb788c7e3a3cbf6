package openapi

import "strings"

// Closure returns the names of the schemas that operations refer to, directly
// or through other schemas.
func (d *Document) Closure(ops ...*Operation) map[string]bool {
	seen := map[string]bool{}
	var follow func(s *Schema)
	follow = func(s *Schema) {
		s.Walk(func(s *Schema) {
			if name := s.Name(); name != "" && !seen[name] {
				seen[name] = true
				follow(d.Components.Schemas[name])
			}
		})
	}
	content := func(media map[string]*MediaType) {
		for _, m := range media {
			follow(m.Schema)
		}
	}
	for _, o := range ops {
		for _, p := range o.Parameters {
			follow(p.Schema)
		}
		if o.RequestBody != nil {
			content(o.RequestBody.Content)
		}
		for _, r := range o.Responses {
			if name, ok := strings.CutPrefix(r.Ref, "#/components/responses/"); ok {
				r = d.Components.Responses[name]
			}
			content(r.Content)
		}
	}
	return seen
}

// Operations returns the operations of the document by their id.
func (d *Document) Operations() map[string]*Operation {
	out := map[string]*Operation{}
	for _, p := range d.Paths {
		if p == nil {
			continue
		}
		for _, o := range p.Operations() {
			out[o.OperationID] = o
		}
	}
	return out
}

// Operations returns the operations of the path by their method.
func (p *PathItem) Operations() map[string]*Operation {
	out := map[string]*Operation{}
	for method, o := range map[string]*Operation{"GET": p.Get, "POST": p.Post, "PUT": p.Put, "PATCH": p.Patch, "DELETE": p.Delete} {
		if o != nil {
			out[method] = o
		}
	}
	return out
}
