package body

// Error is the envelope of every error, in the form of OpenAI's API.
type Error struct {
	Error ErrorObject `json:"error"`
}

// ErrorObject says what went wrong. It has all four keys.
type ErrorObject struct {
	Message string  `json:"message"` // What was wanted, what was got and what to do.
	Type    string  `json:"type"`    // The class of the error.
	Param   *string `json:"param"`   // The JSON path of the field at fault.
	Code    *string `json:"code"`    // Which error it is; never the HTTP status.
}

// AnthropicError is the envelope of every error in the form of Anthropic's API.
type AnthropicError struct {
	Type      string               `json:"type"` // Always error.
	Error     AnthropicErrorObject `json:"error"`
	RequestID *string              `json:"request_id"` // What X-Request-Id has as well.
}

// AnthropicErrorObject says what went wrong.
type AnthropicErrorObject struct {
	Type    string `json:"type"`    // The class of the error.
	Message string `json:"message"` // What was wanted, what was got and what to do.
}

// StreamError is the event that ends a stream which broke off, in the form of
// OpenAI's API.
type StreamError struct {
	Error ErrorObject `json:"error"`
}
