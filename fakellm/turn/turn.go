package turn

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-ai/gatehouse/fakellm/answer"
)

// Facts are what an engine is, the same for all requests.
type Facts struct {
	Models  []string
	Any     bool // any model is known
	Size    int  // of embeddings
	Context int  // the most tokens of input and output together
	Words   *answer.Vocabulary
}

// Knows tells whether the engine has a model of that name.
func (f *Facts) Knows(model string) bool {
	return f.Any || slices.Contains(f.Models, model)
}

// Request is a request as a dialect sees it.
type Request struct {
	*Facts
	Method string
	Path   string
	Rest   string // what {rest...} of the route matched
	Query  url.Values
	Header http.Header
	Body   []byte
	Says   answer.Says
	ID     string // 32 hex digits, unique to the request
	Now    time.Time
}

// DeclaresJSON tells whether the Content-Type says that the body is JSON.
func (r *Request) DeclaresJSON() bool {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && (media == "application/json" || strings.HasSuffix(media, "+json"))
}

// Decode reads the body as JSON into v.
func (r *Request) Decode(v any) error {
	err := json.Unmarshal(r.Body, v)
	var e *Error
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil || errors.As(err, &e):
		return err
	case errors.As(err, &wrong):
		name := wrong.Field[strings.LastIndexByte(wrong.Field, '.')+1:]
		return Invalid(name, "%s has the wrong type: %s", name, wrong.Value)
	}
	return Errorf(400, "The body cannot be read: %v", err)
}

// Child returns an ID that belongs to the request: an item's, a tool call's.
func (r *Request) Child(i int) string {
	return fmt.Sprintf("%s%02x", r.ID[:min(22, len(r.ID))], i)
}

// Handler answers a request. An error that is not an *Error is the client's
// mistake, a 400.
type Handler func(*Request) (*Reply, error)

// Error is a refusal of a dialect.
type Error struct {
	Status  int
	Message string
	Param   string
}

func (e *Error) Error() string { return e.Message }

// Errorf returns an *Error with a formatted message.
func Errorf(status int, format string, args ...any) error {
	return &Error{Status: status, Message: fmt.Sprintf(format, args...)}
}

// Invalid returns an *Error of status 400 about a parameter.
func Invalid(param, format string, args ...any) error {
	return &Error{Status: 400, Param: param, Message: fmt.Sprintf(format, args...)}
}

// Failure renders an error in the form of a route.
type Failure func(r *Request, e *Error) *Reply

// Answer handles the request, and renders the error if there is one.
func (t *Route) Answer(r *Request) *Reply {
	reply, err := t.Handle(r)
	if err == nil {
		return reply
	}
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{Status: 400, Message: err.Error()}
	}
	return t.Fail(r, e)
}

// Route is a method and a path of a dialect. A path may end in /{rest...}.
type Route struct {
	Method, Path string
	Handle       Handler
	Fail         Failure
	Open         bool // no key is asked for
	Operating    bool // it operates the engine: nothing may reach it through a gateway
}

// Framing says how a reply's frames are put together.
type Framing uint8

// The framings.
const (
	Whole  Framing = iota // one frame, sent with its length
	SSE                   // server-sent events
	NDJSON                // one JSON object a line
	Chunks                // bytes without boundaries
)

// Frame is one event of a stream, or a part of another body.
type Frame struct {
	Name   string // of the event; "" for none
	Data   []byte
	Tokens int  // how many tokens of the answer it carries
	Early  bool // sent before the engine has computed anything
	Usage  bool // it tells the usage and nothing else
	End    bool // it marks the end of the stream
}

// Reply is what an engine replies.
type Reply struct {
	Status  int
	Type    string      // the Content-Type
	Header  http.Header // further fields
	Framing Framing
	Frames  []Frame
	// Fail renders an error in the middle of the stream, before frame number at.
	Fail func(at int, message string) []Frame

	Input, Output int // tokens, for the engine's metrics
}

// Marshal returns v as JSON without escapes for HTML. v is one of a dialect's
// own bodies, which always marshal.
func Marshal(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(fmt.Sprintf("a reply does not marshal: %v", err))
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// JSON returns a reply of one JSON body.
func JSON(status int, v any) *Reply {
	return Bytes(status, "application/json", Marshal(v))
}

// Bytes returns a reply of one body.
func Bytes(status int, contentType string, body []byte) *Reply {
	return &Reply{Status: status, Type: contentType, Frames: []Frame{{Data: body}}}
}

// Count notes the tokens that a whole reply carries, and returns it.
func (r *Reply) Count(input, output int) *Reply {
	r.Input, r.Output = input, output
	if r.Framing == Whole && len(r.Frames) > 0 {
		r.Frames[0].Tokens = output
	}
	return r
}

// Stream returns a reply of server-sent events.
func Stream(frames []Frame) *Reply {
	return &Reply{Status: 200, Type: "text/event-stream; charset=utf-8", Framing: SSE, Frames: frames}
}

// Table finds routes by method and path.
type Table struct {
	exact map[string]map[string]*Route // by path, then method
	trees []*Route                     // longest path first
}

// NewTable prepares routes. Of two routes for the same method and path the
// later one counts.
func NewTable(routes ...[]Route) *Table {
	t := &Table{exact: map[string]map[string]*Route{}}
	for _, list := range routes {
		for i := range list {
			r := &list[i]
			if strings.HasSuffix(r.Path, "/{rest...}") {
				t.trees = append(t.trees, r)
				continue
			}
			if t.exact[r.Path] == nil {
				t.exact[r.Path] = map[string]*Route{}
			}
			t.exact[r.Path][r.Method] = r
		}
	}
	slices.SortStableFunc(t.trees, func(a, b *Route) int { return len(b.Path) - len(a.Path) })
	return t
}

// Find returns the route, and what {rest...} matched. Without a route, allow
// names the methods that the path has; it is "" for an unknown path.
func (t *Table) Find(method, path string) (route *Route, rest, allow string) {
	if methods, ok := t.exact[path]; ok {
		if route = methods[method]; route == nil && method == http.MethodHead {
			route = methods[http.MethodGet]
		}
		if route != nil {
			return route, "", ""
		}
		var names []string
		for name := range methods {
			names = append(names, name)
		}
		slices.Sort(names)
		return nil, "", strings.Join(names, ", ")
	}
	for _, r := range t.trees {
		rest, ok := strings.CutPrefix(path, strings.TrimSuffix(r.Path, "{rest...}"))
		if ok && rest != "" && (r.Method == method || method == http.MethodHead && r.Method == http.MethodGet) {
			return r, rest, ""
		}
		if ok && rest != "" {
			allow = r.Method
		}
	}
	return nil, "", allow
}
