package failing_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/gwtest"
	"github.com/gatehouse-ai/gatehouse/record"
)

// responsesError reads the flat error event of the Responses API, which has the
// number of events before it.
func responsesError(t *testing.T, data []byte, before int) problem {
	t.Helper()
	var o map[string]any
	if err := json.Unmarshal(data, &o); err != nil || o["type"] != "error" {
		t.Errorf("want an error event of the Responses API, got %s", data)
		return problem{}
	}
	if n, ok := o["sequence_number"].(float64); !ok || n != float64(before) {
		t.Errorf("sequence_number is %v, want %d: %s", o["sequence_number"], before, data)
	}
	return fields(t, o, data)
}

// refused is a request that the gateway itself must refuse.
type refused struct {
	name   string
	method string // POST if empty
	path   string // /chat/completions if empty
	body   string
	fields []string // in place of the key

	status int
	code   string
	param  string
	allow  string
}

// wrongBodies are about an operation with the required field messages, whose
// body has the rest.
func wrongBodies() []refused {
	const messages = `"messages":[{"role":"user","content":"hi"}],"max_tokens":5`
	return []refused{
		{name: "no body", body: "", status: 400, code: "invalid_json"},
		{name: "no JSON", body: "hello", status: 400, code: "invalid_json"},
		{name: "JSON that breaks off", body: `{"model":"m",` + messages, status: 400, code: "invalid_json"},
		{name: "JSON with a comma too many", body: `{"model":"m",` + messages + `,}`, status: 400, code: "invalid_json"},
		{name: "JSON and more", body: `{"model":"m",` + messages + `} {}`, status: 400, code: "invalid_json"},
		{name: "a list", body: `[]`, status: 400, code: "invalid_json"},
		{name: "a text", body: `"m"`, status: 400, code: "invalid_json"},
		{name: "null", body: `null`, status: 400, code: "invalid_json"},
		{name: "no messages", body: `{"model":"m"}`, status: 400, code: "missing_required_parameter", param: "messages"},
		{name: "null messages", body: `{"model":"m","messages":null}`, status: 400, code: "missing_required_parameter", param: "messages"},
		{name: "no model", body: `{` + messages + `}`, status: 400, code: "missing_required_parameter", param: "model"},
		{name: "null model", body: `{"model":null,` + messages + `}`, status: 400, code: "missing_required_parameter", param: "model"},
		{name: "empty model", body: `{"model":"",` + messages + `}`, status: 400, code: "missing_required_parameter", param: "model"},
		{name: "a number as the model", body: `{"model":7,` + messages + `}`, status: 400, code: "invalid_value", param: "model"},
		{name: "a list as the model", body: `{"model":["m"],` + messages + `}`, status: 400, code: "invalid_value", param: "model"},
		{name: "a model with a line break", body: `{"model":"m\n",` + messages + `}`, status: 400, code: "invalid_value", param: "model"},
		{name: "a very long model", body: `{"model":"` + strings.Repeat("m", 600) + `",` + messages + `}`, status: 400, code: "invalid_value", param: "model"},
		{name: "a text as stream", body: `{"model":"m","stream":"yes",` + messages + `}`, status: 400, code: "invalid_value", param: "stream"},
		{name: "a number as stream", body: `{"model":"m","stream":1,` + messages + `}`, status: 400, code: "invalid_value", param: "stream"},
		{name: "a list as stream_options", body: `{"model":"m","stream":true,"stream_options":[],` + messages + `}`, status: 400, code: "invalid_value", param: "stream_options"},
		{name: "a text as include_usage", body: `{"model":"m","stream":true,"stream_options":{"include_usage":"no"},` + messages + `}`, status: 400, code: "invalid_value", param: "stream_options.include_usage"},
		{name: "two models", body: `{"model":"m","model":"n",` + messages + `}`, status: 400, code: "duplicate_parameter", param: "model"},
		{name: "two models, one escaped", body: `{"model":"m","mode\u006c":"n",` + messages + `}`, status: 400, code: "duplicate_parameter", param: "model"},
		{name: "a model in capitals", body: `{"model":"m","MODEL":"n",` + messages + `}`, status: 400, code: "duplicate_parameter", param: "model"},
		{name: "an unknown model", body: `{"model":"nope",` + messages + `}`, status: 404, code: "model_not_found", param: "model"},
		{name: "too large", body: `{"model":"m",` + messages + `,"x":"` + strings.Repeat("x", 5000) + `"}`, status: 413},
		{name: "plain text", body: `{"model":"m",` + messages + `}`, fields: []string{"Authorization", bearer, "Content-Type", "text/plain"}, status: 415},
		{name: "no content type", body: `{"model":"m",` + messages + `}`, fields: []string{"Authorization", bearer, "Content-Type", ""}, status: 415},
		{name: "a form where none is taken", body: `x`, fields: []string{"Authorization", bearer, "Content-Type", "multipart/form-data; boundary=x"}, status: 415},
		{name: "gzip", body: `x`, fields: []string{"Authorization", bearer, "Content-Encoding", "gzip"}, status: 415},
		{name: "no key", body: `{"model":"m",` + messages + `}`, fields: []string{}, status: 401},
		{name: "another scheme", body: `{"model":"m",` + messages + `}`, fields: []string{"Authorization", "Basic " + gwtest.Key}, status: 401},
		{name: "a wrong key", body: `{"model":"m",` + messages + `}`, fields: []string{"Authorization", "Bearer sk-wrong"}, status: 401, code: "invalid_api_key", param: "api_key"},
		{name: "a wrong x-api-key", body: `{"model":"m",` + messages + `}`, fields: []string{"X-Api-Key", "sk-wrong"}, status: 401, code: "invalid_api_key", param: "api_key"},
		{name: "a wrong key of the gateway beside a right one", body: `{"model":"m",` + messages + `}`, fields: []string{"X-Gatehouse-Key", "sk-wrong", "Authorization", bearer}, status: 401, code: "invalid_api_key", param: "api_key"},
		{name: "two different keys", body: `{"model":"m",` + messages + `}`, fields: []string{"X-Api-Key", second, "Authorization", bearer}, status: 401, code: "invalid_api_key"},
		{name: "the wrong method", method: "DELETE", status: 405, code: "method_not_supported", allow: "POST"},
		{name: "another wrong method", method: "PATCH", status: 405, code: "method_not_supported", allow: "POST"},
	}
}

