package contract

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Waiver lets one break pass. It stands on one line of api/waivers.txt:
//
//	v1 api-removed-without-deprecation POST /score | reviewer | note.md | reason
//
// which names the break as Compare does, who has agreed besides the author, the
// file below changes/unreleased that tells users, and why it has to be.
type Waiver struct {
	Level, Check, Method, Path string
	Reviewer                   string
	Note                       string
	Reason                     string
}

// ParseWaivers reads waivers, one a line; empty lines and those that begin with
// # are comments.
func ParseWaivers(text string) ([]Waiver, error) {
	var out []Waiver
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		parts := strings.Split(line, "|")
		what := strings.Fields(parts[0])
		if len(parts) != 4 || len(what) != 4 {
			return nil, fmt.Errorf("line %d of the waivers: wanted `level check method path | reviewer | note | reason`, got %q", n, line)
		}
		w := Waiver{Level: what[0], Check: what[1], Method: what[2], Path: what[3]}
		for i, into := range []*string{&w.Reviewer, &w.Note, &w.Reason} {
			if *into = strings.TrimSpace(parts[i+1]); *into == "" {
				return nil, fmt.Errorf("line %d of the waivers: the reviewer, the note and the reason must all be there: %q", n, line)
			}
		}
		out = append(out, w)
	}
	return out, nil
}

// covers tells whether the waiver is about a break.
func (w Waiver) covers(b Break) bool {
	return w.Level == b.Level.String() && w.Check == b.Check && w.Method == b.Method && w.Path == b.Path
}

var mark = regexp.MustCompile(`(?m)^[a-z]+(\([^)]*\))?!: |^BREAKING[ -]CHANGE: `)

// Marked tells whether one of some commit messages says that it breaks what was
// promised, as Conventional Commits have it.
func Marked(messages ...string) bool { return slices.ContainsFunc(messages, mark.MatchString) }

// Judge returns what is wrong with a change: breaks without a waiver, waivers
// without a break, and breaks that no commit is marked for or no note tells users
// of. told says whether the note of a waiver is there and speaks of a break.
func Judge(breaks []Break, waivers []Waiver, marked bool, told func(Waiver) bool) []error {
	var out []error
	used := make([]bool, len(waivers))
	waived := false
	for _, b := range breaks {
		k := slices.IndexFunc(waivers, func(w Waiver) bool { return w.covers(b) })
		if k < 0 {
			out = append(out, fmt.Errorf("%s\n\tIt breaks what the last release promised. Keep it as it was, or see docs/stability.md for how a break is made", b))
			continue
		}
		used[k], waived = true, true
	}
	for i, w := range waivers {
		switch {
		case !used[i]:
			out = append(out, fmt.Errorf("api/waivers.txt: nothing breaks %s %s %s %s any more: remove the line", w.Level, w.Check, w.Method, w.Path))
		case !told(w):
			out = append(out, fmt.Errorf("api/waivers.txt: changes/unreleased/%s must tell users of %s %s, with the words “Breaks %s”", w.Note, w.Method, w.Path, w.Level))
		}
	}
	if waived && !marked {
		out = append(out, errors.New("a break is waived, and no commit since the last release is marked for it: write its subject as `feat(op)!: …`, or a footer `BREAKING CHANGE: …`"))
	}
	return out
}
