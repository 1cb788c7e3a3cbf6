package failure

import (
	"bytes"

	"github.com/gatehouse-ai/gatehouse/wire"
)

// IsError tells whether the body of an answer of status 200, or the data of an
// event of a stream, is an error and nothing else: it has an error beside
// nothing that owns such a field, or calls itself an error.
//
// A response of the Responses API and a fine-tuning job have an error of their
// own, which is a part of them. A body that is not one JSON object, or a list
// of one, is no error to this function.
func IsError(body []byte) bool {
	body = bytes.TrimSpace(body)
	if n := len(body); n > 1 && body[0] == '[' && body[n-1] == ']' { // Gemini's stream, cut short
		body = body[1 : n-1]
	}
	carries, owns := false, false
	err := wire.Scan(body, func(m wire.Member) error {
		v := body[m.Start:m.End]
		switch string(m.Key) {
		case "error":
			carries = carries || holds(v)
		case "object":
			carries = carries || string(v) == `"error"`
			owns = owns || bytes.HasPrefix(v, []byte(`"response`)) || bytes.HasPrefix(v, []byte(`"fine_tuning`))
		case "type":
			carries = carries || string(v) == `"error"`
		}
		return nil
	})
	return err == nil && carries && !owns
}

// holds tells whether v is an object or string with something in it.
func holds(v []byte) bool {
	switch v[0] {
	case '"':
		return len(v) > 2
	case '{':
		return len(bytes.TrimSpace(v[1:len(v)-1])) > 0
	}
	return false
}
