package fakellm

import (
	"time"

	"github.com/gatehouse-ai/gatehouse/fakellm/answer"
	"github.com/gatehouse-ai/gatehouse/fakellm/gate"
)

// What a script dictates to an engine to say.
type (
	// Says dictates an answer, or parts of it.
	Says = answer.Says
	// Call is a tool call.
	Call = answer.Call
	// Usage counts tokens.
	Usage = answer.Usage
)

// Script says how an engine answers. The zero value is an engine that behaves.
// A script that has been given to an engine must not be changed any more.
//
// Scripts apply to POST requests; with All set, to all.
type Script struct {
	Say    Says       `json:"say,omitzero"`    // what is said
	Wait   Wait       `json:"wait,omitzero"`   // when
	Refuse *Refusal   `json:"refuse,omitzero"` // an error, or another fixed body, in place of an answer
	Fail   *StreamErr `json:"fail,omitzero"`   // an error event in a stream
	Break  *Break     `json:"break,omitzero"`  // the end of the connection, or of all progress
	Form   Form       `json:"form,omitzero"`   // how it is written
	All    bool       `json:"all,omitzero"`    // for requests other than POST too
}

// Wait says when things are sent.
type Wait struct {
	Header time.Duration // before the header
	First  time.Duration // before the first event that the engine has to compute
	Token  time.Duration // before each later event that carries tokens; a whole answer waits for all of them
	Piece  time.Duration // after each piece, with Form.Piece
	Gate   *Gate         // opened by the test, event by event
}

// Gate holds an engine back before each event until a test lets the event pass.
type Gate = gate.Gate

// NewGate returns a gate that is shut.
func NewGate() *Gate { return gate.New() }

// Refusal is a fixed reply in place of an answer.
type Refusal struct {
	Status     int               // 0 means 500
	Shape      Shape             // of the body; "" means Own
	Message    string            // "" means the status in words
	Body       string            // in place of a shape
	Type       string            // the Content-Type, if not the shape's
	Header     map[string]string // further fields
	RetryAfter time.Duration     // sent as retry-after and retry-after-ms
	Limits     bool              // send x-ratelimit-* as OpenAI, or anthropic-ratelimit-*
}

// RateLimited is a script that refuses with status 429 and all header fields
// that clients look at.
func RateLimited(retryAfter time.Duration) Script {
	return Script{Refuse: &Refusal{Status: 429, Message: "Rate limit reached", RetryAfter: retryAfter, Limits: true}}
}

// Refused is a script that refuses with a status and a body of a shape.
func Refused(status int, shape Shape) Script {
	return Script{Refuse: &Refusal{Status: status, Shape: shape}}
}

// StreamErr puts an error into a stream that has status 200. The stream ends
// after it, as the engine's does. Answers that are no streams are not touched,
// nor are streams of no more than At events.
type StreamErr struct {
	At      int    `json:"at"`                // how many events come before
	Message string `json:"message,omitempty"` // "" means a made-up one
	Data    string `json:"data,omitempty"`    // the data of the event, in place of the dialect's own
}

// How a connection breaks.
type How string

// The ways to break.
const (
	Hang   How = "hang"   // nothing more is sent; the connection stays open
	Reset  How = "reset"  // TCP RST; HTTP/2: the stream is reset
	Close  How = "close"  // TCP FIN, without the end of the body; HTTP/2: the stream is reset
	End    How = "end"    // the body ends as if it were complete
	Garble How = "garble" // a chunk that is none, then FIN; HTTP/2: the stream is reset
)

// Where a connection breaks.
type Where string

// The places to break.
const (
	BeforeBody   Where = "before_body"   // the request's body is not read; the client's leaving is not noticed
	BeforeHeader Where = "before_header" // the request was read, nothing was sent
	AfterBytes   Where = "after_bytes"   // N bytes of the body were sent
	AfterEvents  Where = "after_events"  // N events were sent; a whole body is one event
)

// Break breaks an answer off.
type Break struct {
	How   How   `json:"how"`
	Where Where `json:"where"`
	N     int   `json:"n,omitempty"`
}

// Form says how an answer is written on the connection. Everything here keeps to
// the rules of HTTP and of event streams, but for Data, Raw and what is said to
// be left out.
type Form struct {
	Header  map[string]string `json:"header,omitempty"`  // further fields
	Type    string            `json:"type,omitempty"`    // the Content-Type
	Trailer map[string]string `json:"trailer,omitempty"` // announced trailers
	Gzip    bool              `json:"gzip,omitempty"`    // compressed, even if nobody asked for it

	Piece  int `json:"piece,omitempty"`  // at most so many bytes in a write: 1 drips
	Events int `json:"events,omitempty"` // so many events in one write

	LineEnd   string `json:"line_end,omitempty"`   // of event streams: "\n" if empty, "\r\n" or "\r"
	Comments  bool   `json:"comments,omitempty"`   // a comment before each event
	MultiLine bool   `json:"multi_line,omitempty"` // JSON in several data lines

	Data map[int]string `json:"data,omitempty"` // the data of events, by number from 0
	Raw  map[int]string `json:"raw,omitempty"`  // the bytes of events, framing included
	Huge int            `json:"huge,omitempty"` // the first event that carries tokens is padded to so many bytes

	UsageTwice bool `json:"usage_twice,omitempty"` // an event that only tells the usage comes twice
	NoEnd      bool `json:"no_end,omitempty"`      // what marks the end of a stream is left out: [DONE], message_stop, done

	CloseConnection bool `json:"close_connection,omitempty"` // Connection: close
	// RequestsPerConnection closes a connection, unannounced, once it has
	// carried so many requests. It takes a Server of this package.
	RequestsPerConnection int `json:"requests_per_connection,omitempty"`
}
