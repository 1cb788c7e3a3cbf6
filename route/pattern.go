package route

import (
	"strings"

	"github.com/gatehouse-ai/gatehouse/catalog"
)

// pattern matches whole names. Its only special character is *, which stands
// for any run of characters, the empty one included.
type pattern struct {
	model *catalog.Model
	first string   // what a name begins with
	inner []string // what comes after it, in this order
	last  string   // what a name ends with
}

// newPattern prepares a row whose pattern has at least one *.
func newPattern(m *catalog.Model) pattern {
	first, rest, _ := strings.Cut(m.Pattern, "*")
	last := rest[strings.LastIndexByte(rest, '*')+1:]
	p := pattern{model: m, first: first, last: last}
	for s := range strings.SplitSeq(strings.TrimSuffix(rest, last), "*") {
		if s != "" {
			p.inner = append(p.inner, s)
		}
	}
	return p
}

// matches takes time in proportion to the lengths of name and pattern: the
// first occurrence of each part is as good as any later one, so nothing is
// ever tried twice.
func (p *pattern) matches(name string) bool {
	rest, ok := strings.CutPrefix(name, p.first)
	if !ok {
		return false
	}
	if rest, ok = strings.CutSuffix(rest, p.last); !ok {
		return false
	}
	for _, s := range p.inner {
		i := strings.Index(rest, s)
		if i < 0 {
			return false
		}
		rest = rest[i+len(s):]
	}
	return true
}
