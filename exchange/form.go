package exchange

import (
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/peek"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// Form takes what the fields of a multipart body say, and the part of the body
// that has been read and is in memory: all of it, or at least to the end of the
// model's field. For a body that is held elsewhere read is nil, and the driver
// makes the edits of the attempt.
func (x *Exchange) Form(f *peek.Form, read []byte) *fault.Error {
	x.form, x.body = f, read
	if err := f.Check(x.req.Op); err != nil {
		return err
	}
	x.rec.Stream = f.Stream
	return x.resolve(f.Model)
}

// editForm makes the pieces of a form, with the model's name edited. A form
// that names none goes on without one, unless the endpoint calls the operation's
// default something else.
func (x *Exchange) editForm(model string) {
	a := &x.attempt
	a.Header = append(a.Header, wire.Field{Name: "Content-Type", Value: x.req.Header.Get("Content-Type")})
	if x.form.Model != model {
		a.splices = append(a.splices, x.form.NameModel(model))
	}
	if x.body != nil {
		a.Body = pieces(a.Body, x.body, a.splices)
	}
}

// Edits are the edits of a body that the exchange does not hold.
func (a *Attempt) Edits() []wire.Splice { return a.splices }
