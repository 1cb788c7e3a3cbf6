package failure_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/gatehouse-ai/gatehouse/dialect/failure"
	"github.com/gatehouse-ai/gatehouse/fault"
)

// wild has errors as engines and providers send them, and the envelope that a
// client gets, without its braces.
var wild = []struct {
	name   string
	status int
	body   string
	want   string
}{
	{
		"OpenAI", 400, `{"error":{"message":"Bad 'x'.","type":"invalid_request_error","param":"messages[0].x","code":"invalid_value"}}`,
		`"message":"Bad 'x'.","type":"invalid_request_error","param":"messages[0].x","code":"invalid_value"`,
	},
	{
		"OpenAI with nulls", 500, `{"error":{"message":"Oops","type":"server_error","param":null,"code":null}}`,
		`"message":"Oops","type":"server_error","param":null,"code":null`,
	},
	{
		"OpenAI 429 tokens", 429, `{"error":{"message":"Rate limit reached","type":"tokens","param":null,"code":"rate_limit_exceeded"}}`,
		`"message":"Rate limit reached","type":"tokens","param":null,"code":"rate_limit_exceeded"`,
	},
	{
		"OpenAI quota", 429, `{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}`,
		`"message":"You exceeded your current quota","type":"insufficient_quota","param":null,"code":"insufficient_quota"`,
	},
	{
		"OpenAI key", 401, `{"error":{"message":"Incorrect API key provided","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}`,
		`"message":"Incorrect API key provided","type":"invalid_request_error","param":null,"code":"invalid_api_key"`,
	},
	{
		"a code of the provider's own", 400, `{"error":{"message":"m","type":"invalid_request_error","code":"string_above_max_length"}}`,
		`"message":"m","type":"invalid_request_error","param":null,"code":"string_above_max_length"`,
	},
	{
		"wrapped twice", 502, `{"error":{"error":{"message":"m","type":"server_error","code":"c"}}}`,
		`"message":"m","type":"server_error","param":null,"code":"c"`,
	},
	{
		"llama.cpp", 404, `{"error":{"code":404,"message":"File Not Found","type":"not_found_error"}}`,
		`"message":"File Not Found","type":"invalid_request_error","param":null,"code":"not_found_error"`,
	},
	{
		"llama.cpp context", 400, `{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error","n_prompt_tokens":9,"n_ctx":8}}`,
		`"message":"the request exceeds the available context size","type":"invalid_request_error","param":null,"code":"context_length_exceeded"`,
	},
	{
		"vLLM", 404, "{\"error\":{\"message\":\"The model `x` does not exist.\",\"type\":\"NotFoundError\",\"param\":\"model\",\"code\":404}}",
		"\"message\":\"The model `x` does not exist.\",\"type\":\"invalid_request_error\",\"param\":\"model\",\"code\":\"model_not_found\"",
	},
	{
		"vLLM, old and flat", 400, `{"object":"error","message":"This model's maximum context length is 8 tokens.","type":"BadRequestError","param":null,"code":400}`,
		`"message":"This model's maximum context length is 8 tokens.","type":"invalid_request_error","param":null,"code":"context_length_exceeded"`,
	},
	{
		"SGLang", 400, `{"object":"error","message":"bad","type":"Bad Request","param":null,"code":400}`,
		`"message":"bad","type":"invalid_request_error","param":null,"code":null`,
	},
	{
		"code that is the status as text", 503, `{"error":{"message":"m","type":"server_error","code":"503"}}`,
		`"message":"m","type":"server_error","param":null,"code":null`,
	},
	{
		"number that is no status", 400, `{"error":{"message":"m","code":1210}}`,
		`"message":"m","type":"invalid_request_error","param":null,"code":"1210"`,
	},
	{
		"Ollama", 404, `{"error":"model 'x' not found"}`,
		`"message":"model 'x' not found","type":"invalid_request_error","param":null,"code":"model_not_found"`,
	},
	{
		"TGI", 422, `{"error":"Input validation error","error_type":"validation"}`,
		`"message":"Input validation error","type":"invalid_request_error","param":null,"code":"validation"`,
	},
	{
		"TEI", 413, `{"error":"batch size 64 > maximum allowed batch size 32","error_type":"Validation"}`,
		`"message":"batch size 64 \u003e maximum allowed batch size 32","type":"invalid_request_error","param":null,"code":"validation"`,
	},
	{
		"TEI overloaded", 429, `{"error":"Model is overloaded","error_type":"Overloaded"}`,
		`"message":"Model is overloaded","type":"rate_limit_error","param":null,"code":"overloaded"`,
	},
	{
		"FastAPI", 404, `{"detail":"Not Found"}`,
		`"message":"Not Found","type":"invalid_request_error","param":null,"code":null`,
	},
	{
		"FastAPI validation", 422, `{"detail":[{"type":"missing","loc":["body","messages",0,"role"],"msg":"Field required","input":{}},{"type":"int_type","loc":["body","n"],"msg":"Input should be a valid integer"}]}`,
		`"message":"messages[0].role: Field required; n: Input should be a valid integer","type":"invalid_request_error","param":"messages[0].role","code":"missing_required_parameter"`,
	},
	{
		"FastAPI with an object", 400, `{"detail":{"error":{"message":"m","type":"x_error","code":"c"}}}`,
		`"message":"m","type":"x_error","param":null,"code":"c"`,
	},
	{
		"Mistral", 422, `{"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","x"],"msg":"Extra inputs are not permitted"}]},"type":"invalid_request_error","param":null,"code":null}`,
		`"message":"x: Extra inputs are not permitted","type":"invalid_request_error","param":"x","code":null`,
	},
	{
		"list of errors", 400, `{"errors":[{"message":"first","code":"c1"},{"message":"second"}]}`,
		`"message":"first","type":"invalid_request_error","param":null,"code":"c1"`,
	},
	{
		"list of strings", 400, `{"errors":["first","second"]}`,
		`"message":"first","type":"invalid_request_error","param":null,"code":null`,
	},
	{
		"problem document", 400, `{"type":"https://example.com/p","title":"Wrong","status":400,"detail":"The x is wrong."}`,
		`"message":"The x is wrong.","type":"invalid_request_error","param":null,"code":null`,
	},
	{
		"ASP.NET", 400, `{"type":"about:blank","title":"One or more validation errors occurred.","status":400,"errors":{"Name":["required"]}}`,
		`"message":"One or more validation errors occurred.","type":"invalid_request_error","param":null,"code":null`,
	},
	{
		"Spring", 404, `{"timestamp":"t","status":404,"error":"Not Found","message":"No handler","path":"/x"}`,
		`"message":"No handler","type":"invalid_request_error","param":null,"code":null`,
	},
	{
		"OAuth", 401, `{"error":"invalid_token","error_description":"The token expired"}`,
		`"message":"The token expired","type":"invalid_request_error","param":null,"code":"invalid_token"`,
	},
	{
		"Azure", 400, `{"error":{"message":"Filtered","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation","content_filter_result":{}}}}`,
		`"message":"Filtered","type":"invalid_request_error","param":"prompt","code":"content_filter"`,
	},
	{
		"Azure, code within", 400, `{"error":{"message":"Filtered","innererror":{"code":"ResponsibleAIPolicyViolation"}}}`,
		`"message":"Filtered","type":"invalid_request_error","param":null,"code":"ResponsibleAIPolicyViolation"`,
	},
	{
		"Azure deployment", 404, `{"error":{"code":"DeploymentNotFound","message":"The API deployment does not exist."}}`,
		`"message":"The API deployment does not exist.","type":"invalid_request_error","param":null,"code":"model_not_found"`,
	},
	{
		"Azure gateway", 401, `{ "statusCode": 401, "message": "Access denied" }`,
		`"message":"Access denied","type":"invalid_request_error","param":null,"code":null`,
	},
	{
		"Gemini", 429, `{"error":{"code":429,"message":"Resource has been exhausted","status":"RESOURCE_EXHAUSTED","details":[{"@type":"x"}]}}`,
		`"message":"Resource has been exhausted","type":"rate_limit_error","param":null,"code":"resource_exhausted"`,
	},
	{
		"Gemini in a list", 400, `[{"error":{"code":400,"message":"bad","status":"INVALID_ARGUMENT"}}]`,
		`"message":"bad","type":"invalid_request_error","param":null,"code":"invalid_argument"`,
	},
	{
		"Anthropic", 529, `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}`,
		`"message":"Overloaded","type":"server_error","param":null,"code":"overloaded_error"`,
	},
	{
		"Anthropic rate limit", 429, `{"type":"error","error":{"type":"rate_limit_error","message":"slow"}}`,
		`"message":"slow","type":"rate_limit_error","param":null,"code":null`,
	},
	{
		"AWS", 400, `{"__type":"com.amazon#ValidationException","message":"m"}`,
		`"message":"m","type":"invalid_request_error","param":null,"code":null`,
	},
	{
		"AWS, capital", 403, `{"Message":"User is not authorized"}`,
		`"message":"User is not authorized","type":"insufficient_permissions","param":null,"code":null`,
	},
	{
		"HTML", 502, "<html>\r\n<head><TITLE>502 Bad\nGateway</title></head><body><h1>other</h1></body></html>",
		`"message":"502 Bad Gateway","type":"server_error","param":null,"code":null`,
	},
	{
		"HTML without a title", 503, `<body><h1 class="x">Service &amp; <b>more</b></h1></body>`,
		`"message":"Service \u0026 more","type":"server_error","param":null,"code":null`,
	},
	{
		"HTML without anything", 503, `<p>Try<br>later <unclosed`,
		`"message":"Try later","type":"server_error","param":null,"code":null`,
	},
	{
		"plain text", 503, "upstream connect error\n\tor disconnect\x00",
		`"message":"upstream connect error or disconnect","type":"server_error","param":null,"code":null`,
	},
	{"text in JSON", 404, `"Not Found"`, `"message":"Not Found","type":"invalid_request_error","param":null,"code":null`},
	{"byte order mark", 400, "\xef\xbb\xbf{\"error\":\"x\"}", `"message":"x","type":"invalid_request_error","param":null,"code":null`},
	{"not UTF-8", 500, "caf\xe9", `"message":"caf�","type":"server_error","param":null,"code":null`},
	{"empty", 503, "", `"message":"The endpoint answered with status 503 and no message.","type":"server_error","param":null,"code":null`},
	{"space", 400, " \n", `"message":"The endpoint answered with status 400 and no message.","type":"invalid_request_error","param":null,"code":null`},
	{"empty object", 400, "{}", `"message":"{}","type":"invalid_request_error","param":null,"code":null`},
	{"empty error", 400, `{"error":{}}`, `"message":"{\"error\":{}}","type":"invalid_request_error","param":null,"code":null`},
	{"JSON of another kind", 400, `[1,2]`, `"message":"[1,2]","type":"invalid_request_error","param":null,"code":null`},
	{"true", 400, `{"error":true,"message":"m"}`, `"message":"m","type":"invalid_request_error","param":null,"code":null`},
	{"broken JSON", 400, `{"error":{"mess`, `"message":"{\"error\":{\"mess","type":"invalid_request_error","param":null,"code":null`},
}

