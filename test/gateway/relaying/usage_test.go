package relaying_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/fakellm"
)

// The usage of a stream is always asked for, by an edit that leaves all other
// bytes alone, and the client sees it only if it asked itself.
func TestUsageOfStreams(t *testing.T) {
	for _, c := range []struct {
		name, body, upstream string // upstream is "" where the body stays as it is
		shows                bool
	}{
		{
			"not asked", `{"model":"m", "stream" :true ,"messages":[{"role":"user","content":"one"}]}`,
			`{"model":"m", "stream" :true,"stream_options":{"include_usage":true} ,"messages":[{"role":"user","content":"one"}]}`, false,
		}, {
			"not asked, stream last", `{"model":"m","messages":[{"role":"user","content":"one"}],"stream":true}`,
			`{"model":"m","messages":[{"role":"user","content":"one"}],"stream":true,"stream_options":{"include_usage":true}}`, false,
		}, {
			"null", `{"model":"m","stream_options": null,"stream":true,"messages":[{"role":"user","content":"one"}]}`,
			`{"model":"m","stream_options": {"include_usage":true},"stream":true,"messages":[{"role":"user","content":"one"}]}`, false,
		}, {
			"empty options", `{"model":"m","stream_options":{ },"stream":true,"messages":[{"role":"user","content":"one"}]}`,
			`{"model":"m","stream_options":{"include_usage":true },"stream":true,"messages":[{"role":"user","content":"one"}]}`, false,
		}, {
			"other options", `{"model":"m","stream_options":{ "x":{"include_usage":false}},"stream":true,"messages":[{"role":"user","content":"one"}]}`,
			`{"model":"m","stream_options":{"include_usage":true, "x":{"include_usage":false}},"stream":true,"messages":[{"role":"user","content":"one"}]}`, false,
		}, {
			"false", `{"model":"m","stream_options":{"include_usage" : false },"stream":true,"messages":[{"role":"user","content":"one"}]}`,
			`{"model":"m","stream_options":{"include_usage" : true },"stream":true,"messages":[{"role":"user","content":"one"}]}`, false,
		}, {
			"false, after stream", `{"model":"m","stream":true,"messages":[{"role":"user","content":"one"}],"stream_options":{"x":1,"include\u005fusage":null}}`,
			`{"model":"m","stream":true,"messages":[{"role":"user","content":"one"}],"stream_options":{"x":1,"include\u005fusage":true}}`, false,
		}, {
			"renamed, model last", `{"stream":true,"messages":[{"role":"user","content":"one"}],"model":"renamed"}`,
			`{"stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"one"}],"model":"up"}`, false,
		}, {
			"asked", `{"model":"m","stream_options":{"include_usage": true },"stream":true,"messages":[{"role":"user","content":"one"}]}`, "", true,
		}, {
			"asked, renamed", `{"stream_options":{"include_usage":true},"model":"renamed","stream":true,"messages":[{"role":"user","content":"one"}]}`,
			`{"stream_options":{"include_usage":true},"model":"up","stream":true,"messages":[{"role":"user","content":"one"}]}`, true,
		},
	} {
		for _, path := range []string{"/chat/completions", "/completions"} {
			prompt := func(s string) string {
				if path == "/completions" {
					return strings.Replace(s, `"messages":[{"role":"user","content":"one"}]`, `"prompt":"one"`, 1)
				}
				return s
			}
			g, e := single(t, fakellm.OpenAI, "")
			r := dial(t, g, http.MethodPost, "/v1"+path, prompt(c.body), asJSON)
			r.head()
			all := strings.Join(r.frames(), "")
			if c.upstream == "" {
				c.upstream = c.body
			}
			same(t, c.name, e.Last().Body(), prompt(c.upstream))
			wantUsage(t, c.name, all, c.shows)
			if rec := g.Record(); !rec.Usage.Known || rec.Usage.Input != 1 || rec.Usage.Output != 3 {
				t.Errorf("%s: the record says %+v", c.name, rec.Usage)
			}
		}
	}
}

