package exchange

import (
	"strings"

	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// FormFields watches a multipart body as a front reads it, and keeps the few
// fields that the gateway needs: model and stream.
type FormFields struct {
	form    *wire.Form
	model   string
	modelAt wire.Part
	stream  bool
	found   bool
	seen    map[string]bool
}

// NewFormFields returns a watcher for a body of the given Content-Type.
func NewFormFields(contentType string) (*FormFields, *fault.Error) {
	f, err := wire.NewForm(contentType)
	if err != nil {
		return nil, fault.Wrap(fault.UnsupportedMedia, err, "This operation takes a multipart/form-data body with a boundary.")
	}
	return &FormFields{form: f, seen: map[string]bool{}}, nil
}

// Feed takes the next piece of the body. An error is the answer for the
// client, also when the model was found before: a second model would be read
// by some engines instead of the first.
func (f *FormFields) Feed(p []byte) *fault.Error {
	err := f.form.Feed(p, func(part wire.Part) error {
		if len(f.seen) < 1000 {
			f.seen[strings.TrimSuffix(part.Name, "[]")] = true
		}
		switch {
		case wire.EqualFold(part.Name, "model"):
			return f.takeModel(part)
		case part.Name == "stream":
			f.stream = wire.EqualFold(string(part.Value), "true") || string(part.Value) == "1"
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

func (f *FormFields) takeModel(part wire.Part) error {
	if f.found || part.Name != "model" {
		return fault.Param(fault.DuplicateParameter, "model", "The field 'model' stands in the form more than once, or in another spelling. Send it once, in lower case.")
	}
	if part.File {
		return fault.Param(fault.InvalidParameter, "model", "The field 'model' is a file. Send it as text.")
	}
	name, err := checkModel(part.Value)
	if err != nil {
		return err
	}
	f.found, f.model, f.modelAt = true, name, part
	return nil
}

// Found tells whether the model has been read, so that the rest of the body
// need not be waited for.
func (f *FormFields) Found() bool { return f.found }

// Complete tells whether the last boundary has passed.
func (f *FormFields) Complete() bool { return f.form.Done() }

// Form takes what the fields of a multipart body say, and the part of the body
// that has been read and is in memory: all of it, or at least to the end of the
// model's field. For a body that is held elsewhere read is nil, and the driver
// makes the edits of the attempt.
func (x *Exchange) Form(f *FormFields, read []byte) *fault.Error {
	x.form, x.body = f, read
	model := f.model
	if f.Complete() {
		for _, name := range x.req.Op.Required {
			if !f.seen[name] {
				return fault.Param(fault.MissingParameter, name, "Missing required parameter: '%s'.", name)
			}
		}
	}
	if model == "" {
		if model = x.req.Op.DefaultModel; model == "" {
			return missingModel()
		}
	}
	x.rec.Stream = f.stream
	return x.resolve(model)
}

// editForm makes the pieces of a form, with the model's name edited. A form
// that names no model goes on without one.
func (x *Exchange) editForm(model string) {
	a := &x.attempt
	a.Header = append(a.Header, wire.Field{Name: "Content-Type", Value: x.req.Header.Get("Content-Type")})
	if f := x.form; f.found && f.model != model {
		a.splices = append(a.splices, wire.Splice{Start: int(f.modelAt.Start), End: int(f.modelAt.End), Text: []byte(model)})
	}
	if x.body != nil {
		a.Body = pieces(a.Body, x.body, a.splices)
	}
}

// Edits are the edits of a body that the exchange does not hold.
func (a *Attempt) Edits() []wire.Splice { return a.splices }
