package envelope

import (
	"strconv"
	"time"

	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// Source is the field that says where an error comes from: the client, the
// gateway or the endpoint.
const Source = "X-Gatehouse-Error-Source"

// Answer returns the answer that tells a client of an error, in the shape
// that the clients of the operation expect. The request's id goes into the
// body where the shape has a place for it; h is what the fields are appended
// to.
func Answer(e *fault.Error, shape op.Shape, requestID string, h wire.Header) (status int, head wire.Header, body []byte) {
	if shape == op.AnthropicShape {
		body = e.AppendAnthropic(nil, requestID)
	} else {
		body = e.AppendOpenAI(nil)
	}
	row := e.Kind.Row()
	h = append(h,
		wire.Field{Name: "Content-Type", Value: "application/json"},
		wire.Field{Name: "Content-Length", Value: strconv.Itoa(len(body))},
		wire.Field{Name: Source, Value: string(row.Source)})
	if row.Final || e.Code == "insufficient_quota" {
		h = h.Set("X-Should-Retry", "false")
	}
	if e.Allow != "" {
		h = append(h, wire.Field{Name: "Allow", Value: e.Allow})
	}
	if e.RetryAfter > 0 {
		h = h.Set("Retry-After", strconv.FormatInt(int64((e.RetryAfter+time.Second-1)/time.Second), 10))
		h = h.Set("Retry-After-Ms", strconv.FormatInt(e.RetryAfter.Milliseconds(), 10))
	}
	return e.HTTPStatus(), h, body
}

// AppendEvent appends the event that ends a stream which broke off, in the form
// that the clients of the operation understand. emitted is how many events came
// before.
func AppendEvent(b []byte, e *fault.Error, id op.ID, requestID string, emitted int64) []byte {
	switch id {
	case op.Response:
		return wire.AppendEvent(b, "error", e.AppendResponses(nil, emitted))
	case op.Message:
		return wire.AppendEvent(b, "error", e.AppendAnthropic(nil, requestID))
	}
	return wire.AppendEvent(b, "", e.AppendOpenAI(nil))
}

// Is tells whether the body of an error is already in the shape, with
// every key of the right type, so that it can go on as it is.
func Is(body []byte, shape op.Shape) bool {
	found, typed := false, shape != op.AnthropicShape
	err := wire.Scan(body, func(m wire.Member) error {
		v := body[m.Start:m.End]
		switch string(m.Key) {
		case "error":
			found = v[0] == '{' && errorObject(v, shape)
		case "type":
			typed = typed || string(v) == `"error"`
		}
		return nil
	})
	return err == nil && found && typed
}

// errorObject tells whether an error object has the keys of its shape.
func errorObject(v []byte, shape op.Shape) bool {
	n := 0
	err := wire.Scan(v, func(m wire.Member) error {
		c := v[m.Start]
		switch string(m.Key) {
		case "message", "type":
			if c == '"' {
				n++
			}
		case "param", "code":
			if c == '"' || c == 'n' {
				n++
			}
		}
		return nil
	})
	return err == nil && (n == 4 || shape == op.AnthropicShape && n >= 2)
}
