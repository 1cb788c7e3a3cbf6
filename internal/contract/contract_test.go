package contract_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/internal/contract"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/openapi"
)

// cats is the document of a small API.
func cats(level op.Level) *openapi.Document {
	word := map[op.Level]string{op.V1: "stable", op.V1Beta: "beta", op.V1Alpha: "alpha"}[level]
	media := func(s *openapi.Schema) map[string]*openapi.MediaType {
		return map[string]*openapi.MediaType{"application/json": {Schema: s}}
	}
	return &openapi.Document{
		OpenAPI: openapi.Version, Info: openapi.Info{Title: "Cats", Version: "v1"},
		Paths: map[string]*openapi.PathItem{"/cats": {Post: &openapi.Operation{
			OperationID: "createCat", LevelWord: word, Level: level.String(), Security: []map[string][]string{{"bearer": {"cats"}}},
			RequestBody: &openapi.RequestBody{Required: true, Content: media(openapi.Ref("Cat"))},
			Responses: map[string]*openapi.Response{
				"200": {Description: "The cat.", Content: media(openapi.Ref("Cat"))},
				"400": {Description: "Not a cat.", Content: media(openapi.Ref("Error"))},
			},
		}}},
		Components: openapi.Components{
			SecuritySchemes: map[string]*openapi.SecurityScheme{"bearer": {Type: "http", Scheme: "bearer"}},
			Schemas: map[string]*openapi.Schema{
				"Cat": {
					Type: openapi.Types{openapi.Object}, Required: []string{"name"},
					Properties: map[string]*openapi.Schema{
						"name": openapi.Of(openapi.String), "age": openapi.Of(openapi.Integer),
						"colour": {Type: openapi.Types{openapi.String}, Enum: []any{"black", "white"}},
					},
				},
				"Error": {Type: openapi.Types{openapi.Object}, Required: []string{"code"}, Properties: map[string]*openapi.Schema{"code": openapi.Of(openapi.String)}},
			},
		},
	}
}

