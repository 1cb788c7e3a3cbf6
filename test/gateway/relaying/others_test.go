package relaying_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/fakellm/answer"
)

// Sound reaches the client while the engine is still speaking, and as it is.
func TestSpeechIsStreamed(t *testing.T) {
	const said = "one two three four five six seven eight nine ten eleven twelve"
	for _, format := range []string{"pcm", "wav", "mp3"} {
		g, e := single(t, fakellm.OpenAI, "")
		gate := fakellm.NewGate()
		e.Set(fakellm.Script{Wait: fakellm.Wait{Gate: gate}})
		c := dial(t, g, http.MethodPost, "/v1/audio/speech", fmt.Sprintf(`{"model":"renamed","input":%q,"voice":"v","response_format":%q}`, said, format), asJSON)
		sound, media, _ := answer.Speech(said, format)
		got := ""
		for passed := 1; passed <= 3 && len(got)+1 < len(sound)/2; passed++ {
			gate.Step(1)
			if err := gate.Reached(within(t), passed); err != nil {
				t.Fatal(err)
			}
			if c.Status == 0 {
				c.head()
			}
			for _, _, sent := e.Last().Delivered(); int64(len(got)) < sent; { // or reading fails
				got += c.frame()
			}
			if !bytes.HasPrefix(sound, []byte(got)) || len(got) == 0 || len(got) == len(sound) {
				t.Fatalf("%s: the client has %d bytes of %d", format, len(got), len(sound))
			}
		}
		gate.Open()
		got += strings.Join(c.frames(), "")
		if got != string(sound) || c.Header.Get("Content-Type") != media || c.Header.Get("X-Accel-Buffering") != "" {
			t.Errorf("%s: %d bytes of %d, %v", format, len(got), len(sound), c.Header)
		}
		if rec := g.Record(); rec.Outcome != "complete" || rec.BytesOut != int64(len(sound)) || rec.Stream {
			t.Errorf("%s: the record says %+v", format, rec)
		}
	}
}

// Speech may stream as events too.
func TestSpeechAsEvents(t *testing.T) {
	g, _ := single(t, fakellm.OpenAI, "")
	c := dial(t, g, http.MethodPost, "/v1/audio/speech", `{"model":"m","input":"one two three","voice":"v","response_format":"pcm","stream_format":"sse"}`, asJSON)
	c.head()
	var got []byte
	for _, f := range c.frames() {
		oneEvent(t, "speech", f)
		piece, err := base64.StdEncoding.DecodeString(decode[struct{ Audio string }](data(t, f)).Audio)
		if err != nil {
			t.Error(err)
		}
		got = append(got, piece...)
	}
	if want, _, _ := answer.Speech("one two three", "pcm"); !bytes.Equal(got, want) || c.Header.Get("X-Accel-Buffering") != "no" {
		t.Errorf("%d bytes of %d, %v", len(got), len(want), c.Header)
	}
}

// An image that streams arrives event by event, and events may be large.
func TestImagesStream(t *testing.T) {
	g, e := single(t, fakellm.OpenAI, "")
	e.Set(fakellm.Script{Form: fakellm.Form{Huge: 2 << 20}})
	c := dial(t, g, http.MethodPost, "/v1/images/generations", `{"model":"renamed","prompt":"x","stream":true,"partial_images":2}`, asJSON)
	c.head()
	var types []string
	largest := 0
	for _, f := range c.frames() {
		oneEvent(t, "image", f)
		types = append(types, decode[struct{ Type string }](data(t, f)).Type)
		largest = max(largest, len(f))
	}
	want := []string{"image_generation.partial_image", "image_generation.partial_image", "image_generation.completed"}
	if diff := cmp.Diff(want, types); diff != "" || largest < 2<<20 {
		t.Errorf("%s, the largest event has %d bytes", diff, largest)
	}
	if got := string(e.Last().Body()); got != `{"model":"up","prompt":"x","stream":true,"partial_images":2}` {
		t.Errorf("the engine got %s", got)
	}
}

// vectors reads embeddings, in whichever encoding they are.
func vectors(t *testing.T, body []byte) [][]float32 {
	t.Helper()
	var list struct {
		Object string
		Data   []struct {
			Object    string
			Index     int
			Embedding json.RawMessage
		}
	}
	if err := json.Unmarshal(body, &list); err != nil || list.Object != "list" {
		t.Fatalf("%v: %.200s", err, body)
	}
	var out [][]float32
	for i, d := range list.Data {
		var v []float32
		var text string
		if json.Unmarshal(d.Embedding, &text) == nil {
			b, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				t.Fatal(err)
			}
			for at := 0; at+4 <= len(b); at += 4 {
				v = append(v, math.Float32frombits(binary.LittleEndian.Uint32(b[at:])))
			}
		} else if err := json.Unmarshal(d.Embedding, &v); err != nil {
			t.Fatal(err)
		}
		if d.Index != i || d.Object != "embedding" {
			t.Errorf("item %d is %d, %q", i, d.Index, d.Object)
		}
		out = append(out, v)
	}
	return out
}

