package anthropic

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/gatehouse-ai/gatehouse/fakellm/turn"
)

// Service returns the routes of Anthropic's own service.
func Service() []turn.Route {
	d := dialect{strict: true}
	return append(d.messages(),
		turn.Route{Method: http.MethodGet, Path: "/v1/models", Handle: d.list, Fail: Fail},
		turn.Route{Method: http.MethodGet, Path: "/v1/models/{rest...}", Handle: d.get, Fail: Fail},
	)
}

// Messages returns the routes that other engines offer: messages and the
// counting of their tokens. No anthropic-version is asked for.
func Messages() []turn.Route { return dialect{}.messages() }

type dialect struct{ strict bool }

func (d dialect) messages() []turn.Route {
	return []turn.Route{
		{Method: http.MethodPost, Path: "/v1/messages", Handle: d.message, Fail: Fail},
		{Method: http.MethodPost, Path: "/v1/messages/count_tokens", Handle: d.count, Fail: Fail},
	}
}

type failure struct {
	Type    string `json:"type"`
	Message string `json:"message"`
}

type failed struct {
	Type      string  `json:"type"`
	Error     failure `json:"error"`
	RequestID string  `json:"request_id,omitempty"`
}

// Fail renders an error as Anthropic does.
func Fail(r *turn.Request, e *turn.Error) *turn.Reply {
	body := failed{"error", failure{errorType(e.Status), e.Message}, "req_" + r.ID}
	return headed(r, turn.JSON(e.Status, body))
}

func errorType(status int) string {
	switch status {
	case 401:
		return "authentication_error"
	case 402:
		return "billing_error"
	case 403:
		return "permission_error"
	case 404:
		return "not_found_error"
	case 413:
		return "request_too_large"
	case 429:
		return "rate_limit_error"
	case 500:
		return "api_error"
	case 504:
		return "timeout_error"
	case 503, 529:
		return "overloaded_error"
	}
	return "invalid_request_error"
}

// headed adds the header fields that every answer has.
func headed(r *turn.Request, reply *turn.Reply) *turn.Reply {
	if reply.Header == nil {
		reply.Header = http.Header{}
	}
	reply.Header.Set("request-id", "req_"+r.ID)
	return reply
}

// broken is the error event of a stream.
func broken(_ int, message string) []turn.Frame {
	body := failed{Type: "error", Error: failure{errorType(500), message}}
	return []turn.Frame{{Name: "error", Data: turn.Marshal(body)}}
}

func (d dialect) known(r *turn.Request, model string) error {
	switch {
	case d.strict && r.Header.Get("anthropic-version") == "":
		return turn.Errorf(400, "anthropic-version: header is required")
	case model == "":
		return turn.Errorf(400, "model: Field required")
	case !r.Knows(model):
		return turn.Errorf(404, "model: %s", model)
	}
	return nil
}

func describe(r *turn.Request, name string) map[string]any {
	return map[string]any{
		"type": "model", "id": name, "display_name": name, "created_at": r.Now.UTC().Format("2006-01-02T15:04:05Z"),
	}
}

func (d dialect) get(r *turn.Request) (*turn.Reply, error) {
	if err := d.known(r, r.Rest); err != nil {
		return nil, err
	}
	return headed(r, turn.JSON(200, describe(r, r.Rest))), nil
}

// list returns one page of the models.
func (d dialect) list(r *turn.Request) (*turn.Reply, error) {
	if err := d.known(r, r.Models[0]); err != nil {
		return nil, err
	}
	limit := 20
	if v := r.Query.Get("limit"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > 1000 {
			return nil, turn.Errorf(400, "limit: must be from 1 to 1000")
		}
		limit = n
	}
	names, more := r.Models, false
	if i := slices.Index(names, r.Query.Get("after_id")); i >= 0 {
		names = names[i+1:]
	}
	if i := slices.Index(names, r.Query.Get("before_id")); i >= 0 {
		names = names[:i]
		more = len(names) > limit
		names = names[max(0, len(names)-limit):]
	} else if len(names) > limit {
		names, more = names[:limit], true
	}
	data := []any{}
	body := map[string]any{"first_id": nil, "last_id": nil, "has_more": more}
	for _, name := range names {
		data = append(data, describe(r, name))
	}
	if len(names) > 0 {
		body["first_id"], body["last_id"] = names[0], names[len(names)-1]
	}
	body["data"] = data
	return headed(r, turn.JSON(200, body)), nil
}
