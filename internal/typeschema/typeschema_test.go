package typeschema_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/internal/typeschema"
)

const ours = `package ours

import ("encoding/json"; "io"; "time"; "example.com/sdk")

// Thing is a thing
// of two lines.
type Thing struct {
	ID      string            ` + "`json:\"id\"`" + ` // Its name.
	Kind    string            ` + "`json:\"kind\"`" + ` // Always thing.
	Note    *string           ` + "`json:\"note\"`" + `
	Size    int64             ` + "`json:\"size,omitempty\"`" + `
	When    time.Time         ` + "`json:\"when\"`" + `
	Labels  map[string]string ` + "`json:\"labels,omitempty\"`" + `
	Parts   []Thing           ` + "`json:\"parts,omitempty\"`" + `
	Raw     json.RawMessage   ` + "`json:\"raw\"`" + `
	File    io.Reader         ` + "`json:\"file\"`" + `
	Any     any               ` + "`json:\"any\"`" + `
	Data    []byte            ` + "`json:\"data\"`" + `
	Ratio   float64           ` + "`json:\"ratio\"`" + `
	Colour  Colour            ` + "`json:\"colour\"`" + `
	Words   []string          ` + "`json:\"words\"`" + ` // Some. Any of "x", "y".
	Input   Input             ` + "`json:\"input\"`" + `
	Foreign sdk.Model         ` + "`json:\"foreign\"`" + `
	Base
	hidden int
	Skipped int ` + "`json:\"-\"`" + `
}

type Base struct { Deep bool ` + "`json:\"deep\"`" + ` }

// Colour is a colour.
type Colour string

const (
	Red  Colour = "red"
	Blue Colour = "blue"
)

type Input struct {
	One  string   ` + "`json:\",inline\"`" + `
	Many []string ` + "`json:\",inline\"`" + `
}

type Nameless struct { X int }
type Channel struct { C chan int ` + "`json:\"c\"`" + ` }
type Missing struct { M Nowhere ` + "`json:\"m\"`" + ` }
type Far struct { F time.Month ` + "`json:\"f\"`" + ` }
type Double struct { X int ` + "`json:\"x\"`" + ` }
`

const theirs = `package sdk

import ("example.com/sdk/param"; "example.com/sdk/constant")

// Model is told by a comment that is theirs.
type Model = string

const ModelA Model = "a"

type paramObj = param.APIObject

type Ask struct {
	// Any of "low",
	// "high".
	Effort string ` + "`json:\"effort,omitzero\"`" + `
	N      param.Opt[int64] ` + "`json:\"n,omitzero\"`" + `
	Name   string ` + "`json:\"name\" api:\"required\"`" + `
	Role   constant.User ` + "`json:\"role\" default:\"user\"`" + `
	At     int64 ` + "`json:\"at\" api:\"required\" format:\"unixtime\"`" + `
	Link   string ` + "`json:\"link\" api:\"nullable\" format:\"uri\"`" + `
	Head   string ` + "`header:\"h\" json:\"-\"`" + `
	paramObj
}

type EventUnion struct {
	Type string ` + "`json:\"type\"`" + `
	JSON struct{ raw string } ` + "`json:\"-\"`" + `
}

func (u EventUnion) AsAny() any { return nil }
func (u EventUnion) AsStart() (v Start) { return }
func (u EventUnion) AsStop() (v Stop) { return }
func (u EventUnion) AsStopAgain() (v Stop) { return }

type Start struct { Type constant.Start ` + "`json:\"type\" default:\"start\"`" + ` }
type Stop struct { Type constant.Stop ` + "`json:\"type\" default:\"stop\"`" + ` }

type ChoiceParamUnion struct {
	OfMode *string ` + "`json:\",omitzero,inline\"`" + `
	OfAsk  *Ask    ` + "`json:\",omitzero,inline\"`" + `
}
type Double struct { Y int ` + "`json:\"y\"`" + ` }
`

const constants = `package constant
type Start string // Always "start"
type Stop string  // Always "stop"
type User string  // Always "user"
`

const params = "package param\n\ntype Opt[T any] struct{ Value T }\ntype APIObject struct{}\n"