// wantUsage checks that a stream tells its usage once, at its end and with null
// before, or not at all.
func wantUsage(t *testing.T, what, stream string, shows bool) {
	t.Helper()
	if !shows {
		if strings.Contains(stream, `usage`) || strings.Contains(stream, `"choices":[]`) || strings.Contains(stream, ",}") || strings.Contains(stream, "{,") {
			t.Errorf("%s: the stream tells of usage, which was not asked for: %s", what, stream)
		}
	} else if strings.Count(stream, `"usage":null`) < 3 || strings.Count(stream, `"choices":[],"usage":{"prompt_tokens":1,`) != 1 {
		t.Errorf("%s: the stream does not tell of usage as it was asked to: %s", what, stream)
	}
	if !strings.HasSuffix(stream, "data: [DONE]\n\n") {
		t.Errorf("%s: no end: %s", what, stream)
	}
	for ev := range strings.SplitSeq(strings.TrimSuffix(stream, "\n\n"), "\n\n") {
		if ev != "data: [DONE]" && decode[struct{ Object string }](strings.TrimPrefix(ev, "data: ")).Object == "" {
			t.Errorf("%s: an event is no longer JSON: %q", what, ev)
		}
	}
}

// Over every dialect the usage chunk comes if it was asked for, and only then.
func TestUsageOverDialects(t *testing.T) {
	for _, s := range streamings() {
		if !s.done {
			continue
		}
		for _, asks := range []bool{false, true} {
			g, e := single(t, s.dialect, "")
			e.Set(fakellm.Script{Form: fakellm.Form{UsageTwice: true}})
			if asks {
				s.body = strings.Replace(s.body, "{", `{"stream_options":{"include_usage":true},`, 1)
			}
			c := s.open(t, g)
			c.head()
			all := strings.Join(c.frames(), "")
			if strings.Contains(all, `"usage":{`) != asks {
				t.Errorf("%s, asked %v: %s", s.name, asks, all)
			}
			if rec := g.Record(); !rec.Usage.Known || rec.Usage.Input != 4 || rec.Usage.Output != 6 {
				t.Errorf("%s, asked %v: the record says %+v", s.name, asks, rec.Usage)
			}
		}
	}
}

// Usage that comes beside a part of the answer is the engine's own doing and
// stays; a null that stands anywhere is cut out, and nothing else.
func TestUsageInChunks(t *testing.T) {
	for given, want := range map[string]string{
		`{"usage":null,"choices":[{"delta":{"content":"a"}}]}`:             `{"choices":[{"delta":{"content":"a"}}]}`,
		`{ "usage" : null , "choices":[{"delta":{"content":"a"}}]}`:        `{ "choices":[{"delta":{"content":"a"}}]}`,
		`{"choices":[{"delta":{"content":"a"}}] , "usage" : null }`:        `{"choices":[{"delta":{"content":"a"}}] }`,
		`{"choices":[{"delta":{"usage":null}}],"usage":null,"x":1}`:        `{"choices":[{"delta":{"usage":null}}],"x":1}`,
		`{"choices":[{"delta":{"content":"\"usage\":null"}}]}`:             "",
		`{"choices":[{"delta":{"content":"a"}}],"usage":{"x":1}}`:          "",
		`{"choices":[{"delta":{"content":"a"}}],"x":{"usage":null}}`:       "",
		`{"choices":[],"x":{"usage":{}}}`:                                  "",
		`{"choices":[{"delta":{"content":"é"}}],"usage_x":null,"usage":1}`: "",
	} {
		if want == "" {
			want = given
		}
		g, e := single(t, fakellm.OpenAI, "")
		e.Set(fakellm.Script{Form: fakellm.Form{Data: map[int]string{1: given}}})
		c := dial(t, g, http.MethodPost, "/v1/chat/completions", streamedChat, asJSON)
		c.head()
		got := c.frames()
		if len(got) < 2 || strings.TrimSpace(squeeze(data(t, got[1]))) != squeeze(want) {
			t.Errorf("the engine sent %s\nthe client got %q\nwant %s", given, got, want)
		}
	}
}

// squeeze leaves out the spaces around the punctuation of JSON.
func squeeze(s string) string { return strings.ReplaceAll(s, " ", "") }
