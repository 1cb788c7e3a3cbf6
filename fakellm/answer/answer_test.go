package answer_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/fakellm/answer"
)

func user(text string) []answer.Message {
	return []answer.Message{{Role: answer.User, Text: text}}
}

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{"one", []string{"one"}},
		{"You said: hi", []string{"You", " said:", " hi"}},
		{" a\n\nb ", []string{" a", "\n\nb", " "}},
		{"  ", []string{"  "}},
		{"grüße  dich", []string{"grüße", "  dich"}},
	} {
		got := answer.Split(c.text)
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("Split(%q): %s", c.text, d)
		}
		if n := answer.Count(c.text); n != len(got) {
			t.Errorf("Count(%q) = %d, want %d", c.text, n, len(got))
		}
	}
}

func FuzzSplit(f *testing.F) {
	f.Add("You said: hello")
	f.Add(" \t\u2003x\n")
	f.Fuzz(func(t *testing.T, text string) {
		tokens := answer.Split(text)
		if got := strings.Join(tokens, ""); got != text {
			t.Errorf("the tokens of %q are the text %q", text, got)
		}
		if n := answer.Count(text); n != len(tokens) {
			t.Errorf("Count(%q) = %d, but Split has %d", text, n, len(tokens))
		}
	})
}

func TestVocabulary(t *testing.T) {
	var v, other answer.Vocabulary
	ids := v.Encode("the cat and the dog")
	if len(ids) != 5 || ids[0] == ids[1] {
		t.Fatalf("the numbers are %v", ids)
	}
	if got := v.Decode(ids); got != "the cat and the dog" {
		t.Errorf("decoded: %q", got)
	}
	if d := cmp.Diff(ids, other.Encode("the cat and the dog")); d != "" {
		t.Errorf("another vocabulary numbers differently: %s", d)
	}
	if got := v.Decode([]int{ids[0], 7}); got != "the <7>" {
		t.Errorf("an unknown number decoded: %q", got)
	}
}

