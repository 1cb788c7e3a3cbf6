package house

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// CheckLinks returns every link of a Markdown file below fsys whose target is
// not there. Links to other sites and within a page are not followed.
func CheckLinks(fsys fs.FS) ([]Finding, error) {
	var out []Finding
	err := walkText(fsys, func(name, text string) {
		if path.Ext(name) != ".md" {
			return
		}
		for _, l := range links(text) {
			target := path.Join(path.Dir(name), l.target)
			if _, err := fs.Stat(fsys, target); err != nil {
				out = append(out, Finding{fmt.Sprintf("%s:%d", name, l.line), "links to " + l.target + ", which is not there"})
			}
		}
	})
	return out, err
}

type linkTo struct {
	target string
	line   int
}

// links returns the links of a Markdown text to files beside it, those in
// fenced code left out.
func links(text string) []linkTo {
	inline := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	var out []linkTo
	line, fenced := 0, false
	for s := range strings.Lines(text) {
		line++
		if strings.HasPrefix(strings.TrimSpace(s), "```") {
			fenced = !fenced
		}
		if fenced {
			continue
		}
		for _, m := range inline.FindAllStringSubmatch(s, -1) {
			target, _, _ := strings.Cut(m[1], "#")
			if target != "" && !strings.Contains(target, ":") {
				out = append(out, linkTo{target, line})
			}
		}
	}
	return out
}
