package fault

import "log/slog"

// Source says who is at fault, in the header X-Gatehouse-Error-Source.
type Source string

// The sources of failures.
const (
	Client   Source = "client"
	Gateway  Source = "gateway"
	Upstream Source = "upstream"
)

// Kind is a way to fail: the index of a row of Table.
type Kind uint8

// The kinds of failure, in the order of Table.
const (
	Internal Kind = iota
	InvalidJSON
	InvalidBody
	MissingParameter
	InvalidParameter
	UnsupportedParameter
	DuplicateParameter
	UnsupportedMedia
	MissingKey
	WrongKey
	Forbidden
	UnknownPath
	NotServed
	WrongMethod
	UnknownModel
	UnsupportedOperation
	TooLarge
	SlowClient
	RateLimited
	QuotaExceeded
	NoEndpoint
	Busy
	Draining
	UpstreamError
	UpstreamUnreachable
	UpstreamBroken
	UpstreamInterrupted
	UpstreamTimeout
	ClientGone
	kinds // the number of kinds
)

// Row says what a kind of failure means.
type Row struct {
	Kind      Kind
	Name      string     // in logs and metric labels
	Status    int        // HTTP status, unless the error has one of its own
	Type      string     // type of OpenAI's error object
	Code      string     // its code; "" is null
	Anthropic string     // type of Anthropic's error object
	Source    Source     // who is at fault
	Level     slog.Level // of the request's log line
	Elsewhere bool       // another endpoint may be tried, before the first byte
	Final     bool       // a client's retry cannot help: X-Should-Retry: false
	When      string     // for the reference
}