func TestText(t *testing.T) {
	weather := answer.Tool{Name: "weather", Schema: json.RawMessage(`{"properties":{"city":{"type":"string"}}}`)}
	clock := answer.Tool{Name: "clock"}
	args := `{"city": "city"}`
	for _, c := range []struct {
		name string
		q    answer.Question
		says answer.Says
		want answer.Choice
	}{
		{
			name: "echo", q: answer.Question{Messages: user("hi you")},
			want: answer.Choice{Text: []string{"You", " said:", " hi", " you"}, Finish: "stop"},
		}, {
			name: "nothing said", q: answer.Question{Messages: []answer.Message{{Role: answer.System, Text: "be kind"}}},
			want: answer.Choice{Text: []string{"You", " said", " nothing."}, Finish: "stop"},
		}, {
			name: "image", q: answer.Question{Messages: []answer.Message{{Role: answer.User, Text: "see", Images: 2}}},
			want: answer.Choice{Text: []string{"You", " said:", " see", " [image]", " [image]"}, Finish: "stop"},
		}, {
			name: "the last user message counts", q: answer.Question{Messages: append(user("one"),
				answer.Message{Role: answer.Assistant, Text: "x"}, answer.Message{Role: answer.User, Text: "two"})},
			want: answer.Choice{Text: []string{"You", " said:", " two"}, Finish: "stop"},
		}, {
			name: "tool results", q: answer.Question{Tools: []answer.Tool{weather}, Messages: append(user("weather"),
				answer.Message{Role: answer.Assistant}, answer.Message{Role: answer.ToolRole, Text: "rain"},
				answer.Message{Role: answer.ToolRole, Text: "sun"})},
			want: answer.Choice{Text: []string{"The", " tool", " said:", " rain", " and", " sun"}, Finish: "stop"},
		}, {
			name: "stop sequence", q: answer.Question{Messages: user("one two three"), Stop: []string{"three", " two"}},
			want: answer.Choice{Text: []string{"You", " said:", " one"}, Finish: "stop", Stopped: " two"},
		}, {
			name: "length", q: answer.Question{Messages: user("one two three"), MaxTokens: 3},
			want: answer.Choice{Text: []string{"You", " said:", " one"}, Finish: "length"},
		}, {
			name: "exact length is no cut", q: answer.Question{Messages: user("one"), MaxTokens: 3},
			want: answer.Choice{Text: []string{"You", " said:", " one"}, Finish: "stop"},
		}, {
			name: "minimum", q: answer.Question{Messages: user("x"), MinTokens: 5},
			want: answer.Choice{Text: []string{"You", " said:", " x", " You", " said:"}, Finish: "stop"},
		}, {
			name: "tool named in the prompt", q: answer.Question{Messages: user("the weather"), Tools: []answer.Tool{clock, weather}},
			want: answer.Choice{Calls: []answer.Call{{Name: "weather", Arguments: args}}, Finish: "tool_calls"},
		}, {
			name: "tool not named", q: answer.Question{Messages: user("hi"), Tools: []answer.Tool{weather}},
			want: answer.Choice{Text: []string{"You", " said:", " hi"}, Finish: "stop"},
		}, {
			name: "parallel", q: answer.Question{Messages: user("weather and clock"), Tools: []answer.Tool{clock, weather}},
			want: answer.Choice{Calls: []answer.Call{{Name: "clock", Arguments: "{}"}, {Name: "weather", Arguments: args}}, Finish: "tool_calls"},
		}, {
			name: "not parallel", q: answer.Question{Messages: user("weather and clock"), Tools: []answer.Tool{clock, weather}, OneCall: true},
			want: answer.Choice{Calls: []answer.Call{{Name: "clock", Arguments: "{}"}}, Finish: "tool_calls"},
		}, {
			name: "required", q: answer.Question{Messages: user("hi"), Tools: []answer.Tool{clock, weather}, Mode: answer.Required},
			want: answer.Choice{Calls: []answer.Call{{Name: "clock", Arguments: "{}"}}, Finish: "tool_calls"},
		}, {
			name: "named", q: answer.Question{Messages: user("clock"), Tools: []answer.Tool{clock, weather}, Mode: answer.Named, Tool: "weather"},
			want: answer.Choice{Calls: []answer.Call{{Name: "weather", Arguments: args}}, Finish: "tool_calls"},
		}, {
			name: "never", q: answer.Question{Messages: user("clock"), Tools: []answer.Tool{clock}, Mode: answer.Never},
			want: answer.Choice{Text: []string{"You", " said:", " clock"}, Finish: "stop"},
		}, {
			name: "cut call", q: answer.Question{Messages: user("weather"), Tools: []answer.Tool{weather}, MaxTokens: 1},
			want: answer.Choice{Calls: []answer.Call{{Name: "weather", Arguments: `{"city":`}}, Finish: "length"},
		}, {
			name: "reasoning is cut before text", q: answer.Question{Messages: user("hi"), Reason: true, MaxTokens: 2},
			want: answer.Choice{Reasoning: []string{"The", " user"}, Text: []string{}, Finish: "length"},
		}, {
			name: "json", q: answer.Question{Messages: user(`a "b"`), Format: answer.JSON},
			want: answer.Choice{Text: []string{`{"answer":`, ` "You`, ` said:`, ` a`, ` \"b\""}`}, Finish: "stop"},
		}, {
			name: "dictated", q: answer.Question{Messages: user("hi")},
			says: answer.Says{Text: "no", Reasoning: "hm hm", Finish: "content_filter", Calls: []answer.Call{{Name: "f", Arguments: "{}"}}},
			want: answer.Choice{
				Reasoning: []string{"hm", " hm"}, Text: []string{"no"}, Finish: "content_filter",
				Calls: []answer.Call{{Name: "f", Arguments: "{}"}},
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := c.q.Answer(c.says)
			if d := cmp.Diff([]answer.Choice{c.want}, got.Choices); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
			if want := got.Choices[0].Output(); got.Usage.Output != want {
				t.Errorf("usage tells %d tokens of output, there are %d", got.Usage.Output, want)
			}
		})
	}
}

func TestUsage(t *testing.T) {
	q := answer.Question{N: 2, Reason: true, Messages: []answer.Message{
		{Role: answer.System, Text: "be kind"}, {Role: answer.User, Text: "look here", Images: 1},
	}}
	a := q.Answer(answer.Says{CachedInput: 3, CacheWrite: 1})
	want := &answer.Usage{Input: 4 + answer.ImageTokens, Output: 9 + 5 + 9 + 6, CachedInput: 3, CacheWrite: 1, Reasoning: 18}
	if d := cmp.Diff(want, a.Usage); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	if got := strings.Join(a.Choices[1].Text, ""); got != "You said: look here [image] [2]" {
		t.Errorf("the second choice is %q", got)
	}
	if a := q.Answer(answer.Says{NoUsage: true}); a.Usage != nil {
		t.Errorf("usage is told: %v", a.Usage)
	}
	absurd := &answer.Usage{Input: -5, Output: 1 << 40}
	if a := q.Answer(answer.Says{Usage: absurd}); a.Usage != absurd {
		t.Errorf("usage is %v, want what was dictated", a.Usage)
	}
	if a := q.Answer(answer.Says{CachedInput: 100}); a.Usage.Input != 100 {
		t.Errorf("input is %d, less than what of it was cached", a.Usage.Input)
	}
}

