package tei

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gatehouse-ai/gatehouse/fakellm/answer"
	"github.com/gatehouse-ai/gatehouse/fakellm/turn"
)

// The bounds of the engine.
const (
	MaxBatch = 32  // texts in one request
	MaxInput = 512 // tokens of one text
)

// Routes returns the routes of the engine. It serves one model and does not
// look at the model of a request.
func Routes() []turn.Route {
	post := func(path string, h turn.Handler, f turn.Failure) turn.Route {
		return turn.Route{Method: http.MethodPost, Path: path, Handle: h, Fail: f}
	}
	return []turn.Route{
		post("/embed", embed, Fail),
		post("/rerank", rerank, Fail),
		post("/v1/embeddings", embeddings, failOpenAI),
		{Method: http.MethodGet, Path: "/info", Handle: info, Fail: Fail},
		{Method: http.MethodGet, Path: "/health", Handle: health, Fail: Fail, Open: true},
	}
}

func errorType(status int) string {
	switch status {
	case 424:
		return "backend"
	case 429:
		return "overloaded"
	case 503:
		return "unhealthy"
	}
	return "validation"
}

// Fail renders an error as the engine does.
func Fail(_ *turn.Request, e *turn.Error) *turn.Reply {
	return turn.JSON(e.Status, map[string]string{"error": e.Message, "error_type": errorType(e.Status)})
}

// failOpenAI renders an error of the OpenAI-compatible path, which is flat.
func failOpenAI(_ *turn.Request, e *turn.Error) *turn.Reply {
	return turn.JSON(e.Status, map[string]any{"message": e.Message, "code": e.Status, "type": errorType(e.Status)})
}

// inputs is a text or a list of texts. Pairs and tokens are not taken.
type inputs []string

// UnmarshalJSON reads either.
func (t *inputs) UnmarshalJSON(b []byte) error {
	if b[0] == '"' {
		*t = inputs{""}
		return json.Unmarshal(b, &(*t)[0])
	}
	return json.Unmarshal(b, (*[]string)(t))
}

// read parses the body. What is no JSON, or not of the right types, is refused
// in plain text by the framework below the engine.
func read(r *turn.Request, v any) *turn.Reply {
	refuse := func(status int, message string) *turn.Reply {
		return turn.Bytes(status, "text/plain; charset=utf-8", []byte(message))
	}
	if !r.DeclaresJSON() {
		return refuse(415, "Expected request with `Content-Type: application/json`")
	}
	var e *turn.Error
	switch err := r.Decode(v); {
	case err == nil:
		return nil
	case errors.As(err, &e) && e.Param != "":
		return refuse(422, "Failed to deserialize the JSON body into the target type: "+e.Message)
	default:
		return refuse(400, "Failed to parse the request body as JSON: "+err.Error())
	}
}

// check bounds the texts, cuts them if truncate says so, and counts them.
func check(texts []string, truncate bool) (int, error) {
	if len(texts) == 0 {
		return 0, turn.Errorf(400, "`inputs` cannot be empty")
	}
	if len(texts) > MaxBatch {
		return 0, turn.Errorf(413, "batch size %d > maximum allowed batch size %d", len(texts), MaxBatch)
	}
	n := 0
	for i, text := range texts {
		count := answer.Count(text)
		if count > MaxInput && !truncate {
			return 0, turn.Errorf(413, "`inputs` must have less than %d tokens. Given: %d", MaxInput, count)
		}
		if count > MaxInput {
			texts[i], count = strings.Join(answer.Split(text)[:MaxInput], ""), MaxInput
		}
		n += count
	}
	return n, nil
}

// counted adds the header fields that tell what a request took; the bodies do
// not.
func counted(reply *turn.Reply, texts []string, n int) *turn.Reply {
	chars := 0
	for _, text := range texts {
		chars += utf8.RuneCountInString(text)
	}
	reply.Header = http.Header{}
	reply.Header.Set("x-compute-type", "cpu")
	reply.Header.Set("x-compute-tokens", strconv.Itoa(n))
	reply.Header.Set("x-compute-characters", strconv.Itoa(chars))
	return reply.Count(n, 0)
}

