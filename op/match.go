package op

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Table is a list of operations in order of path, then method.
type Table []Operation

// Served returns the operations that are not absent.
func (t Table) Served() []*Operation {
	var out []*Operation
	for i := range t {
		if t[i].Level != Absent {
			out = append(out, &t[i])
		}
	}
	return out
}

// Owned returns the served operations of one owner.
func (t Table) Owned(owner string) []*Operation {
	return slices.DeleteFunc(t.Served(), func(o *Operation) bool { return o.Owner != owner })
}

// Validate reports every malformed row.
func (t Table) Validate() error {
	var errs []error
	ids, served := map[ID]bool{}, map[ID]bool{}
	for _, o := range t.Served() {
		served[o.ID] = true
	}
	last := ""
	for i := range t {
		o := &t[i]
		bad := func(cond bool, format string, a ...any) {
			if cond {
				errs = append(errs, fmt.Errorf("%s: %s", o.ID, fmt.Sprintf(format, a...)))
			}
		}
		key := o.Path + " " + o.Method
		bad(key <= last, "%s is not after %s", key, last)
		last = key
		bad(ids[o.ID], "the ID is used twice")
		ids[o.ID] = true
		bad(!strings.HasPrefix(o.Path, "/") || o.Summary == "", "a row needs a path and a summary")
		if o.Level == Absent {
			bad(o.Note == "", "absent without a reason")
			continue
		}
		bad(o.Method == "" || o.Owner == "" || o.Scope == "" || o.Class == "" || o.Reply == "" || o.Compat == "",
			"a served row needs method, owner, scope, class, reply and compat")
		bad(o.Compat == Partial && o.Note == "", "partial without a note")
		if o.Deprecated != nil {
			problem := o.Deprecated.problem(o.Level, served)
			bad(problem != "", "%s", problem)
		}
		bad(!o.Model && (o.DefaultModel != "" || o.Owner == Inference), "inference without a model")
	}
	return errors.Join(errs...)
}

// Match is what a method and a path are.
type Match struct {
	Op    *Operation // nil: no such path at this level
	Level Level      // of the prefix
	Allow string     // methods of the path, where the method is the wrong one; Op is nil then
	Param string     // what a wildcard at the end of the path matched
}

// Router finds the operation of a method and a path.
type Router struct {
	exact map[string][]*Operation // by path
	trees []tree                  // longest prefix first
}

type tree struct {
	prefix string // up to the wildcard
	rest   bool   // the wildcard takes slashes
	ops    []*Operation
}

// NewRouter prepares a table for matching. It knows paths without wildcards
// and paths whose last segment is one.
func NewRouter(t Table) (*Router, error) {
	r := &Router{exact: map[string][]*Operation{}}
	for i := range t {
		o := &t[i]
		prefix, wild, ok := strings.Cut(o.Path, "{")
		switch {
		case !ok:
			r.exact[o.Path] = append(r.exact[o.Path], o)
			continue
		case !strings.HasSuffix(wild, "}") || strings.Contains(wild, "/") || !strings.HasSuffix(prefix, "/"):
			return nil, fmt.Errorf("%s: the wildcard of %s is not its last segment", o.ID, o.Path)
		}
		n := tree{prefix: prefix, rest: strings.HasSuffix(wild, "...}")}
		k := slices.IndexFunc(r.trees, func(x tree) bool { return x.prefix == n.prefix && x.rest == n.rest })
		if k < 0 {
			k = len(r.trees)
			r.trees = append(r.trees, n)
		}
		r.trees[k].ops = append(r.trees[k].ops, o)
	}
	slices.SortStableFunc(r.trees, func(a, b tree) int { return len(b.prefix) - len(a.prefix) })
	return r, nil
}

// Match finds the operation. The path is the one of the request line, decoded,
// without the query. It allocates nothing for an operation that is found.
func (r *Router) Match(method, path string) Match {
	var m Match
	m.Level, path = cutLevel(path)
	if m.Level == Absent {
		return m
	}
	ops := r.exact[path]
	if ops == nil {
		for i := range r.trees {
			t := &r.trees[i]
			if rest, ok := strings.CutPrefix(path, t.prefix); ok && rest != "" && (t.rest || !strings.Contains(rest, "/")) {
				ops, m.Param = t.ops, rest
				break
			}
		}
	}
	var absent *Operation
	for _, o := range ops {
		if o.Level == Absent {
			if o.Method == "" || o.Method == method {
				absent = o
			}
		} else if o.Method == method && o.Level >= m.Level {
			m.Op = o
			return m
		}
	}
	m.Op = absent
	if absent == nil {
		m.Allow = allow(ops, m.Level)
	}
	return m
}

func allow(ops []*Operation, level Level) string {
	var methods []string
	for _, o := range ops {
		if o.Level != Absent && o.Level >= level {
			methods = append(methods, o.Method)
		}
	}
	return strings.Join(methods, ", ")
}

// cutLevel splits a path into the level of its prefix and the rest.
func cutLevel(path string) (Level, string) {
	rest, ok := strings.CutPrefix(path, "/v1")
	if !ok {
		return Absent, path
	}
	if strings.HasPrefix(rest, "/") {
		return V1, rest
	}
	if r, ok := strings.CutPrefix(rest, "beta/"); ok {
		return V1Beta, rest[len(rest)-len(r)-1:]
	}
	if r, ok := strings.CutPrefix(rest, "alpha/"); ok {
		return V1Alpha, rest[len(rest)-len(r)-1:]
	}
	return Absent, path
}
