package route

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gatehouse-ai/gatehouse/catalog"
)

// New builds the table. It reports every mistake at once, joined. The pools of
// the models stay the caller's slices and must not change any more.
//
// An alias may name an alias, or a name that only a prefix or a pattern
// serves. The fallback, a name or "", must be served by one of the rows.
func New(models []catalog.Model, aliases []catalog.Alias, fallback string) (*Table, error) {
	b := builder{
		table:   &Table{names: make(map[string]Result, len(models)+len(aliases)), labels: map[*catalog.Model]string{}},
		aliases: make(map[string]string, len(aliases)),
	}
	b.addModels(slices.Clone(models))
	b.addAliases(aliases)
	if fallback != "" {
		r, ok := b.table.find(fallback)
		if !ok {
			b.wrong("fallback %q: no model, alias, prefix or pattern serves it", fallback)
		}
		r.Fallback = true
		b.table.fallback = r
	}
	if err := errors.Join(b.errs...); err != nil {
		return nil, err
	}
	b.table.list()
	return b.table, nil
}

type builder struct {
	table   *Table
	aliases map[string]string // from name to what it stands for
	errs    []error
}

func (b *builder) wrong(format string, args ...any) {
	b.errs = append(b.errs, fmt.Errorf(format, args...))
}

// addModels takes the rows into the table. It keeps pointers into models.
func (b *builder) addModels(models []catalog.Model) {
	var rows []*catalog.Model
	prefixes, patterns := map[string]bool{}, map[string]bool{}
	for i := range models {
		m := &models[i]
		what, ok := b.check(i, m)
		if !ok {
			continue
		}
		var twice bool
		switch {
		case m.Prefix != "":
			twice = prefixes[m.Prefix]
			if !twice {
				prefixes[m.Prefix] = true
				rows = append(rows, m)
				b.table.labels[m] = m.Label()
			}
		case m.Pattern != "":
			twice = patterns[m.Pattern]
			patterns[m.Pattern] = true
			b.table.patterns = append(b.table.patterns, newPattern(m))
		default:
			_, twice = b.table.names[m.Name]
			b.table.names[m.Name] = Result{Model: m, Name: m.Name}
		}
		if twice {
			b.wrong("%s: defined twice; join the two pools", what)
		}
	}
	b.table.prefixes = newPrefixes(rows)
}

// check reports the mistakes within one row. It returns what to call the row,
// and whether the row has a name to be found by.
func (b *builder) check(i int, m *catalog.Model) (string, bool) {
	var set []string
	for _, f := range []struct{ kind, text string }{{"model", m.Name}, {"prefix", m.Prefix}, {"pattern", m.Pattern}} {
		if f.text != "" {
			set = append(set, fmt.Sprintf("%s %q", f.kind, f.text))
		}
	}
	if len(set) == 0 {
		b.wrong("model %d: has no name; give it one of name, prefix and pattern", i+1)
		return "", false
	}
	what := strings.Join(set, " and ")
	if len(set) > 1 {
		b.wrong("%s: are one row; a row has exactly one of name, prefix and pattern", what)
		return what, false
	}
	b.checkText(what, m.Name+m.Prefix+m.Pattern)
	switch {
	case m.Pattern != "" && !strings.Contains(m.Pattern, "*"):
		b.wrong("%s: has no *; give it as a name instead", what)
	case strings.Contains(m.Prefix, "*"):
		b.wrong("%s: a prefix has no *; leave it out, or give it as a pattern instead", what)
	case strings.Contains(m.Name, "*"):
		b.wrong("%s: a name has no *; give it as a pattern instead", what)
	}
	if m.StripPrefix && m.Prefix == "" {
		b.wrong("%s: has no prefix to strip", what)
	}
	b.checkPool(what, m.Pool)
	return what, true
}

func (b *builder) checkPool(what string, pool []catalog.Target) {
	if len(pool) == 0 {
		b.wrong("%s: has no endpoints; give it at least one", what)
	}
	for i, t := range pool {
		if t.Endpoint == nil {
			b.wrong("%s: target %d has no endpoint", what, i+1)
		}
		if t.Weight < 0 {
			b.wrong("%s: target %d has weight %d; want 0 or more", what, i+1, t.Weight)
		}
	}
}

// checkText reports names that no request could have, or no log could show.
func (b *builder) checkText(what, text string) {
	switch {
	case !utf8.ValidString(text):
		b.wrong("%s: is not valid UTF-8", what)
	case strings.ContainsFunc(text, unicode.IsControl):
		b.wrong("%s: has control characters", what)
	case strings.TrimSpace(text) != text:
		b.wrong("%s: begins or ends with a space", what)
	}
}

// addAliases resolves the aliases and takes them into the table, which has all
// models by then.
func (b *builder) addAliases(aliases []catalog.Alias) {
	var order []string
	for i, a := range aliases {
		switch what := fmt.Sprintf("alias %q", a.Name); {
		case a.Name == "":
			b.wrong("alias %d: has no name", i+1)
		case b.aliases[a.Name] != "":
			b.wrong("%s: defined twice", what)
		case a.Of == "":
			b.wrong("%s: does not say what it is an alias of", what)
		case b.table.names[a.Name].Model != nil:
			b.wrong("%s: is also the name of a model", what)
		case strings.Contains(a.Name, "*"):
			b.wrong("%s: an alias has no *; give the models a prefix or a pattern instead", what)
		default:
			b.checkText(what, a.Name)
			b.aliases[a.Name] = a.Of
			order = append(order, a.Name)
		}
	}
	resolved := make(map[string]Result, len(order)) // without a model: broken, and reported
	for _, name := range order {
		b.resolve(name, resolved)
	}
	maps.Copy(b.table.names, resolved)
}

// resolve follows an alias to a row and notes the row for every alias on the
// way. A mistake is reported once, not again for each alias that leads to it.
// It looks only at models in the table, so no alias may be there yet.
func (b *builder) resolve(name string, resolved map[string]Result) {
	var way []string
	onWay := map[string]bool{}
	var found Result
	for at := name; ; {
		if r, ok := resolved[at]; ok {
			found = r
			break
		}
		if onWay[at] {
			circle := slices.Concat(way[slices.Index(way, at):], []string{at})
			b.wrong("alias %q: leads round in a circle: %s", at, strings.Join(circle, " → "))
			break
		}
		of, ok := b.aliases[at]
		if !ok {
			if found, ok = b.table.find(at); !ok {
				b.wrong("alias %q: no model, alias, prefix or pattern serves %q", way[len(way)-1], at)
			}
			break
		}
		onWay[at] = true
		way = append(way, at)
		at = of
	}
	for _, a := range way {
		resolved[a] = found
	}
}
