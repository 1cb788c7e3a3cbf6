package peek

import (
	"strings"

	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// Form watches a multipart body as a front reads it, and keeps the few
// fields that the gateway needs: model and stream.
type Form struct {
	Model   string
	ModelAt Span
	Stream  bool
	form    *wire.Form
	found   bool
	seen    map[string]bool
}

// NewForm returns a watcher for a body of the given Content-Type.
func NewForm(contentType string) (*Form, *fault.Error) {
	f, err := wire.NewForm(contentType)
	if err != nil {
		return nil, fault.Wrap(fault.UnsupportedMedia, err, "This operation takes a multipart/form-data body with a boundary.")
	}
	return &Form{form: f, seen: map[string]bool{}}, nil
}

// Feed takes the next piece of the body. An error is the answer for the
// client, also when the model was found before: a second model would be read
// by some engines instead of the first.
func (f *Form) Feed(p []byte) *fault.Error {
	err := f.form.Feed(p, func(part wire.Part) error {
		if len(f.seen) < 1000 {
			f.seen[strings.TrimSuffix(part.Name, "[]")] = true
		}
		switch {
		case wire.EqualFold(part.Name, "model"):
			return f.takeModel(part)
		case part.Name == "stream":
			f.Stream = wire.EqualFold(string(part.Value), "true") || string(part.Value) == "1"
		}
		return nil
	})
	if err != nil {
		if e := fault.From(err); e.Kind != fault.Internal {
			return e
		}
		return fault.Wrap(fault.InvalidBody, err, "The multipart body could not be read: %s.", err)
	}
	return nil
}

func (f *Form) takeModel(part wire.Part) error {
	if f.found || part.Name != "model" {
		return fault.Param(fault.DuplicateParameter, "model", "The field 'model' stands in the form more than once, or in another spelling. Send it once, in lower case.")
	}
	if part.File {
		return fault.Param(fault.InvalidParameter, "model", "The field 'model' is a file. Send it as text.")
	}
	if err := checkModel(part.Value); err != nil {
		return err
	}
	f.found, f.Model, f.ModelAt = true, string(part.Value), Span{int(part.Start), int(part.End)}
	return nil
}

// Found tells whether the model has been read, so that the rest of the body
// need not be waited for.
func (f *Form) Found() bool { return f.found }

// NameModel returns the edit that has the form name its model: in the place of
// the name that it has, or as a part of its own.
func (f *Form) NameModel(name string) wire.Splice {
	if f.found {
		return wire.Splice{Start: f.ModelAt.Start, End: f.ModelAt.End, Text: []byte(name)}
	}
	at, part := f.form.Insert("model", name)
	return wire.Splice{Start: int(at), End: int(at), Text: part}
}

// Complete tells whether the last boundary has passed.
func (f *Form) Complete() bool { return f.form.Done() }

// Check finds what a form that is complete lacks for an operation, and sets the
// model where the form names none. Of a form that is not complete it only
// wants the model.
func (f *Form) Check(o *op.Operation) *fault.Error {
	if f.Complete() {
		for _, name := range o.Required {
			if !f.seen[name] {
				return fault.Param(fault.MissingParameter, name, "Missing required parameter: '%s'.", name)
			}
		}
	}
	if f.Model == "" {
		if f.Model = o.DefaultModel; f.Model == "" {
			return MissingModel()
		}
	}
	return nil
}
