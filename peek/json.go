package peek

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// Span is where a value stands in the body; the zero Span is nowhere.
type Span struct{ Start, End int }

// There tells whether the body has the value.
func (s Span) There() bool { return s.End > 0 }

// JSON is the few members of a JSON body that the gateway reads.
type JSON struct {
	Model        string // or the operation's default, if the body names none; it points into the body
	ModelAt      Span
	Stream       bool
	StreamAt     Span
	OptionsAt    Span // stream_options
	OptionsNull  bool
	IncludeUsage bool // stream_options.include_usage
	IncludeAt    Span
	MaxTokens    int64 // the largest bound of what one choice may have; 0 if there is none
	N            int64 // choices; 0 if the body does not say
	seen         uint32
}

// deciding are the members that decide about routing, limits or edits. A body
// that has one of them twice, or in another case, would be read one way here
// and another way by some engine, so it is refused.
var deciding = [...]string{
	"model", "stream", "stream_options", "max_tokens", "max_completion_tokens", "max_output_tokens", "n", "best_of", "include_usage",
}

// maxModel is the longest name of a model, in bytes.
const maxModel = 512

// Scan reads the body of an operation, and allocates nothing for one that is as
// it should be. The name of the model points into the body: it is valid as long
// as the body stays as it is.
func (f *JSON) Scan(body []byte, o *op.Operation) *fault.Error {
	*f = JSON{}
	var twice uint32
	err := wire.Scan(body, func(m wire.Member) error {
		if i := decides(m.Key); i >= 0 {
			if twice&(1<<i) != 0 || string(m.Key) != deciding[i] {
				return fault.Param(fault.DuplicateParameter, deciding[i], "The parameter '%s' stands in the body more than once, or in another spelling. Send it once, in lower case.", deciding[i])
			}
			twice |= 1 << i
		}
		return f.member(body, m, o)
	})
	if err != nil {
		return unread(err)
	}
	for i, name := range o.Required {
		if f.seen&(1<<i) == 0 {
			return fault.Param(fault.MissingParameter, name, "Missing required parameter: '%s'.", name)
		}
	}
	if f.Model == "" {
		if f.Model = o.DefaultModel; f.Model == "" {
			return MissingModel()
		}
	}
	return nil
}

// unread is the error for a body that could not be read to its end.
func unread(err error) *fault.Error {
	if _, syntax := errors.AsType[*wire.SyntaxError](err); syntax || fault.From(err).Kind == fault.Internal {
		return fault.New(fault.InvalidJSON, "The body could not be read as a JSON object: %s. Check its syntax.", err)
	}
	return fault.From(err)
}

// MissingModel is the error for a body that names no model.
func MissingModel() *fault.Error {
	return fault.Param(fault.MissingParameter, "model", "Missing required parameter: 'model'. Name one of the models that GET /v1/models lists.")
}

// longest is more than the bytes of any deciding member, with letters of other
// scripts in the place of some.
const longest = 64

// decides returns the index of key in deciding, or -1. It folds case as some
// engines do, by Unicode's rules: "\u017ftream" is "stream" to them.
func decides(key []byte) int {
	if len(key) == 0 || len(key) > longest || !begins(key[0]) {
		return -1
	}
	for i, d := range deciding {
		if len(key) >= len(d) && strings.EqualFold(wire.View(key), d) {
			return i
		}
	}
	return -1
}

// begins tells whether a deciding member may begin with c in some spelling.
func begins(c byte) bool {
	switch c | 0x20 {
	case 'b', 'i', 'm', 'n', 's':
		return true
	}
	return c >= utf8.RuneSelf
}

// member takes one member of the body.
func (f *JSON) member(body []byte, m wire.Member, o *op.Operation) error {
	v := body[m.Start:m.End]
	null := string(v) == "null"
	if !null {
		for i, name := range o.Required {
			if string(m.Key) == name {
				f.seen |= 1 << i
			}
		}
	}
	switch string(m.Key) {
	case "model":
		f.ModelAt = Span{m.Start, m.End}
		if null {
			return nil
		}
		name, err := modelName(v)
		if err != nil {
			return err
		}
		f.Model = name
	case "stream":
		f.StreamAt = Span{m.Start, m.End}
		if !null && string(v) != "true" && string(v) != "false" {
			return fault.Param(fault.InvalidParameter, "stream", "Invalid type for 'stream': expected a boolean.")
		}
		f.Stream = v[0] == 't' && o.Reply != op.JSON
	case "stream_options":
		return f.options(body, m, null)
	case "max_completion_tokens", "max_tokens", "max_output_tokens":
		f.MaxTokens = max(f.MaxTokens, count(v))
	case "n":
		f.N = count(v)
	}
	return nil
}

// count reads a number of tokens or choices. What is no whole number above 0, or
// larger than any engine takes, is 0: it is for the endpoint to refuse.
func count(v []byte) int64 {
	const digits = 10
	if len(v) > digits {
		return 0
	}
	n := int64(0)
	for _, c := range v {
		if c < '0' || c > '9' {
			return 0
		}
		n = n*10 + int64(c-'0')
	}
	return n
}

// options takes the member stream_options.
func (f *JSON) options(body []byte, m wire.Member, null bool) error {
	f.OptionsAt, f.OptionsNull = Span{m.Start, m.End}, null
	if null {
		return nil
	}
	v := body[m.Start:m.End]
	if v[0] != '{' {
		return fault.Param(fault.InvalidParameter, "stream_options", "Invalid type for 'stream_options': expected an object.")
	}
	return wire.Scan(v, func(in wire.Member) error {
		if !wire.EqualFold(string(in.Key), "include_usage") {
			return nil
		}
		if f.IncludeAt.There() || string(in.Key) != "include_usage" {
			return fault.Param(fault.DuplicateParameter, "stream_options.include_usage", "The parameter 'stream_options.include_usage' stands in the body more than once, or in another spelling.")
		}
		f.IncludeAt = Span{m.Start + in.Start, m.Start + in.End}
		switch string(v[in.Start:in.End]) {
		case "true":
			f.IncludeUsage = true
		case "false", "null":
		default:
			return fault.Param(fault.InvalidParameter, "stream_options.include_usage", "Invalid type for 'stream_options.include_usage': expected a boolean.")
		}
		return nil
	})
}

// modelName reads the value of a model member.
func modelName(quoted []byte) (string, error) {
	if quoted[0] != '"' {
		return "", fault.Param(fault.InvalidParameter, "model", "Invalid type for 'model': expected a string.")
	}
	text, err := wire.Unquote(quoted)
	if err != nil {
		return "", err
	}
	if err := checkModel(text); err != nil {
		return "", err
	}
	return wire.View(text), nil
}

func checkModel(text []byte) error {
	if len(text) > maxModel {
		return fault.Param(fault.InvalidParameter, "model", "Invalid value for 'model': a name of at most %d bytes was expected.", maxModel)
	}
	for _, c := range text {
		if c < 0x20 || c == 0x7f {
			return fault.Param(fault.InvalidParameter, "model", "Invalid value for 'model': it has control characters.")
		}
	}
	if !utf8.Valid(text) {
		return fault.Param(fault.InvalidParameter, "model", "Invalid value for 'model': it is not UTF-8.")
	}
	return nil
}