// table has one row for each kind of failure, in the order of the constants.
//
// After a change run `make gen`, which writes docs/reference/errors.md.
var table = [kinds]Row{
	{
		Internal, "internal", 500, "server_error", "internal_error", "api_error", Gateway, slog.LevelError, false, false,
		"A defect of the gateway. The log has the details under the request id.",
	},
	{
		InvalidJSON, "invalid_json", 400, "invalid_request_error", "invalid_json", "invalid_request_error", Client, slog.LevelInfo, false, true,
		"The body is not valid JSON, or not an object.",
	},
	{
		InvalidBody, "invalid_body", 400, "invalid_request_error", "", "invalid_request_error", Client, slog.LevelInfo, false, true,
		"The body could not be read as its content type says, or its framing is wrong.",
	},
	{
		MissingParameter, "missing_parameter", 400, "invalid_request_error", "missing_required_parameter", "invalid_request_error", Client, slog.LevelInfo, false, true,
		"A field that the operation needs is absent.",
	},
	{
		InvalidParameter, "invalid_parameter", 400, "invalid_request_error", "invalid_value", "invalid_request_error", Client, slog.LevelInfo, false, true,
		"A field has a value of the wrong type or outside its range.",
	},
	{
		UnsupportedParameter, "unsupported_parameter", 400, "invalid_request_error", "unsupported_parameter", "invalid_request_error", Client, slog.LevelInfo, false, true,
		"The dialect of the endpoint that serves this model has no such parameter, and it is more than a hint.",
	},
	{
		DuplicateParameter, "duplicate_parameter", 400, "invalid_request_error", "duplicate_parameter", "invalid_request_error", Client, slog.LevelInfo, false, true,
		"A field that decides about routing or limits stands in the body twice.",
	},
	{
		UnsupportedMedia, "unsupported_media", 415, "invalid_request_error", "", "invalid_request_error", Client, slog.LevelInfo, false, true,
		"The content type or content encoding of the request is not one that the operation takes.",
	},
	{
		MissingKey, "missing_key", 401, "invalid_request_error", "", "authentication_error", Client, slog.LevelInfo, false, true,
		"The request has no API key.",
	},
	{
		WrongKey, "wrong_key", 401, "invalid_request_error", "invalid_api_key", "authentication_error", Client, slog.LevelInfo, false, true,
		"The API key is not known.",
	},
	{
		Forbidden, "forbidden", 403, "insufficient_permissions", "", "permission_error", Client, slog.LevelInfo, false, true,
		"The API key is known but does not have the right that the operation needs.",
	},
	{
		UnknownPath, "unknown_path", 404, "invalid_request_error", "", "not_found_error", Client, slog.LevelInfo, false, true,
		"There is no such path at this level of the API.",
	},
	{
		NotServed, "not_served", 404, "invalid_request_error", "", "not_found_error", Client, slog.LevelInfo, false, true,
		"The operation is part of OpenAI's API but not of this gateway; the message says why.",
	},
	{
		WrongMethod, "wrong_method", 405, "invalid_request_error", "method_not_supported", "invalid_request_error", Client, slog.LevelInfo, false, true,
		"The path exists with other methods, which the Allow header lists.",
	},
	{
		UnknownModel, "unknown_model", 404, "invalid_request_error", "model_not_found", "not_found_error", Client, slog.LevelInfo, false, true,
		"No route has a model of this name, or the key may not see it.",
	},
	{
		UnsupportedOperation, "unsupported_operation", 400, "invalid_request_error", "unsupported_operation", "invalid_request_error", Client, slog.LevelInfo, false, true,
		"The model exists, but none of its endpoints can do this operation.",
	},
	{
		TooLarge, "too_large", 413, "invalid_request_error", "", "request_too_large", Client, slog.LevelInfo, false, true,
		"The body is larger than the limit of its class.",
	},
	{
		SlowClient, "slow_client", 408, "invalid_request_error", "", "timeout_error", Client, slog.LevelInfo, false, false,
		"The client did not send its body in time.",
	},
	{
		RateLimited, "rate_limited", 429, "requests", "rate_limit_exceeded", "rate_limit_error", Client, slog.LevelInfo, false, false,
		"A rate limit of the gateway was reached; Retry-After says when to come back.",
	},
	{
		QuotaExceeded, "quota_exceeded", 429, "insufficient_quota", "insufficient_quota", "rate_limit_error", Client, slog.LevelInfo, false, true,
		"A budget is used up.",
	},
	{
		NoEndpoint, "no_endpoint", 503, "server_error", "service_unavailable", "overloaded_error", Gateway, slog.LevelWarn, false, false,
		"The model is known, but none of its endpoints is healthy.",
	},
	{
		Busy, "busy", 503, "server_error", "service_unavailable", "overloaded_error", Gateway, slog.LevelWarn, false, false,
		"The gateway holds as many request bytes in memory as it may.",
	},
	{
		Draining, "draining", 503, "server_error", "service_unavailable", "overloaded_error", Gateway, slog.LevelInfo, false, false,
		"The gateway is shutting down and takes no new requests.",
	},
	{
		UpstreamError, "upstream_error", 502, "server_error", "", "api_error", Upstream, slog.LevelInfo, false, false,
		"The endpoint answered with an error; its status is kept, its body put into this envelope.",
	},
	{
		UpstreamUnreachable, "upstream_unreachable", 502, "server_error", "upstream_unreachable", "api_error", Upstream, slog.LevelWarn, true, false,
		"No connection to the endpoint could be made.",
	},
	{
		UpstreamBroken, "upstream_broken", 502, "server_error", "upstream_invalid_response", "api_error", Upstream, slog.LevelWarn, true, false,
		"The endpoint's answer could not be understood, or it hung up before the first byte of it.",
	},
	{
		UpstreamInterrupted, "upstream_interrupted", 502, "server_error", "upstream_stream_interrupted", "api_error", Upstream, slog.LevelWarn, true, false,
		"The endpoint's answer broke off. If part of it had been passed on, the last event of the stream says so.",
	},
	{
		UpstreamTimeout, "upstream_timeout", 504, "server_error", "upstream_timeout", "timeout_error", Upstream, slog.LevelWarn, true, false,
		"The endpoint did not connect, answer, send its first token, go on or finish in time; the message says which.",
	},
	{
		ClientGone, "client_gone", 499, "invalid_request_error", "", "invalid_request_error", Client, slog.LevelInfo, false, false,
		"The client left before the answer was complete. Nobody sees this status but logs and metrics.",
	},
}

// Table returns the rows of all kinds, in order.
func Table() []Row { return append([]Row(nil), table[:]...) }

// Row returns what k means.
func (k Kind) Row() Row {
	if k >= kinds {
		k = Internal
	}
	return table[k]
}

// String returns the name of k.
func (k Kind) String() string { return k.Row().Name }
