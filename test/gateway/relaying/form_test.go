package relaying_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/gwtest"
)

// noise is a file that is no text and never the same twice in a row.
func noise(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(b) // it never fails
	return b
}

// unsized hides the length of a body, so that it is sent in chunks.
type unsized struct{ io.Reader }

// bodies are the ways to send a body.
func bodies(b []byte) map[string]io.Reader {
	return map[string]io.Reader{"with its length": bytes.NewReader(b), "in chunks": unsized{bytes.NewReader(b)}}
}

// pieces of an upload, in their orders.
var orders = map[string]func(model string, file upload) []part{
	"model first": func(model string, file upload) []part {
		return []part{field{"language", "de"}, field{"model", model}, field{"prompt", "é\r\n--x"}, file, field{"timestamp_granularities[]", "word"}}
	},
	"model last": func(model string, file upload) []part {
		return []part{field{"language", "de"}, file, field{"prompt", "é"}, field{"model", model}}
	},
	"file first": func(model string, file upload) []part {
		return []part{file, field{"model", model}, field{"response_format", "json"}}
	},
}

// A form reaches the engine byte for byte, but for the name of the model where
// the endpoint calls it otherwise: small or large, whatever comes first.
func TestUploads(t *testing.T) {
	g, e := single(t, fakellm.OpenAI, "")
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder) // where forms go that are too large to be held
	for _, size := range []int{0, 1, 1 << 20, 8 << 20} {
		for order, parts := range orders {
			for asks, gets := range map[string]string{"m": "m", "renamed": "up"} {
				file := upload{"file", "ünï \"x\".wav", noise(size)}
				body, contentType := form(t, parts(asks, file)...)
				want, _ := form(t, parts(gets, file)...)
				for how, r := range bodies(body) {
					what := fmt.Sprintf("%d bytes, %s, %s, %s", size, order, asks, how)
					resp := do(t, g, http.MethodPost, "/v1/audio/transcriptions", r, multipartOf(contentType))
					got := e.Last()
					if resp.Status != 200 || got.Sum256() != sha256.Sum256(want) {
						t.Fatalf("%s: status %d %s, the engine got %d bytes instead of %d", what, resp.Status, resp.Body, got.Size(), len(want))
					}
					if ct := got.Header.Get("Content-Type"); ct != contentType {
						t.Errorf("%s: content type %q", what, ct)
					}
					wantLength(t, what, got, len(want), how == "with its length")
					if resp.Header.Get("X-Gatehouse-Model") != gets {
						t.Errorf("%s: %v", what, resp.Header)
					}
					if rec := g.Record(); rec.BytesIn != int64(len(body)) || rec.Model != asks {
						t.Errorf("%s: the record says %+v", what, rec)
					}
				}
			}
		}
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
		t.Errorf("files are left behind: %v %v", left, err)
	}
}

// wantLength checks that the engine knows the length of a body if the client
// told it.
func wantLength(t *testing.T, what string, got *fakellm.Request, n int, told bool) {
	t.Helper()
	if length := got.Header.Get("Content-Length"); told && length != strconv.Itoa(n) {
		t.Errorf("%s: content length %q, want %d", what, length, n)
	}
}

// A large form whose model comes last is on disk meanwhile; one whose model
// comes first never is.
func TestOnlyFormsWithoutAModelAreSpooled(t *testing.T) {
	g, e := single(t, fakellm.OpenAI, "")
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
	file := upload{"file", "a.wav", noise(4 << 20)}
	first, contentType := form(t, field{"model", "m"}, file)
	last, _ := form(t, file, field{"model", "m"})
	ok(t, do(t, g, http.MethodPost, "/v1/audio/transcriptions", bytes.NewReader(first), multipartOf(contentType)))
	r := do(t, g, http.MethodPost, "/v1/audio/transcriptions", unsized{bytes.NewReader(last)}, multipartOf(contentType))
	refused(t, "without a folder for it", r, 500, "internal_error", "")
	if strings.Contains(string(r.Body), "missing") || e.Count() != 1 {
		t.Errorf("%s, the engine got %d requests", r.Body, e.Count())
	}
}

// What has been said of a form goes on while the client is still sending.
func TestUploadsAreStreamed(t *testing.T) {
	g, e := single(t, fakellm.OpenAI, "")
	body, contentType := form(t, field{"model", "renamed"}, upload{"file", "a.wav", noise(3 << 20)})
	want, _ := form(t, field{"model", "up"}, upload{"file", "a.wav", noise(3 << 20)})
	for _, chunked := range []bool{false, true} {
		r, w := io.Pipe()
		sent := make(chan error, 1)
		before := e.Count()
		go func() {
			_, err := w.Write(body[:1<<20])
			if err == nil {
				_, err = e.WaitRequest(t.Context(), before+1) // fails if the gateway waits for more
			}
			if err == nil {
				_, err = w.Write(body[1<<20:])
			}
			sent <- err
			_ = w.CloseWithError(err) // nil is the end
		}()
		req, err := http.NewRequestWithContext(within(t), http.MethodPost, g.URL+"/audio/transcriptions", r)
		if err != nil {
			t.Fatal(err)
		}
		if !chunked {
			req.ContentLength = int64(len(body))
		}
		req.Header.Set("Authorization", "Bearer "+gwtest.Key)
		req.Header.Set("Content-Type", contentType)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if err := <-sent; err != nil || resp.StatusCode != 200 || e.Last().Sum256() != sha256.Sum256(want) {
			t.Errorf("chunked %v: %v, status %d, the engine got %d bytes", chunked, err, resp.StatusCode, e.Last().Size())
		}
	}
}