func TestInstance(t *testing.T) {
	for _, c := range []struct{ schema, want string }{
		{``, `{}`},
		{`nonsense`, `{}`},
		{`{"type":"object"}`, `{}`},
		{`{"type":"string"}`, `"value"`},
		{
			`{"properties":{"b":{"type":"integer"},"a":{"type":"number"},"c":{"type":"boolean"},"d":{"type":"null"}}}`,
			`{"b": 1, "a": 0.5, "c": true, "d": null}`,
		},
		{
			`{"properties":{"city":{"type":"string"},"unit":{"type":"string","enum":["c","f"]}},"required":["city"]}`,
			`{"city": "city", "unit": "c"}`,
		},
		{`{"properties":{"l":{"type":"array","items":{"type":"integer"},"minItems":3}}}`, `{"l": [1, 1, 1]}`},
		{`{"properties":{"l":{"type":"array","items":{"type":"string"}},"e":{"type":"array","maxItems":0}}}`, `{"l": ["l"], "e": []}`},
		{`{"properties":{"n":{"type":"integer","minimum":18}}}`, `{"n": 18}`},
		{`{"properties":{"n":{"type":"integer","maximum":-3}}}`, `{"n": -3}`},
		{`{"properties":{"n":{"type":"integer","exclusiveMinimum":5}}}`, `{"n": 6}`},
		{`{"properties":{"n":{"type":"number","exclusiveMinimum":0.5,"maximum":1}}}`, `{"n": 0.75}`},
		{`{"properties":{"n":{"type":"number","exclusiveMaximum":0.5,"minimum":0}}}`, `{"n": 0.25}`},
		{`{"properties":{"n":{"type":["null","integer"]},"s":{"anyOf":[{"type":"null"},{"type":"string"}]}}}`, `{"n": 1, "s": "s"}`},
		{
			`{"properties":{"k":{"const":{"a":[1,"x",null,true]}},"d":{"type":"string","default":"y"}}}`,
			`{"k": {"a": [1, "x", null, true]}, "d": "y"}`,
		},
		{
			`{"properties":{"m":{"type":"string","format":"email"},"t":{"type":"string","format":"date"}}}`,
			`{"m": "m@example.com", "t": "2026-01-02"}`,
		},
		{
			`{"properties":{"long":{"type":"string","minLength":6},"short":{"type":"string","maxLength":2}}}`,
			`{"long": "longxx", "short": "sh"}`,
		},
		{`{"$defs":{"p":{"properties":{"x":{"type":"integer"}}}},"properties":{"p":{"$ref":"#/$defs/p"}}}`, `{"p": {"x": 1}}`},
		{`{"allOf":[{"properties":{"a":{"type":"integer"}}},{"properties":{"b":{"type":"integer"}}}]}`, `{"a": 1, "b": 1}`},
	} {
		got := answer.Instance([]byte(c.schema))
		if got != c.want {
			t.Errorf("Instance(%s)\n got %s\nwant %s", c.schema, got, c.want)
		}
		if !json.Valid([]byte(got)) {
			t.Errorf("Instance(%s) is not JSON: %s", c.schema, got)
		}
	}
}

func TestInstanceOfRecursion(t *testing.T) {
	var props []string
	for i := range 50 {
		props = append(props, fmt.Sprintf(`"p%d":{"$ref":"#"}`, i))
	}
	for _, schema := range []string{
		`{"$ref":"#"}`,
		`{"properties":{"next":{"$ref":"#"}},"required":["next"]}`,
		`{"type":"array","items":{"$ref":"#"},"minItems":100}`,
		`{"properties":{` + strings.Join(props, ",") + `}}`,
		`{"allOf":[` + strings.Repeat(`{"$ref":"#"},`, 50) + `{}]}`,
	} {
		got := answer.Instance([]byte(schema))
		if !json.Valid([]byte(got)) || len(got) > 1<<20 {
			t.Errorf("Instance(%.40s…) has %d bytes, valid %v", schema, len(got), json.Valid([]byte(got)))
		}
	}
}

