package exam_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-ai/gatehouse/bench/exam"
)

const id = 0x0123456789abcdef

// asked returns the request for a question, as the generator sends it, and what
// the upstream finds in it.
func asked(t testing.TB, p *exam.Paper) ([]byte, exam.Ask) {
	t.Helper()
	body, first, last := p.Request()
	body = bytes.Clone(body)
	exam.PutID(body[first:], id)
	exam.PutID(body[last:], id)
	a, ok := exam.Find(body)
	if !ok {
		t.Fatalf("there is no prompt in %.200q", body)
	}
	return body, a
}

func paper(t testing.TB, q exam.Question, anyEngine bool) *exam.Paper {
	t.Helper()
	q.Model = "bench"
	p, err := exam.New(q, anyEngine)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestRequestsAreJSONOfTheirSize(t *testing.T) {
	for _, q := range []exam.Question{
		{Kind: exam.Chat, Body: 300, Reply: 100},
		{Kind: exam.Chat, Body: 100_000, Reply: 8000},
		{Kind: exam.Stream, Body: 300, Chunks: 200, Gap: 20 * time.Millisecond},
		{Kind: exam.Embed, Body: 4000, Inputs: 16, Dim: 1536},
	} {
		body, a := asked(t, paper(t, q, false))
		if !json.Valid(body) {
			t.Errorf("%+v: not JSON: %.100s", q, body)
		}
		if q.Kind != exam.Embed && len(body) != q.Body {
			t.Errorf("%+v: %d bytes", q, len(body))
		}
		if a.Reply != q.Reply || a.Chunks != q.Chunks || a.Gap != q.Gap || a.Inputs != q.Inputs || a.Dim != q.Dim || a.First != a.Last || string(a.First[:]) != "0123456789abcdef" {
			t.Errorf("%+v was understood as %+v", q, a)
		}
		body[bytes.LastIndex(body, []byte("0123456789abcdef"))]++
		if a, _ := exam.Find(body); a.First == a.Last {
			t.Errorf("%+v: a wrong id at the end is not noticed", q)
		}
	}
}

func TestQuestionsHaveBounds(t *testing.T) {
	for want, q := range map[string]exam.Question{
		"a model":    {Kind: exam.Chat, Reply: 100},
		"request":    {Kind: exam.Chat, Model: "m", Reply: 100, Body: 1 << 30},
		"answer":     {Kind: exam.Chat, Model: "m", Reply: 1},
		"chunks":     {Kind: exam.Stream, Model: "m"},
		"gap":        {Kind: exam.Stream, Model: "m", Chunks: 1, Gap: time.Hour},
		"inputs":     {Kind: exam.Embed, Model: "m", Dim: 8},
		"dimensions": {Kind: exam.Embed, Model: "m", Inputs: 1, Dim: 1 << 20},
	} {
		if _, err := exam.New(q, false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want an error with %q", q, err, want)
		}
	}
}

// chat is the right answer to a chat.
func chat(a *exam.Ask, reply int) string {
	text := exam.AppendText(nil, a, exam.Filler(reply), reply)
	return fmt.Sprintf(`{"id":"x","choices":[{"index":0,"message":{"role":"assistant","content":"%s"},"finish_reason":"stop"}],"usage":{"prompt_tokens":%d,"completion_tokens":%d}}`, text, a.Tokens, reply)
}

func TestEveryWrongByteOfAChatIsFound(t *testing.T) {
	p := paper(t, exam.Question{Kind: exam.Chat, Body: 300, Reply: 100}, false)
	_, a := asked(t, p)
	right := []byte(chat(&a, 100))
	m := exam.NewMarker(p)
	m.Begin(id)
	if err := m.Whole(right); err != nil {
		t.Fatalf("the right answer is wrong: %v", err)
	}
	from := bytes.Index(right, []byte(`"content":"`)) + len(`"content":"`)
	for i := from; i < from+100; i++ {
		wrong := bytes.Clone(right)
		wrong[i] ^= 1
		if m.Whole(wrong) == nil {
			t.Errorf("byte %d is wrong, and nobody noticed", i-from)
		}
	}
	for i := range right {
		if m.Whole(right[:i]) == nil {
			t.Errorf("an answer of %d bytes of %d is taken as whole", i, len(right))
		}
	}
	m.Begin(id + 1)
	if m.Whole(right) == nil {
		t.Error("the answer to another request is taken")
	}
	for from, to := range map[string]string{
		`"stop"`: `"length"`, `"prompt_tokens":`: `"prompt_tokens":1`, `"usage"`: `"other"`, `"finish_reason"`: `"x"`,
		`"choices":[`: `"choices":[{},`, `"id"`: `"\q"`, `"x"`: `01`,
	} {
		m.Begin(id)
		if m.Whole([]byte(strings.Replace(string(right), from, to, 1))) == nil {
			t.Errorf("%s instead of %s is not noticed", to, from)
		}
	}
	m.Begin(id)
	if err := m.Whole([]byte(" " + strings.NewReplacer("0000", `\u0030000`, ":", " : ", ",", ",\n").Replace(string(right)))); err != nil {
		t.Errorf("the same JSON written differently: %v", err)
	}
}

// events are those of a right stream.
func events(a *exam.Ask, n int) []string {
	var out []string
	add := func(format string, args ...any) {
		out = append(out, fmt.Sprintf(`{"choices":[{"index":0,"delta":{`+format+`}]}`, args...))
	}
	add(`"role":"assistant","content":""},"finish_reason":null`)
	for i := range n {
		add(`"content":%q},"finish_reason":null`, exam.AppendChunk(nil, a, i))
	}
	add(`},"finish_reason":"stop"`)
	return append(out, fmt.Sprintf(`{"choices":[],"usage":{"prompt_tokens":%d,"completion_tokens":%d}}`, a.Tokens, n), "[DONE]")
}

func mark(p *exam.Paper, list []string) error {
	m := exam.NewMarker(p)
	m.Begin(id)
	for _, e := range list {
		if _, err := m.Event([]byte(e)); err != nil {
			return err
		}
	}
	return m.End()
}

func TestStreams(t *testing.T) {
	p := paper(t, exam.Question{Kind: exam.Stream, Body: 300, Chunks: 5}, false)
	_, a := asked(t, p)
	right := events(&a, 5)
	if err := mark(p, right); err != nil {
		t.Fatalf("the right stream is wrong: %v", err)
	}
	for i := range right {
		if i > 0 && mark(p, append(append([]string{}, right[:i]...), right[i+1:]...)) == nil {
			t.Errorf("event %d is missing, and nobody noticed", i)
		}
		if i > 0 && mark(p, append(append(append([]string{}, right[:i]...), right[i]), right[i:]...)) == nil {
			t.Errorf("event %d comes twice, and nobody noticed", i)
		}
		if i > 1 {
			swapped := append([]string{}, right...)
			swapped[i], swapped[i-1] = swapped[i-1], swapped[i]
			// Where the usage and the end of the text stand is for the engine to say.
			if err := mark(p, swapped); err == nil && !strings.Contains(right[i], "usage") {
				t.Errorf("events %d and %d are swapped, and nobody noticed", i-1, i)
			}
		}
	}
	for _, wrong := range []string{"{", "null", "{}", `{"error":{"message":"x"}}`, `{"choices":[{},{}]}`} {
		if mark(p, append([]string{wrong}, right...)) == nil {
			t.Errorf("the event %s is not noticed", wrong)
		}
	}
	if err := mark(paper(t, exam.Question{Kind: exam.Stream, Chunks: 1}, true), []string{
		`{"choices":[{"delta":{"role":"assistant"}}]}`, `{"choices":[{"delta":{"content":"Hi"}}]}`, `{"choices":[{"delta":{},"finish_reason":"length"}]}`, "[DONE]",
	}); err != nil {
		t.Errorf("a stream of any engine: %v", err)
	}
}

// embeddings is the right answer to a request for embeddings.
func embeddings(a *exam.Ask) string {
	var rows []string
	for i, v := range exam.Vectors(a.Inputs, a.Dim) {
		if i == 0 {
			exam.AppendMark(v[:0], a.First)
		}
		if i == a.Inputs-1 {
			exam.AppendMark(v[:len(v)-exam.MarkLen], a.Last)
		}
		rows = append(rows, fmt.Sprintf(`{"index":%d,"embedding":[%s]}`, i, v))
	}
	return fmt.Sprintf(`{"data":[%s],"usage":{"prompt_tokens":%d}}`, strings.Join(rows, ","), a.Inputs)
}

func TestEveryFloatIsMarked(t *testing.T) {
	p := paper(t, exam.Question{Kind: exam.Embed, Inputs: 3, Dim: 4}, false)
	_, a := asked(t, p)
	right := embeddings(&a)
	m := exam.NewMarker(p)
	m.Begin(id)
	if err := m.Whole([]byte(right)); err != nil {
		t.Fatalf("the right answer is wrong: %v", err)
	}
	var value any
	if err := json.Unmarshal([]byte(right), &value); err != nil {
		t.Fatal(err)
	}
	again, _ := json.MarshalIndent(value, "", " ")
	if err := m.Whole(again); err != nil {
		t.Errorf("the same floats written differently: %v", err)
	}
	for _, form := range []string{right, string(again)} {
		for i := range form {
			if form[i] < '0' || form[i] > '9' {
				continue
			}
			wrong := []byte(form)
			wrong[i] = '0' + (form[i]-'0'+1)%10
			if m.Whole(wrong) == nil {
				t.Errorf("digit %d is wrong, and nobody noticed: %s", i, wrong[max(i-20, 0):i+1])
			}
		}
	}
	m.Begin(id + 1)
	if m.Whole([]byte(right)) == nil {
		t.Error("the answer to another request is taken")
	}
	m.Begin(id)
	for from, to := range map[string]string{`"embedding":[`: `"embedding":[0.1,`, "]},": "]},{},", "0.": "", `"usage"`: `"other"`} {
		if m.Whole([]byte(strings.Replace(right, from, to, 1))) == nil {
			t.Errorf("%s instead of %s is not noticed", to, from)
		}
	}
}

func TestMarkingDoesNotAllocate(t *testing.T) {
	for _, q := range []exam.Question{{Kind: exam.Chat, Body: 300, Reply: 8000}, {Kind: exam.Embed, Inputs: 16, Dim: 64}, {Kind: exam.Stream, Chunks: 20}} {
		p := paper(t, q, false)
		_, a := asked(t, p)
		m := exam.NewMarker(p)
		var whole []byte
		var list [][]byte
		switch q.Kind {
		case exam.Chat:
			whole = []byte(chat(&a, q.Reply))
		case exam.Embed:
			whole = []byte(embeddings(&a))
		case exam.Stream:
			for _, e := range events(&a, q.Chunks) {
				list = append(list, []byte(e))
			}
		}
		if n := testing.AllocsPerRun(10, func() {
			m.Begin(id)
			var err error
			if q.Kind != exam.Stream {
				err = m.Whole(whole)
			}
			for _, e := range list {
				_, err = m.Event(e)
			}
			if err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%+v: marking allocates %v times", q, n)
		}
	}
}

// FuzzWhole holds the cursor to encoding/json: what it takes is JSON.
func FuzzWhole(f *testing.F) {
	q := exam.Question{Kind: exam.Chat, Body: 300, Reply: 100}
	p := paper(f, q, true)
	_, a := asked(f, p)
	f.Add([]byte(chat(&a, 100)))
	f.Add([]byte(`{"choices":[{"message":{"content":"\"\\\u00e9\n"},"finish_reason":"a"}],"x":[1.5e+3,-0,{},[],null,true]}`))
	e := paper(f, exam.Question{Kind: exam.Embed, Inputs: 2, Dim: 2}, true)
	_, ask := asked(f, e)
	f.Add([]byte(embeddings(&ask)))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, p := range []*exam.Paper{p, e} {
			m := exam.NewMarker(p)
			m.Begin(id)
			if m.Whole(b) == nil && !json.Valid(b) {
				t.Errorf("%q is taken, but is not JSON", b)
			}
		}
	})
}

func FuzzFind(f *testing.F) {
	body, _, _ := paper(f, exam.Question{Kind: exam.Chat, Body: 300, Reply: 100}, false).Request()
	f.Add(body)
	f.Add([]byte("gatehouse-bench 0123456789abcdef reply=999999999999 "))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, ok := exam.Find(b)
		if ok && (a.Reply > exam.MaxReply || a.Chunks > exam.MaxChunks || a.Inputs > exam.MaxInputs || a.Dim > exam.MaxDim || a.Gap > time.Minute || a.Tokens > int64(len(b))) {
			t.Errorf("%q asks for too much: %+v", b, a)
		}
	})
}