// However large, an upload takes little memory, before the model is known and
// after.
func TestUploadsTakeLittleMemory(t *testing.T) {
	const size = 64 << 20
	g, e := single(t, fakellm.OpenAI, "", fakellm.MaxBody(1<<10))
	t.Setenv("TMPDIR", t.TempDir())
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<10)
	for order, ends := range map[string][2]string{
		"model first": {"--B\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n", ""},
		"model last":  {"", "\r\n--B\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm"},
	} {
		head := ends[0] + "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n"
		tail := ends[1] + "\r\n--B--\r\n"
		parts := []io.Reader{strings.NewReader(head)}
		for range size / len(content) {
			parts = append(parts, bytes.NewReader(content))
		}
		body := unsized{io.MultiReader(append(parts, strings.NewReader(tail))...)}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		do(t, g, http.MethodPost, "/v1/audio/transcriptions", body, multipartOf("multipart/form-data; boundary=B"))
		runtime.ReadMemStats(&after)
		if got := e.Last().Size(); got != int64(size+len(head)+len(tail)) {
			t.Errorf("%s: the engine got %d bytes of %d", order, got, size+len(head)+len(tail))
		}
		// Everything counts, freed or not, of the client and the engine too.
		if took := after.TotalAlloc - before.TotalAlloc; took > size/4 {
			t.Errorf("%s: an upload of %d bytes took %d bytes of memory", order, size, took)
		}
	}
}

// A form that is not in order is refused, and an engine that has got the
// beginning of it never sees an end.
func TestFormsThatAreRefused(t *testing.T) {
	file := upload{"file", "a.wav", noise(8 << 20)}
	small := upload{"file", "a.wav", noise(100)}
	whole, contentType := form(t, field{"model", "m"}, small)
	for name, c := range map[string]struct {
		parts       []part
		body        []byte // in place of the parts
		contentType string // if it is not that of the form
		status      int
		code, param string
		begins      bool // the engine may see the beginning
	}{
		"a model before and after the file": {parts: []part{field{"model", "m"}, file, field{"model", "renamed"}}, status: 400, code: "duplicate_parameter", param: "model", begins: true},
		"the same model twice":              {parts: []part{field{"model", "m"}, file, field{"model", "m"}}, status: 400, code: "duplicate_parameter", param: "model", begins: true},
		"a model in another case":           {parts: []part{field{"model", "m"}, file, field{"Model", "renamed"}}, status: 400, code: "duplicate_parameter", param: "model", begins: true},
		"two models after the file":         {parts: []part{file, field{"model", "m"}, field{"model", "renamed"}}, status: 400, code: "duplicate_parameter", param: "model", begins: true},
		"two models at once":                {parts: []part{field{"model", "m"}, field{"model", "m"}, small}, status: 400, code: "duplicate_parameter", param: "model"},
		"a model that is a file":            {parts: []part{upload{"model", "m", []byte("m")}, small}, status: 400, code: "invalid_value", param: "model"},
		"no model":                          {parts: []part{file, field{"language", "de"}}, status: 400, code: "missing_required_parameter", param: "model"},
		"an empty model":                    {parts: []part{field{"model", ""}, small}, status: 400, code: "missing_required_parameter", param: "model"},
		"an unknown model":                  {parts: []part{field{"model", "x"}, file}, status: 404, code: "model_not_found", param: "model"},
		"an unknown model after the file":   {parts: []part{file, field{"model", "x"}}, status: 404, code: "model_not_found", param: "model"},
		"no file":                           {parts: []part{field{"model", "m"}, field{"language", "de"}}, status: 400, code: "missing_required_parameter", param: "file"},
		"control characters":                {parts: []part{field{"model", "m\n"}, small}, status: 400, code: "invalid_value", param: "model"},
		"no boundary":                       {body: whole, contentType: "multipart/form-data", status: 415},
		"an empty boundary":                 {body: whole, contentType: `multipart/form-data; boundary=""`, status: 415},
		"another boundary":                  {body: whole, contentType: "multipart/form-data; boundary=other", status: 400},
		"a long boundary":                   {body: whole, contentType: "multipart/form-data; boundary=" + strings.Repeat("b", 71), status: 415},
		"another type":                      {body: whole, contentType: "application/x-www-form-urlencoded", status: 415},
		"another multipart":                 {body: whole, contentType: "multipart/mixed; boundary=" + boundary, status: 415},
		"nothing":                           {body: []byte{}, status: 400},
		"no end":                            {body: whole[:len(whole)-4], status: 400, begins: true},
		"no end, in the file":               {body: whole[:len(whole)-100], status: 400, begins: true},
		"no name":                           {body: []byte("--" + boundary + "\r\nContent-Disposition: form-data\r\n\r\nx\r\n--" + boundary + "--\r\n"), status: 400},
		"a header that is none":             {body: []byte("--" + boundary + "\r\nnonsense\r\n\r\nx\r\n--" + boundary + "--\r\n"), status: 400},
		"a model that is written as another charset": {body: []byte("--" + boundary + "\r\nContent-Disposition: form-data; name*=utf-8''model\r\n\r\nm\r\n--" + boundary + "--\r\n"), status: 400},
	} {
		t.Run(name, func(t *testing.T) {
			g, e := single(t, fakellm.OpenAI, "")
			body := c.body
			if c.parts != nil {
				body, _ = form(t, c.parts...)
			}
			if c.contentType == "" {
				c.contentType = contentType
			}
			for how, r := range bodies(body) {
				before := e.Count()
				resp := do(t, g, http.MethodPost, "/v1/audio/transcriptions", r, multipartOf(c.contentType))
				p := resp.problem(t)
				if resp.Status != c.status || c.code != "" && (p.Code != c.code || p.Param != c.param) || resp.Header.Get("X-Gatehouse-Error-Source") != "client" {
					t.Errorf("%s: got %d %+v, want %d %q %q", how, resp.Status, p, c.status, c.code, c.param)
				}
				if e.Count() != before && !c.begins {
					t.Errorf("%s: the engine got the request", how)
				}
				for _, q := range e.Requests()[before:] {
					<-q.Over()
					if q.Status() != 0 || how == "with its length" && q.Size() >= int64(len(body)) {
						t.Errorf("%s: the engine got %d bytes of %d and answered %d", how, q.Size(), len(body), q.Status())
					}
				}
			}
		})
	}
}

