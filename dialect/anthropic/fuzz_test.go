package anthropic_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/dialect"
	"github.com/gatehouse-ai/gatehouse/dialect/anthropic"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/wire"
)

func translate(body []byte) (dialect.Request, error) {
	r, _, err := anthropic.New(anthropic.Options{}).Translate("", call(body))
	return r, err
}

// sentBlock is what the rules of Anthropic's conversations are about.
type sentBlock struct {
	Type      string `json:"type"`
	Text      string `json:"text"`
	ID        string `json:"id"`
	ToolUseID string `json:"tool_use_id"`
}

type sentTurn struct {
	Role    string      `json:"role"`
	Content []sentBlock `json:"content"`
}

// checkTurns holds a request to the rules of Anthropic's conversations.
func checkTurns(t *testing.T, body []byte) {
	t.Helper()
	var r struct {
		MaxTokens int64       `json:"max_tokens"`
		System    []sentBlock `json:"system"`
		Messages  []sentTurn  `json:"messages"`
	}
	if err := json.Unmarshal(body, &r); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	if r.MaxTokens < 1 || len(r.Messages) == 0 {
		t.Fatalf("max_tokens or messages are missing: %s", body)
	}
	ids, open := map[string]bool{}, 0
	for i, m := range append([]sentTurn{{"system", r.System}}, r.Messages...) {
		if i > 1 && m.Role == r.Messages[i-2].Role || i > 0 && len(m.Content) == 0 {
			t.Errorf("turn %d does not alternate or is empty: %s", i-1, body)
		}
		results := 0
		for j, b := range m.Content {
			switch b.Type {
			case "text":
				if strings.TrimSpace(b.Text) == "" {
					t.Errorf("white space in turn %d: %s", i-1, body)
				}
				if m.Role == "assistant" && j > 0 && m.Content[j-1].Type == "tool_use" {
					t.Errorf("text after a call in turn %d: %s", i-1, body)
				}
			case "tool_use":
				if _, twice := ids[b.ID]; twice || b.ID == "" || m.Role != "assistant" {
					t.Errorf("call %q in turn %d: %s", b.ID, i-1, body)
				}
				ids[b.ID] = true
				open++
			case "tool_result":
				if results != j || !ids[b.ToolUseID] {
					t.Errorf("result of %q in turn %d: %s", b.ToolUseID, i-1, body)
				}
				ids[b.ToolUseID] = false
				results++
				open--
			}
		}
		if m.Role == "assistant" {
			continue
		}
		if open != 0 {
			t.Errorf("%d calls have no result in turn %d: %s", open, i-1, body)
		}
	}
}

// Whatever a client asks, the endpoint is sent what it understands, or the
// client reads what is wrong.
func FuzzTranslate(f *testing.F) {
	inputs(f, "request", "json", func(_ string, in []byte) { f.Add(in) })
	for _, r := range append(slices.Clip(paramRows), ownRows...) {
		f.Add([]byte("{" + hi + "," + r.fields + "}"))
	}
	f.Add([]byte(`{"messages":[{"role":"assistant","content":"x","thinking_blocks":[{"type":"thinking","thinking":"\ud800","signature":"é"}]}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := translate(body)
		if err != nil {
			switch e := fault.From(err); e.Kind {
			case fault.InvalidJSON, fault.MissingParameter, fault.InvalidParameter, fault.UnsupportedParameter, fault.DuplicateParameter:
			default:
				t.Errorf("%s: %v", body, err)
			}
			return
		}
		if !wire.Valid(r.Body) {
			t.Fatalf("not JSON: %s", r.Body)
		}
		checkTurns(t, r.Body)
	})
}

func FuzzWhole(f *testing.F) {
	inputs(f, "answer", "json", func(_ string, in []byte) { f.Add(in) })
	f.Add([]byte(`{"type":"error","error":{"type":"overloaded_error","message":"x"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		a := answer(t, streamed)
		out, err := a.Whole(body)
		if err == nil && !wire.Valid(out) {
			t.Errorf("%s becomes %s", body, out)
		}
		if u, changed := a.Usage().Clamp(); changed {
			t.Errorf("usage %+v", u)
		}
	})
}

func FuzzStream(f *testing.F) {
	inputs(f, "stream", "sse", func(_ string, in []byte) {
		f.Add(in, 1)
		f.Add(in, 1000)
	})
	f.Add([]byte(start+block(`{"type":"tool_use","id":"x","name":"f"}`)+delta(`{"type":"text_delta","text":"y"}`)), 3)
	f.Fuzz(func(t *testing.T, stream []byte, n int) {
		chunks, err := feed(answer(t, streamed), stream, max(1, n))
		finished := false
		for i, c := range chunks {
			if !wire.Valid(c) {
				t.Fatalf("chunk %d is not JSON: %s", i, c)
			}
			if role := bytes.Contains(c, []byte(`"delta":{"role":"assistant"`)); role != (i == 0) {
				t.Errorf("chunk %d has the role: %v", i, role)
			}
			finished = finished || bytes.Contains(c, []byte(`"delta":{},"logprobs":null,"finish_reason":"`))
		}
		if finished != (err == nil) {
			t.Errorf("finished %v, error %v:\n%s", finished, err, bytes.Join(chunks, []byte("\n")))
		}
	})
}

func FuzzError(f *testing.F) {
	f.Add(400, []byte(`{"type":"error","error":{"type":"invalid_request_error","message":"x"}}`))
	f.Add(200, []byte(`{"type":"error","error":"x"}`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		e := anthropic.New(anthropic.Options{}).Error(status, body)
		if e == nil || e.Message == "" || !wire.Valid(e.AppendOpenAI(nil)) {
			t.Errorf("%d %q: %v", status, body, e)
		}
		if s := e.HTTPStatus(); s < 400 || s > 599 {
			t.Errorf("status %d", s)
		}
	})
}