// Embeddings are the same numbers in both encodings and over every dialect,
// in the order of the inputs.
func TestEmbeddings(t *testing.T) {
	texts := []string{"one", "two words", "é😀", strings.Repeat("long ", 500)}
	input, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []fakellm.Dialect{fakellm.OpenAI, fakellm.Ollama, fakellm.TEI} {
		g, _ := single(t, d, "", fakellm.Dimensions(64))
		for _, dims := range []int{0, 16} {
			var want [][]float32
			for _, text := range texts {
				want = append(want, answer.Vector(text, 64, dims, true))
			}
			for _, encoding := range []string{"", `,"encoding_format":"float"`, `,"encoding_format":"base64"`} {
				body := fmt.Sprintf(`{"model":"m","input":%s%s`, input, encoding)
				if dims > 0 {
					body += fmt.Sprintf(`,"dimensions":%d`, dims)
				}
				r := ok(t, post(t, g, "/embeddings", body+"}"))
				if diff := cmp.Diff(want, vectors(t, r.Body)); diff != "" {
					t.Errorf("%s, %q, %d dimensions: %s", d, encoding, dims, diff)
				}
				if base64 := strings.Contains(string(r.Body), `"embedding":"`); base64 != strings.Contains(encoding, "base64") {
					t.Errorf("%s, %q: another encoding was sent: %.200s", d, encoding, r.Body)
				}
			}
		}
	}
}

// The operations of self-hosted engines give the engine's answers.
func TestOperationsOfEngines(t *testing.T) {
	g, _ := single(t, fakellm.OpenAI, "", fakellm.Dimensions(8))
	docs := []string{"a red car", "blue", "a car"}
	quoted := `["a red car","blue","a car"]`

	var ranked struct {
		Results []struct {
			Index int
			Score float64 `json:"relevance_score"`
		}
	}
	into(t, post(t, g, "/rerank", `{"model":"renamed","query":"a car","documents":`+quoted+`,"top_n":2}`), &ranked)
	if len(ranked.Results) != 2 || slices.ContainsFunc(ranked.Results, func(r struct {
		Index int
		Score float64 `json:"relevance_score"`
	},
	) bool {
		return r.Index == 1 || r.Score != answer.Score("a car", docs[r.Index])
	}) {
		t.Errorf("rerank: %+v", ranked)
	}

	var scored struct{ Data []struct{ Score float64 } }
	into(t, post(t, g, "/score", `{"model":"renamed","text_1":"a car","text_2":`+quoted+`}`), &scored)
	if len(scored.Data) != 3 || scored.Data[1].Score != answer.Score("a car", "blue") {
		t.Errorf("score: %+v", scored)
	}

	var classes struct {
		Data []struct {
			Label string
			Probs []float64
		}
	}
	into(t, post(t, g, "/classify", `{"model":"renamed","input":`+quoted+`}`), &classes)
	label, probs := answer.Classify("blue")
	if len(classes.Data) != 3 || classes.Data[1].Label != label || !slices.Equal(classes.Data[1].Probs, probs) {
		t.Errorf("classify: %+v", classes)
	}

	var pooled struct{ Data []struct{ Data []float32 } }
	into(t, do(t, g, http.MethodPost, "/v1alpha/pooling", strings.NewReader(`{"model":"renamed","input":"blue"}`), asJSON), &pooled)
	if len(pooled.Data) != 1 || !slices.Equal(pooled.Data[0].Data, answer.Vector("blue", 8, 0, true)) {
		t.Errorf("pooling: %+v", pooled)
	}

	var tokens struct {
		Count  int
		Tokens []int
	}
	into(t, post(t, g, "/tokenize", `{"model":"renamed","prompt":"one two three"}`), &tokens)
	var text struct{ Prompt string }
	ids, err := json.Marshal(tokens.Tokens)
	if err != nil {
		t.Fatal(err)
	}
	into(t, post(t, g, "/detokenize", `{"model":"renamed","tokens":`+string(ids)+`}`), &text)
	if tokens.Count != 3 || text.Prompt != "one two three" {
		t.Errorf("tokenize and detokenize: %+v %+v", tokens, text)
	}

	var judged struct{ Results []struct{ Flagged bool } }
	into(t, post(t, g, "/moderations", `{"model":"renamed","input":["nothing","violence"]}`), &judged)
	if len(judged.Results) != 2 || judged.Results[0].Flagged || !judged.Results[1].Flagged {
		t.Errorf("moderations: %+v", judged)
	}

	var counted struct {
		Input int `json:"input_tokens"`
	}
	into(t, post(t, g, "/messages/count_tokens", `{"model":"renamed","messages":[{"role":"user","content":"one two three"}]}`), &counted)
	if counted.Input != 3 {
		t.Errorf("count_tokens: %+v", counted)
	}
}

func into(t *testing.T, r reply, v any) {
	t.Helper()
	if err := json.Unmarshal(ok(t, r).Body, v); err != nil {
		t.Errorf("%v: %s", err, r.Body)
	}
}

// What an engine says to a content type that is none of the operation's is
// never asked.
func TestMediaTypes(t *testing.T) {
	g, e := single(t, fakellm.OpenAI, "")
	key := asJSON[:2]
	for _, c := range []struct {
		contentType string
		status      int
	}{
		{"application/json; charset=utf-8", 200},
		{"Application/JSON", 200},
		{"application/json;", 200},
		{"text/plain", 415},
		{"text/json", 415},
		{"application/x-www-form-urlencoded", 415},
		{"multipart/form-data; boundary=x", 415},
		{"application/jsonl", 415},
	} {
		before := e.Count()
		r := do(t, g, http.MethodPost, "/v1/chat/completions", strings.NewReader(named("m")), append(fields{"Content-Type", c.contentType}, key...))
		if r.Status != c.status || (e.Count() == before) != (c.status != 200) {
			t.Errorf("%q: %d %s", c.contentType, r.Status, r.Body)
		}
		if c.status != 200 {
			refused(t, c.contentType, r, c.status, "", "")
		}
	}
	r := do(t, g, http.MethodPost, "/v1/chat/completions", strings.NewReader(named("m")), append(fields{"Content-Encoding", "gzip"}, asJSON...))
	refused(t, "gzip", r, 415, "", "")
}
