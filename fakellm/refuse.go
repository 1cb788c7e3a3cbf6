package fakellm

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gatehouse-ai/gatehouse/fakellm/turn"
)

// Shape is the shape of an error's body, as engines and what stands before them
// send it.
type Shape string

// The shapes.
const (
	Own       Shape = "own"      // the dialect's own
	Nested    Shape = "nested"   // {"error":{"message","type","param","code"}}, as OpenAI
	Integer   Shape = "integer"  // the same with an integer code, as vLLM
	Bare      Shape = "bare"     // {"error":{"message"}}
	Flat      Shape = "flat"     // {"object":"error","message","type","code"}, as older engines
	String    Shape = "string"   // {"error":"…"}
	Detail    Shape = "detail"   // {"detail":"…"}, as FastAPI
	Details   Shape = "details"  // {"detail":[{"loc","msg","type"}]}, as FastAPI's validation
	Messaged  Shape = "messaged" // {"message":"…"}
	Messages  Shape = "messages" // as Anthropic
	Listed    Shape = "listed"   // [{"error":{…}}], as Gemini
	HTML      Shape = "html"     // a proxy's page
	PlainText Shape = "text"     // text/plain
	Empty     Shape = "empty"    // nothing
	CutJSON   Shape = "cut"      // JSON that breaks off
)

// Shapes returns all shapes.
func Shapes() []Shape {
	return []Shape{
		Own, Nested, Integer, Bare, Flat, String, Detail, Details, Messaged, Messages, Listed, HTML, PlainText, Empty, CutJSON,
	}
}

// render returns the Content-Type and the body of a shape other than Own.
func (s Shape) render(status int, message string) (string, []byte) {
	type m map[string]any
	nested := m{"message": message, "type": "server_error", "param": nil, "code": "made_up"}
	var body any
	switch s {
	case Integer:
		nested["code"] = status
		body = m{"error": nested}
	case Bare:
		body = m{"error": m{"message": message}}
	case Flat:
		nested["object"], nested["code"] = "error", status
		body = nested
	case String:
		body = m{"error": message}
	case Detail:
		body = m{"detail": message}
	case Details:
		body = m{"detail": []any{m{"loc": []any{"body", "messages", 0, "role"}, "msg": message, "type": "value_error"}}}
	case Messaged:
		body = m{"message": message}
	case Messages:
		body = m{"type": "error", "error": m{"type": "api_error", "message": message}}
	case Listed:
		body = []any{m{"error": m{"code": status, "message": message, "status": "UNAVAILABLE"}}}
	case HTML:
		page := fmt.Sprintf("<html>\r\n<head><title>%d %s</title></head>\r\n<body>\r\n<h1>%[1]d %[2]s</h1>\r\n"+
			"<hr>nginx\r\n</body>\r\n</html>\r\n", status, message)
		return "text/html", []byte(page)
	case PlainText:
		return "text/plain; charset=utf-8", []byte(message + "\n")
	case Empty:
		return "", nil
	case CutJSON:
		return "application/json", []byte(`{"error":{"message":"` + "cut off, wher")
	default:
		body = m{"error": nested}
	}
	return "application/json", turn.Marshal(body)
}

// reply renders the refusal.
func (f *Refusal) reply(r *turn.Request, own turn.Failure, d Dialect) *turn.Reply {
	status := cmp.Or(f.Status, 500)
	message := cmp.Or(f.Message, http.StatusText(status), "Overloaded")
	var reply *turn.Reply
	switch {
	case f.Body != "":
		reply = turn.Bytes(status, "application/json", []byte(f.Body))
	case f.Shape == "" || f.Shape == Own:
		reply = own(r, &turn.Error{Status: status, Message: message})
	default:
		contentType, body := f.Shape.render(status, message)
		reply = turn.Bytes(status, contentType, body)
	}
	reply.Type = cmp.Or(f.Type, reply.Type)
	if reply.Header == nil {
		reply.Header = http.Header{}
	}
	if f.RetryAfter > 0 {
		seconds := (f.RetryAfter + time.Second - 1) / time.Second
		reply.Header.Set("retry-after", strconv.Itoa(int(seconds)))
		reply.Header.Set("retry-after-ms", strconv.FormatInt(f.RetryAfter.Milliseconds(), 10))
	}
	if f.Limits {
		f.limits(r, d, reply.Header)
	}
	for name, value := range f.Header {
		reply.Header.Set(name, value)
	}
	return reply
}

// limits sets the header fields that tell a client about its limits.
func (f *Refusal) limits(r *turn.Request, d Dialect, h http.Header) {
	reset := cmp.Or(f.RetryAfter, time.Second)
	for _, what := range []string{"requests", "tokens"} {
		most, left := "60", "0"
		if what == "tokens" {
			most, left = "150000", "149984"
		}
		if d == Anthropic {
			h.Set("anthropic-ratelimit-"+what+"-limit", most)
			h.Set("anthropic-ratelimit-"+what+"-remaining", left)
			h.Set("anthropic-ratelimit-"+what+"-reset", r.Now.Add(reset).UTC().Format(time.RFC3339))
			continue
		}
		h.Set("x-ratelimit-limit-"+what, most)
		h.Set("x-ratelimit-remaining-"+what, left)
		h.Set("x-ratelimit-reset-"+what, reset.String())
	}
}