// second is another key of the gateway.
const second = "sk-gh-second-0123456789abcdefghijklmnopqrstuvwxyzABC"

const twoKeys = "keys: [{name: test, key: " + gwtest.Key + "}, {name: second, key: " + second + "}]\n"

// otherPaths are requests for what is not there.
func otherPaths() []refused {
	return []refused{
		{name: "unknown path", path: "/nope", status: 404},
		{name: "unknown path, GET", method: "GET", path: "/nope", status: 404},
		{name: "beside the API", method: "GET", path: "/../nope", status: 404},
		{name: "another version", path: "/../v2/chat/completions", status: 404},
		{name: "a slash too many", path: "/chat/completions/", status: 404},
		{name: "operating an engine", path: "/load_lora_adapter", status: 404},
		{name: "absent", path: "/files", status: 404},
		{name: "absent tree", method: "GET", path: "/fine_tuning/jobs/ftjob-1", status: 404},
		{name: "wrong method for embeddings", method: "GET", path: "/embeddings", status: 405, code: "method_not_supported", allow: "POST"},
		{name: "wrong method for models", path: "/models", body: "{}", status: 405, code: "method_not_supported", allow: "GET"},
		{name: "unknown model to describe", method: "GET", path: "/models/nope", status: 404, code: "model_not_found", param: "model"},
		{name: "models without a key", method: "GET", path: "/models", fields: []string{}, status: 401},
		{name: "models with a wrong key", method: "GET", path: "/models", fields: []string{"Authorization", "Bearer sk-wrong"}, status: 401, code: "invalid_api_key", param: "api_key"},
		{name: "not what the engine can do", path: "/rerank", body: `{"model":"tei","query":"q","documents":["d"]}`, status: 400, code: "unsupported_operation", param: "model"},
		{name: "text for an upload", path: "/audio/transcriptions", body: "x", fields: []string{"Authorization", bearer, "Content-Type", "text/plain"}, status: 415},
		{name: "a form without boundary", path: "/audio/transcriptions", body: "x", fields: []string{"Authorization", bearer, "Content-Type", "multipart/form-data"}, status: 415},
		{name: "a form that breaks off", path: "/audio/transcriptions", body: "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\nabc", fields: []string{"Authorization", bearer, "Content-Type", "multipart/form-data; boundary=x"}, status: 400},
	}
}

