package contract

import (
	"fmt"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oasdiff/oasdiff/checker"
	"github.com/oasdiff/oasdiff/diff"
	"github.com/oasdiff/oasdiff/load"

	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/openapi"
)

// Break is one way in which a document no longer keeps what another promised.
type Break struct {
	Level  op.Level
	Check  string // the name of the rule that found it
	Method string
	Path   string
	Text   string // what has changed
}

func (b Break) String() string {
	return fmt.Sprintf("%s %s %s: %s [%s]", b.Level, b.Method, b.Path, b.Text, b.Check)
}

// Compare returns how the document of a level breaks what that of the last
// release promised. release is the version of the latter, as in 0.3.1.
//
// Operations of v1 may not change in any way that an old client could notice, and
// go only after a notice. Those of v1beta must stay where they are, and go only
// after a shorter notice; their bodies may change. Those of v1alpha promise
// nothing. A document is compared for operations of its own level alone, since
// the more stable ones are compared in theirs.
func Compare(level op.Level, release string, before, after []byte) ([]Break, error) {
	if level != op.V1 && level != op.V1Beta {
		return nil, nil
	}
	old, err := parse(before)
	if err != nil {
		return nil, fmt.Errorf("the document of the last release: %w", err)
	}
	now, err := parse(after)
	if err != nil {
		return nil, fmt.Errorf("the document as it is: %w", err)
	}
	oldSpec, newSpec := load.SpecInfo{Url: "released", Spec: old}, load.SpecInfo{Url: "current", Spec: now}
	report, sources, err := diff.GetWithOperationsSourcesMap(diff.NewConfig(), &oldSpec, &newSpec)
	if err != nil {
		return nil, fmt.Errorf("comparing two documents: %w", err)
	}
	rules := checker.NewConfig(checker.GetAllChecks(), checker.WithDeprecation(op.NoticeDays(op.V1Beta), op.NoticeDays(op.V1)),
		checker.WithSeverityLevels(map[string]checker.Level{ // it only warns of them
			"request-parameter-removed": checker.ERR, "request-property-removed": checker.ERR, "response-optional-property-removed": checker.ERR,
		}))
	var out []Break
	for _, c := range checker.CheckBackwardCompatibilityUntilLevel(rules, report, sources, checker.ERR) {
		if c.GetLevel() != checker.ERR || !concerns(level, old, c) {
			continue
		}
		out = append(out, Break{
			Level: level, Check: c.GetId(), Method: c.GetOperation(), Path: c.GetPath(),
			Text: c.GetUncolorizedText(checker.NewDefaultLocalizer()),
		})
	}
	early, err := tooEarly(level, release, before, after)
	if err != nil {
		return nil, err
	}
	out = append(out, early...)
	slices.SortFunc(out, func(a, b Break) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(out), nil
}

func parse(text []byte) (*openapi3.T, error) {
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, fmt.Errorf("reading an OpenAPI document: %w", err)
	}
	return doc, nil
}

// concerns tells whether a change is a break of the promise of a level.
func concerns(level op.Level, old *openapi3.T, c checker.Change) bool {
	if level == op.V1 {
		return true
	}
	o := operation(old, c.GetOperation(), c.GetPath())
	if o == nil || o.Extensions["x-gatehouse-level"] != level.String() {
		return false
	}
	return strings.HasPrefix(c.GetId(), "api-")
}

func operation(doc *openapi3.T, method, path string) *openapi3.Operation {
	item := doc.Paths.Value(path)
	if item == nil {
		return nil
	}
	return item.Operations()[method]
}

// tooEarly finds operations that are gone although their notice has not been in
// two minor releases.
func tooEarly(level op.Level, release string, before, after []byte) ([]Break, error) {
	old, err := openapi.Parse(before)
	if err != nil {
		return nil, err
	}
	now, err := openapi.Parse(after)
	if err != nil {
		return nil, err
	}
	kept := now.Operations()
	var out []Break
	for path, item := range old.Paths {
		for method, o := range item.Operations() {
			if kept[o.OperationID] != nil || !o.Deprecated || o.Level != level.String() || level != op.V1 {
				continue
			}
			ok, err := op.TwoReleases(o.Announced, release)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", o.OperationID, err)
			}
			if !ok {
				out = append(out, Break{
					Level: level, Check: "removed-before-two-releases", Method: method, Path: path,
					Text: fmt.Sprintf("the notice came with %s, and the last release is %s", o.Announced, release),
				})
			}
		}
	}
	return out, nil
}
