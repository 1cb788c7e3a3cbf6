package house

import (
	"fmt"
	"path"
	"strings"
)

// CheckDocs returns every package that does not say, in two sentences or more
// in its doc.go, what it owns and what it leaves to others, and every package
// comment that stands elsewhere.
func CheckDocs(t *Tree) []Finding {
	var out []Finding
	for _, p := range t.Packages {
		found := false
		for _, f := range p.Files {
			if f.syntax.Doc == nil {
				continue
			}
			if path.Base(f.Name) != "doc.go" {
				out = append(out, Finding{f.Name, "has a package comment: it belongs in doc.go"})
				continue
			}
			found = true
			text := f.syntax.Doc.Text()
			if p.Name != "main" && !strings.HasPrefix(text, "Package "+p.Name+" ") {
				out = append(out, Finding{f.Name, fmt.Sprintf("the comment must begin with \"Package %s \"", p.Name)})
			}
			if n := sentences(text); n < 2 {
				out = append(out, Finding{f.Name, "the comment must say, in two sentences or more, what the package owns and what it leaves to others"})
			}
		}
		if !found {
			out = append(out, Finding{p.Path, "has no doc.go with a package comment"})
		}
	}
	return out
}

// sentences counts the ends of sentences in a text.
func sentences(text string) int {
	n := 0
	for i := range len(text) {
		if strings.IndexByte(".!?", text[i]) >= 0 && (i+1 == len(text) || strings.IndexByte(" \n)", text[i+1]) >= 0) {
			n++
		}
	}
	return n
}