func FuzzInstance(f *testing.F) {
	f.Add([]byte(`{"type":"object","properties":{"a":{"enum":[1]},"b":{"$ref":"#/properties/a"}}}`))
	f.Add([]byte(`{"anyOf":[{"type":"array","items":{"$ref":"#"},"minItems":2}]}`))
	f.Add([]byte(`{"type":"integer","exclusiveMinimum":1e300,"maximum":-1}`))
	f.Fuzz(func(t *testing.T, schema []byte) {
		if got := answer.Instance(schema); !json.Valid([]byte(got)) {
			t.Errorf("Instance(%q) = %q is not JSON", schema, got)
		}
	})
}

func TestVector(t *testing.T) {
	length := func(v []float32) float64 {
		sum := 0.0
		for _, x := range v {
			sum += float64(x) * float64(x)
		}
		return math.Sqrt(sum)
	}
	full, cut := answer.Vector("hi", 64, 0, true), answer.Vector("hi", 64, 8, true)
	for _, v := range [][]float32{full, cut} {
		if l := length(v); math.Abs(l-1) > 1e-6 {
			t.Errorf("a vector of %d has length %g", len(v), l)
		}
	}
	if len(full) != 64 || len(cut) != 8 {
		t.Fatalf("the sizes are %d and %d", len(full), len(cut))
	}
	if ratio := full[0] / cut[0]; math.Abs(float64(full[7]/cut[7]-ratio)) > 1e-4 {
		t.Error("the cut vector does not point where the full one does")
	}
	if d := cmp.Diff(full, answer.Vector("hi", 64, 0, true)); d != "" {
		t.Errorf("the vector is another one the second time: %s", d)
	}
	if cmp.Equal(full, answer.Vector("ho", 64, 0, true)) {
		t.Error("two texts have one vector")
	}
	if l := length(answer.Vector("hi", 64, 0, false)); math.Abs(l-1) < 0.1 {
		t.Errorf("the raw vector has length %g", l)
	}
}

func TestJudge(t *testing.T) {
	good := answer.Score("what is a cat?", "A cat is a small animal.")
	bad := answer.Score("what is a cat?", "Paris.")
	if good <= bad || good > 1 || bad < 0 {
		t.Errorf("scores are %g and %g", good, bad)
	}
	label, probs := answer.Classify("hello")
	if len(probs) != 2 || math.Abs(probs[0]+probs[1]-1) > 1e-9 || (label == "LABEL_1") != (probs[1] > 0.5) {
		t.Errorf("the class is %s of %v", label, probs)
	}
	for _, c := range []struct {
		text, category string
		want           bool
	}{
		{"such Violence!", "violence", true},
		{"nonviolence", "violence", false},
		{"about self-harm", "self-harm", true},
		{"violence", "violence/graphic", false},
		{"violence, graphic", "violence/graphic", true},
	} {
		if got := answer.Harmful(c.text, c.category); got != c.want {
			t.Errorf("Harmful(%q, %s) = %v", c.text, c.category, got)
		}
	}
}

func TestMedia(t *testing.T) {
	if p := answer.Picture("x"); string(p[1:4]) != "PNG" || string(p) == string(answer.Picture("y")) {
		t.Error("no PNG, or one for all prompts")
	}
	wav, media, ok := answer.Speech("two words", "wav")
	if !ok || media != "audio/wav" || string(wav[:4]) != "RIFF" || len(wav) != 44+2*24000/20*2 {
		t.Errorf("wav: %s, %d bytes, %v", media, len(wav), ok)
	}
	pcm, _, ok := answer.Speech("two words", "pcm")
	if !ok || string(wav[44:]) != string(pcm) {
		t.Error("wav and pcm have different sounds")
	}
	if mp3, media, ok := answer.Speech("two words", "mp3"); !ok || media != "audio/mpeg" || mp3[0] != 0xff || len(mp3) != 4*417 {
		t.Errorf("mp3: %s, %d bytes, %v", media, len(mp3), ok)
	}
	if _, _, ok := answer.Speech("x", "opus"); ok {
		t.Error("opus was made")
	}
}