func embed(r *turn.Request) (*turn.Reply, error) {
	var c struct {
		Inputs     inputs `json:"inputs"`
		Truncate   bool   `json:"truncate"`
		Normalize  *bool  `json:"normalize"`
		Dimensions int    `json:"dimensions"`
	}
	if refused := read(r, &c); refused != nil {
		return refused, nil
	}
	n, err := check(c.Inputs, c.Truncate)
	if err != nil {
		return nil, err
	}
	if c.Dimensions < 0 || c.Dimensions > r.Size {
		return nil, turn.Errorf(422, "`dimensions` must be positive and not larger than %d", r.Size)
	}
	var vectors [][]float32
	for _, text := range c.Inputs {
		vectors = append(vectors, answer.Vector(text, r.Size, c.Dimensions, c.Normalize == nil || *c.Normalize))
	}
	return counted(turn.JSON(200, vectors), c.Inputs, n), nil
}

func embeddings(r *turn.Request) (*turn.Reply, error) {
	var c struct {
		Model      string `json:"model"`
		Input      inputs `json:"input"`
		Encoding   string `json:"encoding_format"`
		Dimensions int    `json:"dimensions"`
	}
	if refused := read(r, &c); refused != nil {
		return refused, nil
	}
	n, err := check(c.Input, true)
	if err != nil {
		return nil, err
	}
	if c.Dimensions < 0 || c.Dimensions > r.Size {
		return nil, turn.Errorf(422, "`dimensions` must be positive and not larger than %d", r.Size)
	}
	data := []any{}
	for i, text := range c.Input {
		v := answer.Vector(text, r.Size, c.Dimensions, true)
		var vector any = v
		if c.Encoding == "base64" {
			b, err := binary.Append(nil, binary.LittleEndian, v)
			if err != nil {
				return nil, err // a list of numbers always encodes
			}
			vector = base64.StdEncoding.EncodeToString(b)
		}
		data = append(data, map[string]any{"object": "embedding", "index": i, "embedding": vector})
	}
	body := map[string]any{"object": "list", "data": data, "model": r.Models[0]}
	if told := r.Says.Count(answer.Usage{Input: n}); told != nil {
		body["usage"] = map[string]int{"prompt_tokens": told.Input, "total_tokens": told.Input + told.Output}
	}
	return counted(turn.JSON(200, body), c.Input, n), nil
}

func rerank(r *turn.Request) (*turn.Reply, error) {
	var c struct {
		Query      string   `json:"query"`
		Texts      []string `json:"texts"`
		Truncate   bool     `json:"truncate"`
		ReturnText bool     `json:"return_text"`
	}
	if refused := read(r, &c); refused != nil {
		return refused, nil
	}
	n, err := check(c.Texts, c.Truncate)
	if err != nil {
		return nil, err
	}
	type rank struct {
		Index int     `json:"index"`
		Text  *string `json:"text,omitempty"`
		Score float64 `json:"score"`
	}
	var ranks []rank
	for i, text := range c.Texts {
		rank := rank{Index: i, Score: answer.Score(c.Query, text)}
		if c.ReturnText {
			rank.Text = &c.Texts[i]
		}
		ranks = append(ranks, rank)
	}
	slices.SortStableFunc(ranks, func(a, b rank) int {
		switch {
		case a.Score > b.Score:
			return -1
		case a.Score < b.Score:
			return 1
		}
		return 0
	})
	return counted(turn.JSON(200, ranks), c.Texts, n+len(c.Texts)*answer.Count(c.Query)), nil
}

func health(*turn.Request) (*turn.Reply, error) {
	return &turn.Reply{Status: 200, Frames: []turn.Frame{{}}}, nil
}

func info(r *turn.Request) (*turn.Reply, error) {
	return turn.JSON(200, map[string]any{
		"model_id": r.Models[0], "model_sha": nil, "model_dtype": "float32",
		"model_type":              map[string]any{"embedding": map[string]string{"pooling": "cls"}},
		"max_concurrent_requests": 512, "max_input_length": MaxInput, "max_batch_tokens": 16384,
		"max_batch_requests": nil, "max_client_batch_size": MaxBatch, "auto_truncate": false,
		"tokenization_workers": 1, "version": "1.9.0", "sha": nil, "docker_label": nil,
	}), nil
}
