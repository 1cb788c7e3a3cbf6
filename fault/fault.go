package fault

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Error is a failure that a client is told about.
type Error struct {
	Kind    Kind
	Message string // for the client: what was wanted, what was got, what to do
	Param   string // JSON path of the field at fault; "" is null

	// What an upstream said, where it differs from the row of the kind.
	Status int    // 0: the row's
	Type   string // "": the row's
	Code   string // "": the row's

	Allow      string        // methods that the path has, for WrongMethod
	RetryAfter time.Duration // 0: none
	Cause      error         // for the log, never for the client
}

// New returns an error of kind k whose message is formatted.
func New(k Kind, format string, args ...any) *Error {
	return &Error{Kind: k, Message: fmt.Sprintf(format, args...)}
}

// Param returns an error of kind k about the field at a JSON path.
func Param(k Kind, param, format string, args ...any) *Error {
	return &Error{Kind: k, Param: param, Message: fmt.Sprintf(format, args...)}
}

// Wrap returns an error of kind k for a client, with a cause for the log.
func Wrap(k Kind, cause error, format string, args ...any) *Error {
	return &Error{Kind: k, Cause: cause, Message: fmt.Sprintf(format, args...)}
}

// From returns err as an *Error. An error that is none becomes an Internal
// one: the client reads "internal error", the log has the cause.
func From(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return Wrap(Internal, err, "The gateway had an internal error while processing your request.")
}

// Error says what happened, for the log.
func (e *Error) Error() string {
	s := e.Kind.String() + ": " + e.Message
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// HTTPStatus is the status of the answer.
func (e *Error) HTTPStatus() int {
	if e.Status != 0 {
		return e.Status
	}
	return e.Kind.Row().Status
}

// openAI returns type and code of the error object.
func (e *Error) openAI() (typ, code string) {
	row := e.Kind.Row()
	typ, code = e.Type, e.Code
	if typ == "" {
		typ = row.Type
		if e.Kind == UpstreamError {
			typ = TypeOf(e.HTTPStatus())
		}
	}
	if code == "" {
		code = row.Code
	}
	return typ, code
}

// TypeOf returns the type of OpenAI's error object that goes with a status,
// for answers of upstreams that have none.
func TypeOf(status int) string {
	switch {
	case status == 403:
		return "insufficient_permissions"
	case status == 429:
		return "rate_limit_error"
	case status >= 500:
		return "server_error"
	}
	return "invalid_request_error"
}

// anthropicType returns the type of Anthropic's error object for e.
func (e *Error) anthropicType() string {
	if e.Kind != UpstreamError {
		return e.Kind.Row().Anthropic
	}
	switch status := e.HTTPStatus(); {
	case status == 401:
		return "authentication_error"
	case status == 402:
		return "billing_error"
	case status == 403:
		return "permission_error"
	case status == 404:
		return "not_found_error"
	case status == 413:
		return "request_too_large"
	case status == 429:
		return "rate_limit_error"
	case status == 504:
		return "timeout_error"
	case status == 503, status == 529:
		return "overloaded_error"
	case status >= 500:
		return "api_error"
	}
	return "invalid_request_error"
}

// AppendOpenAI appends the envelope of OpenAI's API, which has all four keys:
//
//	{"error":{"message":string,"type":string,"param":string|null,"code":string|null}}
func (e *Error) AppendOpenAI(b []byte) []byte {
	b = append(b, `{"error":`...)
	b = e.AppendObject(b)
	return append(b, '}')
}

// AppendObject appends the error object of OpenAI's API without its envelope.
func (e *Error) AppendObject(b []byte) []byte {
	typ, code := e.openAI()
	b = append(b, `{"message":`...)
	b = appendString(b, e.message())
	b = append(b, `,"type":`...)
	b = appendString(b, typ)
	b = append(b, `,"param":`...)
	b = appendNullable(b, e.Param)
	b = append(b, `,"code":`...)
	b = appendNullable(b, code)
	return append(b, '}')
}

// AppendResponses appends the event that ends a broken stream of the Responses
// API, which is flat and has no envelope.
func (e *Error) AppendResponses(b []byte, sequence int64) []byte {
	_, code := e.openAI()
	b = append(b, `{"type":"error","code":`...)
	b = appendNullable(b, code)
	b = append(b, `,"message":`...)
	b = appendString(b, e.message())
	b = append(b, `,"param":`...)
	b = appendNullable(b, e.Param)
	b = append(b, `,"sequence_number":`...)
	b = strconv.AppendInt(b, sequence, 10)
	return append(b, '}')
}

// AppendAnthropic appends the envelope of Anthropic's API.
func (e *Error) AppendAnthropic(b []byte, requestID string) []byte {
	b = append(b, `{"type":"error","error":{"type":`...)
	b = appendString(b, e.anthropicType())
	b = append(b, `,"message":`...)
	b = appendString(b, e.message())
	b = append(b, `},"request_id":`...)
	b = appendNullable(b, requestID)
	return append(b, '}')
}

func (e *Error) message() string {
	if e.Message == "" {
		return e.Kind.Row().When
	}
	return e.Message
}