// The other forms go the same way, those of images also as JSON.
func TestFormsOfAllOperations(t *testing.T) {
	g, e := single(t, fakellm.OpenAI, "")
	picture := upload{"image", "a.png", noise(2 << 20)}
	pictures := []part{upload{"image[]", "a.png", noise(1000)}, upload{"image[]", "b.png", noise(1001)}, upload{"mask", "m.png", noise(9)}}
	for _, c := range []struct {
		path  string
		parts []part
	}{
		{"/audio/translations", []part{upload{"file", "a.wav", noise(2 << 20)}}},
		{"/images/edits", []part{picture, field{"prompt", "x"}, field{"n", "1"}}},
		{"/images/edits", append(pictures, field{"prompt", "x"})},
		{"/images/variations", []part{picture}},
	} {
		for _, parts := range [][]part{append([]part{field{"model", "renamed"}}, c.parts...), append(slices.Clip(c.parts), field{"model", "renamed"})} {
			body, contentType := form(t, parts...)
			ok(t, do(t, g, http.MethodPost, "/v1"+c.path, bytes.NewReader(body), multipartOf(contentType)))
			want := strings.Replace(string(body), "\r\n\r\nrenamed\r\n", "\r\n\r\nup\r\n", 1)
			if same(t, c.path, e.Last().Body(), want); e.Last().Path != "/v1"+c.path {
				t.Errorf("%s reached %s", c.path, e.Last().Path)
			}
		}
	}
	asked := `{ "images":[{"image_url":"data:image/png;base64,AAAA"}], "model" : "renamed","prompt":"x","n":1 }`
	ok(t, post(t, g, "/images/edits", asked))
	same(t, "JSON", e.Last().Body(), strings.Replace(asked, "renamed", "up", 1))
	if ct := e.Last().Header.Get("Content-Type"); ct != "application/json" {
		t.Errorf("content type %q", ct)
	}
}

// A transcription streams as other answers do.
func TestTranscriptionsStream(t *testing.T) {
	g, e := single(t, fakellm.OpenAI, "")
	gate := fakellm.NewGate()
	e.Set(fakellm.Script{Say: fakellm.Says{Text: "one two"}, Wait: fakellm.Wait{Gate: gate}})
	body, contentType := form(t, upload{"file", "a.wav", noise(100)}, field{"stream", "true"}, field{"model", "m"})
	c := dial(t, g, http.MethodPost, "/v1/audio/transcriptions", string(body), multipartOf(contentType))
	gate.Step(1)
	if err := gate.Reached(within(t), 1); err != nil {
		t.Fatal(err)
	}
	c.head()
	if f := c.frame(); !strings.Contains(f, `"delta":"one"`) || c.Header.Get("X-Accel-Buffering") != "no" {
		t.Errorf("%q %v", f, c.Header)
	}
	gate.Open()
	frames := c.frames()
	for _, f := range frames {
		oneEvent(t, "transcription", f)
	}
	if all := strings.Join(frames, ""); len(frames) != 2 || !strings.Contains(all, "transcript.text.done") || strings.Contains(all, "[DONE]") {
		t.Errorf("%q", frames)
	}
}