func TestRead(t *testing.T) {
	for _, c := range wild {
		t.Run(c.name, func(t *testing.T) {
			e := failure.Read(c.status, []byte(c.body))
			if e.Kind != fault.UpstreamError || e.HTTPStatus() != c.status {
				t.Errorf("%s with status %d, want %d", e.Kind, e.HTTPStatus(), c.status)
			}
			var got, want any
			if err := json.Unmarshal(e.AppendOpenAI(nil), &got); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(`{"error":{`+c.want+`}}`), &want); err != nil {
				t.Fatal(err)
			}
			g, _ := json.Marshal(got)
			w, _ := json.Marshal(want)
			if string(g) != string(w) {
				t.Errorf("got  %s\nwant %s", g, w)
			}
		})
	}
}

// What has gone through one gateway comes out of the next as it was.
func TestReadIsStable(t *testing.T) {
	for _, c := range wild {
		once := failure.Read(c.status, []byte(c.body))
		twice := failure.Read(c.status, once.AppendOpenAI(nil))
		if a, b := string(once.AppendOpenAI(nil)), string(twice.AppendOpenAI(nil)); a != b {
			t.Errorf("%s:\nonce  %s\ntwice %s", c.name, a, b)
		}
	}
}

func TestErrorInAnAnswerOfSuccess(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		kind   fault.Kind
		want   int
	}{
		{200, `{"error":{"message":"m","code":429}}`, fault.UpstreamError, 429},
		{200, `{"error":{"message":"m","code":"503"}}`, fault.UpstreamError, 503},
		{200, `{"error":{"message":"m","status":404}}`, fault.UpstreamError, 404},
		{200, `{"error":{"message":"m"},"statusCode":401}`, fault.UpstreamError, 401},
		{200, `{"error":{"message":"m","type":"rate_limit_error"}}`, fault.UpstreamError, 429},
		{200, `{"error":{"message":"m","type":"invalid_request_error","code":"model_not_found"}}`, fault.UpstreamError, 404},
		{200, `{"object":"error","message":"m","type":"BadRequestError"}`, fault.UpstreamError, 400},
		{200, `{"type":"error","error":{"type":"overloaded_error","message":"m"}}`, fault.UpstreamError, 503},
		{200, `{"error":{"message":"m","status":"UNAVAILABLE"}}`, fault.UpstreamError, 503},
		{200, `{"error":"an error was encountered while running the model"}`, fault.UpstreamError, 502},
		{200, `{"error":{"message":"m","type":"odd","code":200}}`, fault.UpstreamError, 502},
		{200, `<html><title>Sign in</title></html>`, fault.UpstreamBroken, 502},
		{200, ``, fault.UpstreamBroken, 502},
		{200, `{"id":"x","choices":[]}`, fault.UpstreamBroken, 502},
		{200, `nonsense`, fault.UpstreamBroken, 502},
		{302, ``, fault.UpstreamBroken, 502},
		{0, `{"error":"x"}`, fault.UpstreamError, 502},
		{700, `{"error":"x"}`, fault.UpstreamError, 502},
	} {
		e := failure.Read(c.status, []byte(c.body))
		if e.Kind != c.kind || e.HTTPStatus() != c.want || e.Message == "" {
			t.Errorf("%d %s: %s, status %d, %q", c.status, c.body, e.Kind, e.HTTPStatus(), e.Message)
		}
	}
}

