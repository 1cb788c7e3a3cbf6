package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gatehouse-ai/gatehouse/envelope"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/ident"
	"github.com/gatehouse-ai/gatehouse/memory"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/principal"
	"github.com/gatehouse-ai/gatehouse/record"
	"github.com/gatehouse-ai/gatehouse/relay"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// Handler serves operations. It MUST answer through c.Writer or return an
// error, and MUST NOT keep anything of c after it has returned. An error after
// the answer has begun is recorded, and the connection is cut.
type Handler interface {
	Serve(c *Call) error
}

// Handlers are the handlers by owner of the operations.
type Handlers map[string]Handler

// Call is one request for an operation.
type Call struct {
	Request *http.Request
	Writer  *Writer
	Header  wire.Header
	Op      *op.Operation
	Level   op.Level
	Param   string // what the wildcard of the path matched
	Gen     *relay.Generation
	Record  *record.Record
	Memory  *memory.Memory
}

// Principal finds who the request acts for, for handlers that do not leave it
// to an exchange.
func (c *Call) Principal() (principal.Principal, error) {
	who, err := principal.Authenticate(c.Gen.Keys, c.Header, false)
	c.Record.Key = who.Name()
	if err != nil {
		return who, err
	}
	return who, nil
}

// Options are what a Server is made of.
type Options struct {
	Handlers Handlers
	Current  func() *relay.Generation // the generation that a new request is served by
	Memory   *memory.Memory
	Begin    func()               // called when a request begins
	Done     func(*record.Record) // called once for each request at its end
	// Status answers paths outside the levels: health. It returns false for a
	// path that it does not know.
	Status func(w http.ResponseWriter, r *http.Request) bool
}

// Server serves the API. It is an http.Handler.
type Server struct {
	Options
	router *op.Router
	table  op.Table
}

// New makes a server for the table of operations. It fails if an operation has
// no handler.
func New(table op.Table, o Options) (*Server, error) {
	router, err := op.NewRouter(table)
	if err != nil {
		return nil, fmt.Errorf("the table of operations: %w", err)
	}
	for _, row := range table.Served() {
		if o.Handlers[row.Owner] == nil {
			return nil, fmt.Errorf("the operation %s has no handler: nobody serves for %q", row.ID, row.Owner)
		}
	}
	return &Server{Options: o, router: router, table: table}, nil
}

// ServeHTTP serves one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := ident.New("req_")
	w.Header().Set("X-Request-Id", id)
	if !strings.HasPrefix(r.URL.Path, "/v1") && s.Status != nil && s.Status(w, r) {
		return
	}
	gen := s.Current()
	rec := &record.Record{
		ID: id, ClientID: r.Header.Get("X-Client-Request-Id"), Start: time.Now(),
		Method: r.Method, Path: r.URL.Path, Remote: remote(r), Generation: gen.Generation,
	}
	c := &Call{Request: r, Gen: gen, Record: rec, Memory: s.Memory, Writer: newWriter(w, rec)}
	s.Begin()
	defer func() {
		if p := recover(); p != nil {
			s.panicked(c, p)
		}
		rec.Duration = time.Since(rec.Start)
		s.Done(rec)
		if c.Writer.aborted {
			panic(http.ErrAbortHandler) // the only way to end an answer visibly broken
		}
	}()
	if err := s.serve(c); err != nil {
		s.fail(c, fault.From(err))
	}
}

// serve finds the operation and calls its handler.
func (s *Server) serve(c *Call) error {
	r := c.Request
	m := s.router.Match(r.Method, r.URL.Path)
	c.Op, c.Level, c.Param = m.Op, m.Level, m.Param
	if shape(c) == op.AnthropicShape { // its clients look for the id there
		c.Writer.w.Header().Set("Request-Id", c.Record.ID)
	}
	switch {
	case m.Op == nil && m.Allow != "":
		e := fault.New(fault.WrongMethod, "Not allowed to %s %s. Use %s.", r.Method, r.URL.Path, m.Allow)
		e.Allow = m.Allow
		return e
	case m.Op == nil:
		return fault.New(fault.UnknownPath, "Invalid URL (%s %s). The API begins with /v1; check the base URL of your client.", r.Method, r.URL.Path)
	}
	c.Record.Operation = string(m.Op.ID)
	if d := m.Op.Deprecated; d != nil { // every answer says so, errors too
		for _, f := range d.Fields(s.table, m.Level) {
			c.Writer.w.Header().Add(f[0], f[1])
		}
	}
	if m.Op.Level == op.Absent {
		return fault.New(fault.NotServed, "%s %s is not served by this gateway. %s", r.Method, r.URL.Path, m.Op.Note)
	}
	c.Header = fields(r)
	if c.Gen.Keys == nil {
		if err := principal.Local(r.Host, c.Header); err != nil {
			return err
		}
	}
	return s.Handlers[m.Op.Owner].Serve(c)
}

// fail writes an error, in the shape of the operation, if that is still possible.
func (s *Server) fail(c *Call, e *fault.Error) {
	if c.Record.Fault == nil {
		c.Record.Fault = e
	}
	if c.Record.Outcome == "" {
		c.Record.Outcome = record.Refused
	}
	if errors.Is(e, context.Canceled) || e.Kind == fault.ClientGone {
		c.Record.Outcome, c.Record.Status = record.ClientGone, fault.ClientGone.Row().Status
		c.Writer.Abort()
		return
	}
	if c.Writer.begun {
		c.Writer.Abort()
		return
	}
	status, h, body := envelope.Answer(e, shape(c), c.Record.ID, nil)
	if c.Writer.Head(status, h) == nil && c.Request.Method != http.MethodHead {
		_ = c.Writer.Write(body, false)
	}
}

// shape is the form of the errors of a request: that of its operation, or of
// the client whose path it resembles.
func shape(c *Call) op.Shape {
	if c.Op != nil {
		return c.Op.Shape
	}
	if _, rest, ok := strings.Cut(c.Request.URL.Path, "/messages"); ok && (rest == "" || rest[0] == '/') {
		return op.AnthropicShape
	}
	return op.OpenAIShape
}

// panicked turns a panic into an internal error whose stack is in the log.
func (s *Server) panicked(c *Call, p any) {
	if p == http.ErrAbortHandler { //nolint:errorlint // it is compared as net/http compares it
		c.Writer.Abort()
		return
	}
	c.Record.Fault = nil // what came before matters less than the defect
	s.fail(c, fault.Wrap(fault.Internal, fmt.Errorf("panic: %v\n%s", p, debug.Stack()), "The gateway had an internal error while processing your request."))
}

func remote(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// fields returns the header of a request.
func fields(r *http.Request) wire.Header {
	out := make(wire.Header, 0, len(r.Header))
	for name, values := range r.Header {
		for _, v := range values {
			out = append(out, wire.Field{Name: name, Value: v})
		}
	}
	return out
}
