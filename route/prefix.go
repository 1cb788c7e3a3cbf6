package route

import (
	"slices"
	"strings"

	"github.com/gatehouse-ai/gatehouse/catalog"
)

// prefixes finds the longest prefix of a name in time that grows with the
// logarithm of their number.
//
// They are sorted. Whatever lies between a prefix of the name and the name
// itself begins with that prefix too, so the last entry that is not after the
// name either is the longest prefix or begins with it; the chain of outer
// entries leads there.
type prefixes []prefix

type prefix struct {
	text  string
	model *catalog.Model
	outer int // index of the longest entry that text begins with, other than itself; or -1
}

// newPrefixes builds the list out of rows whose prefixes all differ.
func newPrefixes(rows []*catalog.Model) prefixes {
	list := make(prefixes, len(rows))
	for i, m := range rows {
		list[i] = prefix{text: m.Prefix, model: m}
	}
	slices.SortFunc(list, func(a, b prefix) int { return strings.Compare(a.text, b.text) })
	for i := range list {
		outer := i - 1
		for outer >= 0 && !strings.HasPrefix(list[i].text, list[outer].text) {
			outer = list[outer].outer
		}
		list[i].outer = outer
	}
	return list
}

// longest returns the row of the longest prefix of name, or nil. A row that
// strips its prefix does not serve the prefix alone, for no name would remain.
func (list prefixes) longest(name string) *catalog.Model {
	low, high := 0, len(list)
	for low < high {
		middle := int(uint(low+high) / 2)
		if list[middle].text <= name {
			low = middle + 1
		} else {
			high = middle
		}
	}
	at := low - 1
	if at < 0 {
		return nil
	}
	same := common(list[at].text, name)
	for ; at >= 0; at = list[at].outer {
		p := &list[at]
		if len(p.text) <= same && (len(p.text) < len(name) || !p.model.StripPrefix) {
			return p.model
		}
	}
	return nil
}

// common returns how many bytes a and b have in common at their beginning.
func common(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