func TestIsError(t *testing.T) {
	for body, want := range map[string]bool{
		`{"error":{"message":"m"}}`:                                    true,
		` {"error":"m"} `:                                              true,
		`{"id":"x","choices":[],"error":{"code":502}}`:                 true,
		`{"object":"error","message":"m"}`:                             true,
		`{"type":"error","code":null,"message":"m"}`:                   true,
		`{"type":"error","error":{"type":"overloaded_error"}}`:         true,
		`{"\u0065rror":"m"}`:                                           true,
		`[{"error":{"code":429}}]`:                                     true,
		`{"error":null,"id":"x"}`:                                      false,
		`{"error":""}`:                                                 false,
		`{"error":{}}`:                                                 false,
		`{"error":{ }}`:                                                false,
		`{"error":false}`:                                              false,
		`{"object":"response","error":{"code":"server_error"}}`:        false,
		`{"error":{"code":"server_error"},"object":"response"}`:        false,
		`{"object":"fine_tuning.job","error":{"code":"c"}}`:            false,
		`{"type":"response.failed","response":{"error":{"code":"c"}}}`: false,
		`{"object":"chat.completion","choices":[{"error":"x"}]}`:       false,
		`{"type":"message","content":[]}`:                              false,
		`{"error":"m"`:                                                 false,
		`{"error":"m"}{}`:                                              false,
		`[[0.1]]`:                                                      false,
		`[]`:                                                           false,
		`[DONE]`:                                                       false,
		``:                                                             false,
		`"error"`:                                                      false,
	} {
		if got := failure.IsError([]byte(body)); got != want {
			t.Errorf("%s: %v", body, got)
		}
	}
}