func builder(t *testing.T) *typeschema.Builder {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{
		"ours/a.go": ours, "ours/a_test.go": "package nothing of sense", "sdk/a.go": theirs,
		"sdk/constant/a.go": constants, "sdk/param/a.go": params, "bad/a.go": "package", "empty/a.go": "package empty",
	} {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return typeschema.New(
		typeschema.Module{Path: "example.com/ours", Dir: filepath.Join(root, "ours"), Described: true},
		typeschema.Module{Path: "example.com/sdk", Dir: filepath.Join(root, "sdk")},
		typeschema.Module{Path: "example.com/bad", Dir: filepath.Join(root, "bad")},
		typeschema.Module{Path: "example.com/empty", Dir: filepath.Join(root, "empty")},
	)
}

func name(pkg, typ string) typeschema.Name {
	return typeschema.Name{Package: "example.com/" + pkg, Type: typ}
}

func TestSchemas(t *testing.T) {
	for _, c := range []struct {
		name       typeschema.Name
		components string
	}{
		{name("ours", "Thing"), `{
			"Input":{"anyOf":[{"type":"string"},{"type":"array","items":{"type":"string"}}]},
			"Thing":{"description":"Thing is a thing of two lines.","type":"object","properties":{
				"any":{},"colour":{"description":"Colour is a colour.","type":"string","enum":["red","blue"]},
				"data":{"type":"string","format":"byte"},"deep":{"type":"boolean"},"file":{"type":"string","format":"binary"},"foreign":{"type":"string"},
				"id":{"description":"Its name.","type":"string"},"input":{"$ref":"#/components/schemas/Input"},
				"kind":{"description":"Always thing.","type":"string","const":"thing"},
				"labels":{"type":"object","additionalProperties":{"type":"string"}},"note":{"type":["string","null"]},
				"parts":{"type":"array","items":{"$ref":"#/components/schemas/Thing"}},"ratio":{"type":"number"},"raw":{},"size":{"type":"integer"},
				"when":{"type":"string","format":"date-time"},
				"words":{"description":"Some. Any of \"x\", \"y\".","type":"array","items":{"type":"string","enum":["x","y"]}}},
			"required":["id","kind","note","when","raw","file","any","data","ratio","colour","words","input","foreign","deep"]}}`},
		{name("sdk", "Ask"), `{"Ask":{"type":"object","properties":{
			"at":{"type":"integer"},"effort":{"type":["string","null"],"enum":["low","high",null]},"link":{"type":["string","null"],"format":"uri"},
			"n":{"type":["integer","null"]},"name":{"type":"string"},"role":{"type":"string","const":"user"}},
			"required":["name","role","at"]}}`},
		{name("sdk", "EventUnion"), `{
			"EventUnion":{"oneOf":[{"$ref":"#/components/schemas/Start"},{"$ref":"#/components/schemas/Stop"}],
				"discriminator":{"propertyName":"type","mapping":{"start":"#/components/schemas/Start","stop":"#/components/schemas/Stop"}}},
			"Start":{"type":"object","properties":{"type":{"type":"string","const":"start"}},"required":["type"]},
			"Stop":{"type":"object","properties":{"type":{"type":"string","const":"stop"}},"required":["type"]}}`},
	} {
		t.Run(c.name.String(), func(t *testing.T) {
			b := builder(t)
			if ref := b.Schema(c.name); ref.Name() != c.name.Type {
				t.Errorf("a reference to %q", ref.Name())
			}
			if err := b.Finish(); err != nil {
				t.Fatal(err)
			}
			got, err := json.Marshal(b.Schemas)
			if err != nil {
				t.Fatal(err)
			}
			if want := strings.Join(strings.FieldsFunc(c.components, func(r rune) bool { return r == '\n' || r == '\t' }), ""); string(got) != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestVariantsThatNothingTellsApart(t *testing.T) {
	b := builder(t)
	b.Schema(name("sdk", "ChoiceParamUnion"))
	if err := b.Finish(); err != nil {
		t.Fatal(err)
	}
	if s := b.Schemas["ChoiceParamUnion"]; len(s.AnyOf) != 2 || s.Discriminator != nil {
		t.Errorf("%+v", s)
	}
}

func TestRename(t *testing.T) {
	b := builder(t)
	b.Rename = func(n typeschema.Name) string { return map[string]string{"Ask": "Question"}[n.Type] }
	if got := b.Schema(name("sdk", "Ask")).Name() + b.Schema(name("sdk", "Start")).Name(); got != "QuestionStart" {
		t.Error(got)
	}
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct {
		name typeschema.Name
		want string
	}{
		{name("ours", "Nameless"), "the field X has no name in JSON"},
		{name("ours", "Channel"), "no schema of the type"},
		{name("ours", "Missing"), "there is no type example.com/ours.Nowhere"},
		{name("ours", "Far"), "the package time is in none of the modules"},
		{name("nowhere", "X"), "the package example.com/nowhere is in none of the modules"},
		{name("bad", "X"), "the source of example.com/bad"},
		{name("empty", "X"), "there are no types of example.com/empty"},
	} {
		b := builder(t)
		b.Schema(c.name)
		if err := b.Finish(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

func TestTwoTypesMayNotShareAName(t *testing.T) {
	b := builder(t)
	b.Schema(name("ours", "Double"))
	b.Schema(name("sdk", "Double"))
	if err := b.Finish(); err == nil || !strings.Contains(err.Error(), "would both be the component Double") {
		t.Errorf("got %v", err)
	}
}
