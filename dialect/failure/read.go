package failure

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// MaxMessage is how long the message of an error may be, in bytes.
const MaxMessage = 4 << 10

// maxBody is how much of a body is looked at when it is not JSON.
const maxBody = 64 << 10

// Read returns the error that an endpoint's answer is, by its status and body.
// It never returns nil.
//
// A status from 400 to 599 is kept. Any other, such as the 200 of an answer
// that carries an error, is replaced by the one that the error itself speaks
// of, or by 502. An answer that does not look like an error at all is of kind
// fault.UpstreamBroken.
func Read(status int, body []byte) *fault.Error {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	f := found{}
	known := f.read(body)
	if failed := status >= 400 && status <= 599; !failed {
		if !known {
			return broken(status, body)
		}
		status = f.impliedStatus()
	}
	e := &fault.Error{Kind: fault.UpstreamError, Status: status, Message: clean(f.message), Param: clip(clean(f.param), 256)}
	if e.Message == "" {
		e.Message = fmt.Sprintf("The endpoint answered with status %d and no message.", status)
	}
	e.Type, e.Code = f.typeAndCode(status)
	return e
}

// broken is the error about an answer that is neither success nor an error.
func broken(status int, body []byte) *fault.Error {
	what := "no JSON"
	switch {
	case len(body) == 0:
		what = "nothing"
	case body[0] == '<':
		what = "a web page"
	case wire.Valid(body):
		what = "JSON that is neither the answer nor an error"
	}
	return fault.New(fault.UpstreamBroken, "The endpoint's answer could not be understood: it has status %d and is %s.", status, what)
}

// found is what a body says of an error.
type found struct {
	message string
	typ     string
	param   string
	code    string
	status  int // that the body speaks of; 0 is none
}

// read looks for an error in a body and tells whether there is one.
func (f *found) read(body []byte) bool {
	if len(body) == 0 {
		return false
	}
	if body[0] == '<' {
		f.message = page(body[:min(len(body), maxBody)])
		return false
	}
	if !wire.Valid(body) {
		f.message = string(body[:min(len(body), maxBody)])
		return false
	}
	v := decode(body)
	if f.value(v, 0) {
		return true
	}
	if f.message == "" {
		f.message = string(body[:min(len(body), maxBody)])
	}
	return false
}

// decode returns the value of valid JSON with its numbers as text.
func decode(body []byte) any {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil { // not reached: body is valid
		return nil
	}
	return v
}

// deepest is how many envelopes around an error are opened.
const deepest = 6

// value looks for an error in a JSON value.
func (f *found) value(v any, depth int) bool {
	if depth > deepest {
		return false
	}
	switch v := v.(type) {
	case string:
		if v == "" {
			return false
		}
		f.message = v
		return true
	case []any:
		return f.list(v, depth)
	case map[string]any:
		return f.object(v, depth)
	}
	return false
}

// list reads the validation errors of FastAPI, or a list of errors in any
// other form, of which the first counts.
func (f *found) list(v []any, depth int) bool {
	var messages []string
	for _, e := range v {
		o, ok := e.(map[string]any)
		if !ok {
			continue
		}
		msg, ok := o["msg"].(string)
		if !ok {
			continue
		}
		at := location(o["loc"])
		if len(messages) == 0 {
			f.param = at
			if kind := text(o, "type"); kind == "missing" || kind == "value_error.missing" {
				f.code = "missing_required_parameter"
			}
		}
		if at != "" {
			msg = at + ": " + msg
		}
		messages = append(messages, msg)
		if len(messages) == 8 {
			break
		}
	}
	if len(messages) > 0 {
		f.message = strings.Join(messages, "; ")
		return true
	}
	for _, e := range v {
		if f.value(e, depth+1) {
			return true
		}
	}
	return false
}

// object reads an envelope or an error object.
func (f *found) object(o map[string]any, depth int) bool {
	f.marks(o)
	if word, ok := o["error"].(string); ok && word != "" {
		return f.word(o, word, depth)
	}
	for _, key := range []string{"error", "errors", "detail", "message", "Message", "msg", "error_message", "title", "fault", "faultstring", "reason"} {
		if f.value(o[key], depth+1) {
			return true
		}
	}
	return false
}

// word reads an object whose error is a string, the message itself or a word
// beside it.
func (f *found) word(o map[string]any, word string, depth int) bool {
	for _, key := range []string{"message", "error_description", "detail"} {
		if f.value(o[key], depth+1) {
			if f.code == "" && isWord(word) {
				f.code = word
			}
			return true
		}
	}
	f.message = word
	return true
}

// marks notes what an object says beside the message. What is further inside
// an envelope counts more.
func (f *found) marks(o map[string]any) {
	if s := text(o, "param"); s != "" {
		f.param = s
	}
	for _, key := range []string{"__type", "error_type", "type"} {
		if s := text(o, key); s != "" && s != "error" && !strings.Contains(s, "://") && s != "about:blank" {
			f.typ = s
			if s = strings.ToLower(s); key == "error_type" && isWord(s) {
				f.code = s
			}
		}
	}
	for _, key := range []string{"statusCode", "status_code", "http_code", "status", "code"} {
		switch v := o[key].(type) {
		case json.Number:
			f.number(v.String(), key)
		case string:
			if _, err := strconv.Atoi(v); err == nil {
				f.number(v, key)
			} else if key == "code" && v != "" || key == "status" && isShout(v) {
				f.code = v
			}
		}
	}
	if inner, ok := o["innererror"].(map[string]any); ok && f.code == "" {
		f.code = text(inner, "code")
	}
}

// number takes a numeric code: a status of HTTP, or a number of the upstream's
// own.
func (f *found) number(s, key string) {
	n, err := strconv.Atoi(s)
	if err != nil {
		return
	}
	if n >= 400 && n <= 599 {
		f.status = n
	} else if key == "code" && n != 0 {
		f.code = s
	}
}

func text(o map[string]any, key string) string {
	s, _ := o[key].(string)
	return s
}

// location turns the loc of a validation error into a path of JSON.
func location(v any) string {
	list, _ := v.([]any)
	var b strings.Builder
	for i, e := range list {
		switch e := e.(type) {
		case string:
			if i == 0 && (e == "body" || e == "query" || e == "path" || e == "header") {
				continue
			}
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(e)
		case json.Number:
			b.WriteString("[" + e.String() + "]")
		}
	}
	return b.String()
}
