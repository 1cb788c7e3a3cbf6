package anthropic

import (
	"encoding/json"
	"strings"

	"github.com/gatehouse-ai/gatehouse/dialect/failure"
	"github.com/gatehouse-ai/gatehouse/fault"
)

// errorTypes has the types of Anthropic's errors: the status that goes with
// each, and OpenAI's type ("" goes by the status) and code ("" is none).
var errorTypes = map[string]struct {
	status    int
	typ, code string
}{
	"invalid_request_error": {400, "", ""},
	"authentication_error":  {401, "", "invalid_api_key"},
	"billing_error":         {402, "insufficient_quota", "insufficient_quota"},
	"permission_error":      {403, "", ""},
	"not_found_error":       {404, "", ""},
	"request_too_large":     {413, "", ""},
	"rate_limit_error":      {429, "", "rate_limit_exceeded"},
	"api_error":             {500, "", ""},
	"timeout_error":         {504, "", ""},
	"overloaded_error":      {529, "", "service_unavailable"},
}

// Error reads Anthropic's error, or that of an engine or proxy in any other
// form.
func (*Dialect) Error(status int, body []byte) *fault.Error {
	e := failure.Read(status, body)
	var envelope struct {
		Type  string `json:"type"`
		Error struct {
			Type    string `json:"type"`
			Message string `json:"message"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &envelope) != nil || envelope.Type != "error" {
		return e
	}
	row, known := errorTypes[envelope.Error.Type]
	if !known {
		return e
	}
	e.Kind, e.Type, e.Code, e.Param = fault.UpstreamError, row.typ, row.code, ""
	if status < 400 || status > 599 {
		e.Status = row.status
	}
	message := strings.ToLower(envelope.Error.Message)
	wrong := envelope.Error.Type == "invalid_request_error"
	switch {
	case envelope.Error.Type == "not_found_error" && strings.Contains(message, "model"):
		e.Code, e.Param = "model_not_found", "model"
	case wrong && (strings.Contains(message, "prompt is too long") || strings.Contains(message, "exceed context limit")):
		e.Code, e.Param = "context_length_exceeded", "messages"
	case wrong && strings.Contains(message, "credit balance is too low"):
		e.Type, e.Code = "insufficient_quota", "insufficient_quota"
	}
	return e
}