// refuse sends the request and checks what the gateway says.
func (c refused) refuse(t *testing.T, g *gwtest.Gateway, path string, anthropic bool) {
	t.Helper()
	if c.method == "" {
		c.method = http.MethodPost
	}
	if c.path == "" {
		c.path = path
	}
	if c.fields == nil {
		c.fields = []string{"Authorization", bearer}
	}
	r := send(t, c.method, g.URL+c.path, c.body, c.fields...)
	p := envelope(t, r, anthropic)
	if anthropic {
		c.code, c.param = "", ""
	}
	if r.Status != c.status || p.Code != c.code || p.Param != c.param || r.Header.Get("Allow") != c.allow {
		t.Errorf("status %d code %q param %q Allow %q\nwant   %d code %q param %q Allow %q\n%s",
			r.Status, p.Code, p.Param, r.Header.Get("Allow"), c.status, c.code, c.param, c.allow, r.Body)
	}
	if source := r.Header.Get("X-Gatehouse-Error-Source"); source != "client" {
		t.Errorf("the source is %q, want client", source)
	}
	if again := r.Header.Get("X-Should-Retry"); again != "false" {
		t.Errorf("X-Should-Retry is %q, want false: the same request cannot succeed", again)
	}
	if rec := g.Record(); rec.Outcome != record.Refused || rec.Status != c.status || rec.Attempts != 0 || r.Header.Get("X-Request-Id") != rec.ID {
		t.Errorf("the record has outcome %q, status %d, %d attempts, id %q", rec.Outcome, rec.Status, rec.Attempts, rec.ID)
	}
}

// TestRefused sends what the gateway must refuse itself, to operations of each
// dialect: none of it may reach an engine.
func TestRefused(t *testing.T) {
	for _, q := range questions() {
		if !strings.HasSuffix(q.path, "/completions") && q.path != "/messages" || q.name == "completions" {
			continue // the bodies are for operations with messages
		}
		t.Run(q.name, func(t *testing.T) {
			tei, teiLine := engine(t, "tei", fakellm.TEI, "")
			e, line := engine(t, "e", q.dialect, "")
			g := gwtest.Start(t, twoKeys+"limits: {json_body: 4KiB}\nendpoints:\n"+line+teiLine+
				"models:\n  - {name: m, endpoints: [e]}\n  - {name: tei, endpoints: [tei]}\n")
			for _, c := range wrongBodies() {
				if q.path == "/chat/completions" && c.allow == "POST" {
					c.allow = chatMethods
				}
				t.Run(c.name, func(t *testing.T) { c.refuse(t, g, q.path, q.anthropic) })
			}
			for _, c := range otherPaths() {
				t.Run(c.name, func(t *testing.T) { c.refuse(t, g, "", false) })
			}
			if n := e.Count() + tei.Count(); n != 0 {
				t.Errorf("%d requests reached an engine", n)
			}
		})
	}
}

// chatMethods are what Allow lists for chat completions.
const chatMethods = "POST"

// TestMessagesPaths wants Anthropic's shape of whatever lies under its path.
func TestMessagesPaths(t *testing.T) {
	g, _ := single(t, fakellm.Anthropic, "", "")
	for _, c := range []refused{
		{name: "wrong method", method: "GET", path: "/messages", status: 405, allow: "POST"},
		{name: "wrong method for count_tokens", method: "PUT", path: "/messages/count_tokens", status: 405, allow: "POST"},
		{name: "no key for count_tokens", path: "/messages/count_tokens", body: messageBody, fields: []string{}, status: 401},
		{name: "no JSON for count_tokens", path: "/messages/count_tokens", body: "{", status: 400},
		{name: "batches", path: "/messages/batches", body: "{}", status: 404},
	} {
		t.Run(c.name, func(t *testing.T) { c.refuse(t, g, "", true) })
	}
}

