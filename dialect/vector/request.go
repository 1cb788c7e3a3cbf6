package vector

import (
	"math"
	"slices"

	"github.com/gatehouse-ai/gatehouse/dialect/param"
)

// Request is a decoded request for embeddings.
type Request struct {
	Model      string
	Input      []string // at least one, none of them empty
	Base64     bool     // encoding_format
	Dimensions int64    // 0 is the model's own
	User       string

	set param.Set
}

// Parse decodes the body of a request. Every error is a *fault.Error about the
// client's request, with the path of what is wrong.
func Parse(body []byte) (*Request, error) {
	top, err := param.Body(body)
	if err != nil {
		return nil, err
	}
	r := &Request{}
	if err := top.Members(r.read); err != nil {
		return nil, err
	}
	if r.Input == nil {
		return nil, top.Missing("input")
	}
	return r, nil
}

func (r *Request) read(name string, v param.Value) (err error) {
	r.set = append(r.set, v)
	switch name {
	case "model":
		r.Model, err = v.Text()
	case "input":
		err = r.readInput(v)
	case "encoding_format":
		var format string
		format, err = v.OneOf("float", "base64")
		r.Base64 = format == "base64"
	case "dimensions":
		r.Dimensions, err = v.Int(1, math.MaxInt32)
	case "user":
		r.User, err = v.Text()
	case "stream": // there is no such parameter, and false is as good as none
		var on bool
		if on, err = v.Bool(); err == nil && on {
			err = v.Invalid("is true, but embeddings are not streamed")
		}
	}
	return err
}

func (r *Request) readInput(v param.Value) error {
	if v.Type() == param.String {
		return r.text(v)
	}
	if err := v.Want(param.String, param.Array); err != nil {
		return err
	}
	r.Input = []string{}
	err := v.Elements(func(_ int, e param.Value) error {
		if t := e.Type(); t == param.Number || t == param.Array {
			return v.Unsupported("Unsupported parameter: '%s' has tokens instead of text, which the endpoint of this model does not take. Send the texts themselves.", v.Path)
		}
		return r.text(e)
	})
	if err == nil && len(r.Input) == 0 {
		e := v.Invalid("is an empty array but must have at least one element")
		e.Code = "empty_array"
		return e
	}
	return err
}

func (r *Request) text(v param.Value) error {
	s, err := v.Text()
	if err == nil && s == "" {
		return v.Invalid("is an empty string")
	}
	r.Input = append(r.Input, s)
	return err
}

// Refuse returns an error of kind fault.UnsupportedParameter for the first
// parameter beyond those of OpenAI's API that is not one of those that the
// dialect translates, and nil if there is none. dialect names the protocol in
// the message.
func (r *Request) Refuse(dialect string, translated ...string) error {
	known := []string{"model", "input", "encoding_format", "dimensions", "user", "stream"}
	for _, v := range r.set {
		if !slices.Contains(known, v.Path) && !slices.Contains(translated, v.Path) {
			return param.Unsupported(dialect, v.Path)
		}
	}
	return nil
}

// Extra returns a parameter that OpenAI's API does not have. found is false if
// it is absent or null.
func (r *Request) Extra(name string) (v param.Value, found bool) { return r.set.Get(name) }