func text(t *testing.T, d *openapi.Document) []byte {
	t.Helper()
	out, err := d.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestCompare(t *testing.T) {
	remove := func(d *openapi.Document) { delete(d.Paths, "/cats") }
	announced := func(since, sunset string) func(*openapi.Document) {
		return func(d *openapi.Document) {
			o := d.Paths["/cats"].Post
			o.Deprecated, o.Announced, o.Sunset = true, since, sunset
		}
	}
	for name, c := range map[string]struct {
		level  op.Level
		before func(*openapi.Document)
		after  func(*openapi.Document)
		checks []string // that must find something; none: nothing may be found
	}{
		"nothing": {op.V1, nil, nil, nil},
		"an operation more": {op.V1, nil, func(d *openapi.Document) {
			o := *d.Paths["/cats"].Post
			o.OperationID = "createDog"
			d.Paths["/dogs"] = &openapi.PathItem{Post: &o}
		}, nil},
		"an optional field more": {op.V1, nil, func(d *openapi.Document) { d.Components.Schemas["Cat"].Properties["toy"] = openapi.Of(openapi.String) }, nil},
		"an operation less":      {op.V1, nil, remove, []string{"api-path-removed-without-deprecation"}},
		"another path":           {op.V1, nil, func(d *openapi.Document) { d.Paths["/kittens"] = d.Paths["/cats"]; remove(d) }, []string{"api-path-removed-without-deprecation"}},
		"another method":         {op.V1, nil, func(d *openapi.Document) { d.Paths["/cats"] = &openapi.PathItem{Put: d.Paths["/cats"].Post} }, []string{"api-removed-without-deprecation"}},
		"a required field more":  {op.V1, nil, func(d *openapi.Document) { d.Components.Schemas["Cat"].Required = []string{"name", "age"} }, []string{"request-property-became-required"}},
		"another type":           {op.V1, nil, func(d *openapi.Document) { d.Components.Schemas["Cat"].Properties["age"] = openapi.Of(openapi.String) }, []string{"request-property-type-changed", "response-property-type-changed"}},
		"a value less":           {op.V1, nil, func(d *openapi.Document) { d.Components.Schemas["Cat"].Properties["colour"].Enum = []any{"black"} }, []string{"request-property-enum-value-removed"}},
		"a field of answers less": {op.V1, nil, func(d *openapi.Document) {
			delete(d.Components.Schemas["Error"].Properties, "code")
			d.Components.Schemas["Error"].Required = nil
		}, []string{"response-required-property-removed"}},
		"an optional field less":    {op.V1, nil, func(d *openapi.Document) { delete(d.Components.Schemas["Cat"].Properties, "age") }, []string{"request-property-removed", "response-optional-property-removed"}},
		"a status less":             {op.V1, nil, func(d *openapi.Document) { delete(d.Paths["/cats"].Post.Responses, "200") }, []string{"response-success-status-removed"}},
		"a level lower":             {op.V1, nil, func(d *openapi.Document) { d.Paths["/cats"].Post.LevelWord = "beta" }, []string{"api-stability-decreased"}},
		"a notice that is short":    {op.V1, nil, announced("0.4", "2026-01-02"), []string{"api-sunset-date-too-small"}},
		"gone without two releases": {op.V1, announced("0.4", "2020-01-01"), remove, []string{"removed-before-two-releases"}},
		"gone before its sunset":    {op.V1, announced("0.1", "2999-01-01"), remove, []string{"api-path-removed-before-sunset"}},
		"gone after its notice":     {op.V1, announced("0.3", "2020-01-01"), remove, nil},
		"beta: another type":        {op.V1Beta, nil, func(d *openapi.Document) { d.Components.Schemas["Cat"].Properties["age"] = openapi.Of(openapi.String) }, nil},
		"beta: an operation less":   {op.V1Beta, nil, remove, []string{"api-path-removed-without-deprecation"}},
		"alpha: an operation less":  {op.V1Alpha, nil, remove, nil},
	} {
		t.Run(name, func(t *testing.T) {
			before, after := cats(c.level), cats(c.level)
			if c.before != nil {
				c.before(before)
			}
			if c.after != nil {
				c.after(after)
			}
			got, err := contract.Compare(c.level, "0.4.2", text(t, before), text(t, after))
			if err != nil {
				t.Fatal(err)
			}
			for _, check := range c.checks {
				if !slices.ContainsFunc(got, func(b contract.Break) bool { return b.Check == check && b.Path == "/cats" && b.Text != "" }) {
					t.Errorf("%s was not found in %v", check, got)
				}
			}
			if len(c.checks) == 0 && len(got) > 0 {
				t.Errorf("found %v", got)
			}
		})
	}
}

// The document of v1beta has what is stable as well; that is not compared twice.
func TestStableOperationsAreComparedOnce(t *testing.T) {
	after := cats(op.V1)
	delete(after.Paths, "/cats")
	got, err := contract.Compare(op.V1Beta, "0.4.2", text(t, cats(op.V1)), text(t, after))
	if err != nil || len(got) > 0 {
		t.Errorf("%v %v", got, err)
	}
}

func TestCompareMistakes(t *testing.T) {
	good := text(t, cats(op.V1))
	if _, err := contract.Compare(op.V1, "0.4.2", []byte("{"), good); err == nil {
		t.Error("a broken document of the last release was read")
	}
	if _, err := contract.Compare(op.V1, "0.4.2", good, []byte("{")); err == nil {
		t.Error("a broken document was read")
	}
}

func TestWaivers(t *testing.T) {
	got, err := contract.ParseWaivers("# c\n\nv1 gone POST /cats | ann | cats.md | They ran away.\n")
	want := contract.Waiver{Level: "v1", Check: "gone", Method: "POST", Path: "/cats", Reviewer: "ann", Note: "cats.md", Reason: "They ran away."}
	if err != nil || len(got) != 1 || got[0] != want {
		t.Errorf("%v %+v", err, got)
	}
	for _, line := range []string{"v1 gone POST /cats", "v1 gone POST | ann | n.md | why", "v1 gone POST /cats | | n.md | why", "v1 gone POST /cats | ann | n.md |"} {
		if _, err := contract.ParseWaivers(line); err == nil || !strings.Contains(err.Error(), "line 1") {
			t.Errorf("%q: %v", line, err)
		}
	}
}

func FuzzParseWaivers(f *testing.F) {
	f.Add("# c\n\nv1 gone POST /cats | ann | cats.md | They ran away.\n")
	f.Fuzz(func(t *testing.T, text string) {
		waivers, err := contract.ParseWaivers(text)
		if err != nil {
			return
		}
		for _, w := range waivers {
			if w.Reviewer == "" || w.Note == "" || w.Reason == "" || w.Path == "" {
				t.Errorf("half a waiver: %+v", w)
			}
		}
	})
}

func TestMarked(t *testing.T) {
	for message, want := range map[string]bool{
		"feat(op)!: remove cats":                      true,
		"feat!: remove cats":                          true,
		"feat(op): remove cats\n\nBREAKING CHANGE: x": true,
		"feat(op): remove cats\n\nBREAKING-CHANGE: x": true,
		"feat(op): remove cats!":                      false,
		"feat(op): say BREAKING CHANGE: in a subject": false,
		"": false,
	} {
		if got := contract.Marked("chore: x", message); got != want {
			t.Errorf("%q: %v", message, got)
		}
	}
}

func TestJudge(t *testing.T) {
	b := contract.Break{Level: op.V1, Check: "gone", Method: "POST", Path: "/cats", Text: "it is gone"}
	w := contract.Waiver{Level: "v1", Check: "gone", Method: "POST", Path: "/cats", Reviewer: "ann", Note: "cats.md", Reason: "why"}
	other := w
	other.Path = "/dogs"
	for name, c := range map[string]struct {
		breaks  []contract.Break
		waivers []contract.Waiver
		marked  bool
		note    bool
		want    []string
	}{
		"nothing":                    {nil, nil, false, false, nil},
		"a mark alone":               {[]contract.Break{b}, nil, true, true, []string{"breaks what the last release promised"}},
		"a waiver alone":             {[]contract.Break{b}, []contract.Waiver{w}, false, true, []string{"no commit since the last release is marked"}},
		"both":                       {[]contract.Break{b}, []contract.Waiver{w}, true, true, nil},
		"no note":                    {[]contract.Break{b}, []contract.Waiver{w}, true, false, []string{"changes/unreleased/cats.md"}},
		"another waiver":             {[]contract.Break{b}, []contract.Waiver{other}, true, true, []string{"breaks what", "nothing breaks v1 gone POST /dogs"}},
		"a waiver that is left over": {nil, []contract.Waiver{w}, true, true, []string{"remove the line"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := contract.Judge(c.breaks, c.waivers, c.marked, func(contract.Waiver) bool { return c.note })
			if len(got) != len(c.want) {
				t.Fatalf("got %v, want %q", got, c.want)
			}
			for i, err := range got {
				if !strings.Contains(err.Error(), c.want[i]) {
					t.Errorf("got %v, want %q", err, c.want[i])
				}
			}
		})
	}
}