// TestTooLargeInPieces sends a body whose length is not known beforehand.
func TestTooLargeInPieces(t *testing.T) {
	g, e := single(t, fakellm.OpenAI, "", "limits: {json_body: 4KiB, upload_body: 64KiB}\n")
	body, contentType := form(t, 200<<10)
	for _, c := range []struct {
		name, path, contentType string
		body                    []byte
	}{
		{"JSON", "/chat/completions", "application/json", []byte(`{"x":"` + strings.Repeat("x", 9000) + `"}`)},
		{"form", "/audio/transcriptions", contentType, body},
	} {
		t.Run(c.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(within(t), http.MethodPost, g.URL+c.path, io.MultiReader(bytes.NewReader(c.body)))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", c.contentType)
			req.Header.Set("Authorization", bearer)
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			r := read(resp)
			envelope(t, r, false)
			if r.Status != 413 || r.Header.Get("X-Should-Retry") != "false" {
				t.Errorf("status %d: %s", r.Status, r.Body)
			}
		})
	}
	for _, q := range e.Requests() {
		if q.Status() == 200 {
			t.Errorf("the engine answered a request that was too large")
		}
	}
}

// form is an upload whose file comes before the name of the model.
func form(t *testing.T, size int) (body []byte, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	f, err := w.CreateFormFile("file", "speech.wav")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(bytes.Repeat([]byte("abcdefgh"), size/8)); err != nil {
		t.Fatal(err)
	}
	if err := w.WriteField("model", "m"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), w.FormDataContentType()
}

// TestRequestID wants an id on every answer, the same one upstream.
func TestRequestID(t *testing.T) {
	for _, q := range questions() {
		for _, stream := range q.modes() {
			g, e := single(t, q.dialect, "", "")
			r := ask(t, g, q.path, q.with(stream))
			rec := g.Record()
			if id := r.Header.Get("X-Request-Id"); r.Status != 200 || id != rec.ID || e.Last().Header.Get("X-Request-Id") != id {
				t.Errorf("%s: status %d, X-Request-Id is %q, the record has %q, the engine got %q",
					q.name, r.Status, id, rec.ID, e.Last().Header.Get("X-Request-Id"))
			}
		}
	}
	g, _ := single(t, fakellm.OpenAI, "", "")
	if r := send(t, "GET", g.URL+"/models", "", "Authorization", bearer); r.Status != 200 || r.Header.Get("X-Request-Id") != g.Record().ID {
		t.Errorf("models: status %d, X-Request-Id is %q", r.Status, r.Header.Get("X-Request-Id"))
	}
}

// TestBusy fills the memory for bodies: further requests are told to come back,
// and can, once there is room.
func TestBusy(t *testing.T) {
	g, e := single(t, fakellm.OpenAI, "", "limits: {memory: 64KiB, json_body: 48KiB}\n")
	gate := fakellm.NewGate()
	e.Queue(fakellm.Script{Wait: fakellm.Wait{Gate: gate}})
	large := `{"model":"m","x":"` + strings.Repeat("x", 40<<10) + `","messages":[{"role":"user","content":"hi"}]}`
	first := make(chan reply)
	go func() { first <- ask(t, g, "/chat/completions", large) }()
	if err := gate.Reached(within(t), 0); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/chat/completions", "/messages"} {
		r := ask(t, g, path, large)
		p := envelope(t, r, path == "/messages")
		if r.Status != 503 || r.Header.Get("Retry-After") == "" || r.Header.Get("X-Gatehouse-Error-Source") != "gateway" || r.Header.Get("X-Should-Retry") == "false" {
			t.Errorf("status %d, header %v: %s", r.Status, r.Header, r.Body)
		}
		if path != "/messages" && p.Code != "service_unavailable" {
			t.Errorf("the code is %q", p.Code)
		}
	}
	gate.Open()
	if r := <-first; r.Status != 200 {
		t.Errorf("the first request: status %d: %s", r.Status, r.Body)
	}
	until(t, "there is room again", func() bool { return heldBytes(t, g) == "0" })
	if r := ask(t, g, "/chat/completions", large); r.Status != 200 {
		t.Errorf("with room again: status %d: %s", r.Status, r.Body)
	}
	if e.Count() != 2 {
		t.Errorf("the engine got %d requests", e.Count())
	}
}