func TestMessagesAreBounded(t *testing.T) {
	for name, body := range map[string]string{
		"text":    strings.Repeat("é", 100_000),
		"error":   `{"error":{"message":"` + strings.Repeat("é", 100_000) + `","param":"` + strings.Repeat("p", 1000) + `","code":"` + strings.Repeat("c", 1000) + `","type":"` + strings.Repeat("t", 1000) + `"}}`,
		"details": `{"detail":[` + strings.Repeat(`{"loc":["body","x"],"msg":"wrong"},`, 10_000) + `{"msg":"last"}]}`,
		"page":    "<title>" + strings.Repeat("x ", 50_000) + "</title>",
		"nested":  strings.Repeat(`{"error":`, 400) + `"deep"` + strings.Repeat("}", 400),
	} {
		e := failure.Read(400, []byte(body))
		if n := len(e.Message); n == 0 || n > failure.MaxMessage || len(e.Param) > 256 || len(e.Code) > 64 || len(e.Type) > 64 {
			t.Errorf("%s: message of %d, param of %d, code of %d, type of %d bytes", name, n, len(e.Param), len(e.Code), len(e.Type))
		}
		if !utf8.ValidString(e.Message) {
			t.Errorf("%s: cut inside a character", name)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, c := range wild {
		f.Add(c.status, []byte(c.body))
	}
	f.Add(200, []byte(`{"error":{"code":429}}`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		failure.IsError(body)
		e := failure.Read(status, body)
		if s := e.HTTPStatus(); s < 400 || s > 599 || status >= 400 && status <= 599 && s != status {
			t.Errorf("status %d became %d", status, s)
		}
		if e.Message == "" || len(e.Message) > failure.MaxMessage {
			t.Errorf("message of %d bytes", len(e.Message))
		}
		for _, s := range []string{e.Message, e.Param, e.Code, e.Type} {
			if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
				t.Errorf("not fit for a client: %q", s)
			}
		}
		if !json.Valid(e.AppendOpenAI(nil)) {
			t.Errorf("not JSON: %s", e.AppendOpenAI(nil))
		}
	})
}
