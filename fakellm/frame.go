package fakellm

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/gatehouse-ai/gatehouse/fakellm/turn"
)

// arrange returns the frames of a reply as a script wants them: with an error,
// without an end, with the usage told twice.
func arrange(reply *turn.Reply, s *Script) []turn.Frame {
	frames := reply.Frames
	if reply.Framing == turn.Whole {
		return padded(frames, s.Form.Huge)
	}
	var out []turn.Frame
	if s.Fail != nil && s.Fail.At < len(frames) && reply.Fail != nil {
		frames = slices.Concat(frames[:s.Fail.At], broken(s.Fail, reply))
	}
	for _, f := range frames {
		if f.End && s.Form.NoEnd {
			continue
		}
		out = append(out, f)
		if f.Usage && s.Form.UsageTwice {
			out = append(out, f)
		}
	}
	return padded(out, s.Form.Huge)
}

// broken returns the frames of an error in the middle of a stream.
func broken(e *StreamErr, reply *turn.Reply) []turn.Frame {
	frames := reply.Fail(e.At, cmp.Or(e.Message, "The engine broke down."))
	if e.Data != "" {
		frames[0].Data = []byte(e.Data)
	}
	return frames
}

// padded returns frames of which the first that carries tokens is an object of
// at least size bytes: white space means nothing in JSON.
func padded(frames []turn.Frame, size int) []turn.Frame {
	for i, f := range frames {
		if f.Tokens > 0 && len(f.Data) < size && bytes.HasPrefix(f.Data, []byte("{")) {
			space := bytes.Repeat([]byte(" "), size-len(f.Data))
			frames = append([]turn.Frame(nil), frames...)
			frames[i].Data = append(append([]byte("{"), space...), f.Data[1:]...)
			break
		}
	}
	return frames
}

// encode returns the bytes of frame number i.
func encode(f turn.Frame, i int, framing turn.Framing, form *Form) []byte {
	if raw, ok := form.Raw[i]; ok {
		return []byte(raw)
	}
	if data, ok := form.Data[i]; ok {
		f.Data = []byte(data)
	}
	switch framing {
	case turn.NDJSON:
		return append(bytes.Clone(f.Data), '\n')
	case turn.SSE:
		return encodeSSE(f, form)
	default:
		return f.Data
	}
}

func encodeSSE(f turn.Frame, form *Form) []byte {
	end := form.LineEnd
	if end == "" {
		end = "\n"
	}
	b := make([]byte, 0, len(f.Name)+len(f.Data)+32)
	line := func(field string, value []byte) {
		b = append(b, field...)
		b = append(b, value...)
		b = append(b, end...)
	}
	if form.Comments {
		line(": ", []byte("still here"))
	}
	if f.Name != "" {
		line("event: ", []byte(f.Name))
	}
	data := f.Data
	if form.MultiLine && len(data) > 1 && data[0] == '{' && strings.HasSuffix(string(data), "}") {
		line("data: ", data[:1])
		line("data: ", data[1:len(data)-1])
		data = data[len(data)-1:]
	}
	line("data: ", data)
	return append(b, end...)
}
