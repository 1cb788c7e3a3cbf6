package vector

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/gatehouse-ai/gatehouse/dialect"
	"github.com/gatehouse-ai/gatehouse/dialect/param"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/meter"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// Reply is what an endpoint answered.
type Reply struct {
	Model   string // as the endpoint calls it; "" means the call's
	Vectors []byte // JSON, an array of arrays of numbers in the order of the input
	Usage   meter.Usage
}

// Answer translates the answer to a request for embeddings. It implements
// dialect.Answer.
type Answer struct {
	call   dialect.Call
	req    *Request
	decode func(body []byte) (Reply, error)
	usage  meter.Usage
}

var _ dialect.Answer = (*Answer)(nil)

// NewAnswer returns the answer to r, which came as call. decode finds the
// vectors in the endpoint's body; a *fault.Error of it is the endpoint's own.
func NewAnswer(call dialect.Call, r *Request, decode func(body []byte) (Reply, error)) *Answer {
	return &Answer{call: call, req: r, decode: decode}
}

// Framing is of no account: embeddings are not streamed.
func (a *Answer) Framing() dialect.Framing { return dialect.NDJSON }

var errStream = errors.New("a stream came where a list of embeddings was expected")

// Event returns an error: embeddings are not streamed.
func (a *Answer) Event(wire.Event, dialect.Emit) error { return errStream }

// End returns an error: embeddings are not streamed.
func (a *Answer) End(dialect.Emit) error { return errStream }

// Usage returns what has been counted so far.
func (a *Answer) Usage() meter.Usage { return a.usage }

// Whole writes the list of embeddings.
func (a *Answer) Whole(body []byte) ([]byte, error) {
	reply, err := a.decode(body)
	if err != nil {
		return nil, err
	}
	model := reply.Model
	if model == "" {
		model = a.call.Model
	}
	b := make([]byte, 0, len(reply.Vectors)+64*len(a.req.Input)+256)
	b = append(b, `{"object":"list","data":[`...)
	b, err = a.vectors(b, reply.Vectors)
	if err != nil {
		return nil, err
	}
	a.usage, _ = reply.Usage.Clamp()
	b = append(b, `],"model":`...)
	b = wire.AppendString(b, model)
	b = append(b, `,"usage":{"prompt_tokens":`...)
	b = strconv.AppendInt(b, a.usage.Input, 10)
	b = append(b, `,"total_tokens":`...)
	b = strconv.AppendInt(b, a.usage.Input, 10)
	return append(b, "}}"...), nil
}

// vectors appends the elements of data.
func (a *Answer) vectors(b, raw []byte) ([]byte, error) {
	if !wire.Valid(raw) {
		return nil, errors.New("the vectors are not valid JSON")
	}
	n := 0
	err := param.Value{Path: "embeddings", Raw: raw}.Elements(func(i int, e param.Value) error {
		if n++; i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"object":"embedding","index":`...)
		b = strconv.AppendInt(b, int64(i), 10)
		b = append(b, `,"embedding":`...)
		size, err := 0, error(nil)
		if a.req.Base64 {
			b, size, err = appendBase64(b, e)
		} else {
			b, size, err = appendNumbers(b, e)
		}
		b = append(b, '}')
		if err == nil {
			err = a.checkSize(size)
		}
		return err
	})
	if err != nil {
		return nil, plain(err)
	}
	if n != len(a.req.Input) {
		return nil, fmt.Errorf("%d vectors came for %d inputs", n, len(a.req.Input))
	}
	return b, nil
}

// plain keeps errors about the endpoint's JSON from being taken for the
// client's fault.
func plain(err error) error {
	var f *fault.Error
	if errors.As(err, &f) && f.Kind != fault.UnsupportedParameter {
		return errors.New(f.Message)
	}
	return err
}

// checkSize sees to it that the dimensions that were asked for were given:
// older engines do not know the parameter and leave it out of account.
func (a *Answer) checkSize(size int) error {
	if size == 0 {
		return errors.New("a vector is empty")
	}
	if want := a.req.Dimensions; want != 0 && int64(size) != want {
		return fault.Param(fault.UnsupportedParameter, "dimensions",
			"Unsupported parameter: 'dimensions' is %d, but the endpoint of this model gave vectors of %d numbers. Leave it out, or use a model that can shorten its vectors.", want, size)
	}
	return nil
}

// appendNumbers appends a vector with the digits that it came with.
func appendNumbers(b []byte, v param.Value) ([]byte, int, error) {
	start := len(b)
	size, err := numbers(v, func(text []byte) error {
		b = append(append(b, ','), text...)
		return nil
	})
	if len(b) == start {
		b = append(b, '[')
	}
	b[start] = '['
	return append(b, ']'), size, err
}

// appendBase64 appends a vector as the base64 of its numbers as little-endian
// 32-bit floats.
func appendBase64(b []byte, v param.Value) ([]byte, int, error) {
	var floats []byte
	size, err := numbers(v, func(text []byte) error {
		f, err := strconv.ParseFloat(string(text), 32)
		if err != nil {
			return fmt.Errorf("%s is not a 32-bit float", param.Clip(string(text), 32))
		}
		floats = binary.LittleEndian.AppendUint32(floats, math.Float32bits(float32(f)))
		return nil
	})
	b = append(b, '"')
	b = base64.StdEncoding.AppendEncode(b, floats)
	return append(b, '"'), size, err
}

// numbers calls f with the text of each number of a vector, whose JSON is
// known to be valid, and returns how many there are.
func numbers(v param.Value, f func(text []byte) error) (int, error) {
	if err := v.Want(param.Array); err != nil {
		return 0, err
	}
	n, raw := 0, v.Raw[1:len(v.Raw)-1]
	for i := 0; i < len(raw); {
		switch c := raw[i]; {
		case c == ',' || c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case c == '-' || '0' <= c && c <= '9':
			end := i + 1
			for end < len(raw) && raw[end] > ' ' && raw[end] != ',' {
				end++
			}
			if err := f(raw[i:end]); err != nil {
				return n, err
			}
			n++
			i = end
		default:
			return n, v.Invalid("must have numbers alone")
		}
	}
	return n, nil
}
