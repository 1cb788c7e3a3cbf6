package alike_test

import (
	"strings"
	"testing"
)

// withEnds is a text with other line ends.
func withEnds(text, end string) string { return strings.ReplaceAll(text, "\n", end) }

func TestStreams(t *testing.T) {
	whole := strings.Join(events, "")
	hi, stop, usage, done := event(deltaHi), event(deltaStop), event(usageOnly), event("[DONE]")
	failure := event(`{"error":{"message":"no","type":"server_error","param":null,"code":"x"}}`)
	sections := map[string][]string{
		"whole":                  {whole},
		"event by event":         events,
		"byte by byte":           strings.Split(whole, ""),
		"CRLF":                   {withEnds(whole, "\r\n")},
		"CRLF byte by byte":      strings.Split(withEnds(whole, "\r\n"), ""),
		"CR":                     {withEnds(whole, "\r")},
		"CR byte by byte":        strings.Split(withEnds(whole, "\r"), ""),
		"comments":               {": one\n\n", hi, ":two\n\n: three\n", stop, ": four\n\n", done},
		"comments only":          {": one\n\n", ": two\n\n"},
		"comment first":          {": ping\n\n" + whole},
		"many comments first":    {strings.Repeat(": ping\n\n", 10000) + whole},
		"byte order mark":        {"\ufeff" + whole},
		"names and ids":          {"id: 1\nevent: message\nretry: 5\n" + hi, "id: 2\n" + stop, done},
		"no space":               {"data:" + deltaHi + "\n\n", "data:" + deltaStop + "\n\n", "data:[DONE]\n\n"},
		"two data lines":         {"data: {\"choices\":[],\ndata: \"x\":1}\n\n", stop, done},
		"empty data":             {"data:\n\n", "data: \n\n", "data\n\n", hi, stop, done},
		"error first":            {failure},
		"error first, named":     {"event: error\n" + failure},
		"error first, [DONE]":    {failure, done},
		"error after a comment":  {": ping\n\n", failure},
		"error in the middle":    {hi, failure, stop, done},
		"error named, in middle": {hi, "event: error\ndata: {\"message\":\"no\"}\n\n"},
		"error text":             {"data: {\"error\":\"no\"}\n\n"},
		"error in content":       {event(`{"choices":[{"index":0,"delta":{"content":"{\"error\":{\"message\":\"x\"}}"}}]}`), stop, done},
		"error null":             {event(`{"choices":[{"index":0,"delta":{"content":"x"}}],"error":null}`), stop, done},
		"error of no stream":     {`{"error":{"message":"no"}}`},
		"no [DONE]":              {hi, stop, usage},
		"no end":                 {hi},
		"no usage":               {hi, stop, done},
		"usage before":           {usage, hi, stop, done},
		"usage in the last":      {hi, event(`{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}`), done},
		"usage null, spaces":     {"data: {\"choices\":[{\"delta\":{}}], \"usage\" : null , \"x\":1}\n\n", stop, done},
		"usage in content":       {event(`{"choices":[{"index":0,"delta":{"content":"\"usage\":null"}}]}`), stop, done},
		"cut":                    {hi + stop[:20]},
		"after [DONE]":           {whole, "data: more\n\n", strings.Repeat(": x\n", 100)},
		"much after [DONE]":      {whole, strings.Repeat("data: more\n\n", 30000)},
		"two [DONE]":             {whole + done},
		"broken JSON":            {"data: {\"choices\":\n\n", stop, done},
		"no JSON":                {"data: hello\n\n", done},
		"empty":                  {},
		"line breaks":            {"\n\n\n\n"},
		"large event":            {event(`{"choices":[{"index":0,"delta":{"content":"` + strings.Repeat("x", 200<<10) + `"}}]}`), stop, done},
		"many events":            {strings.Repeat(hi, 3000), stop, usage, done},
		"anthropic":              {"event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":4}}}\n\n", "event: message_delta\ndata: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":6}}\n\n", "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"},
		"responses":              {"event: response.created\ndata: {\"type\":\"response.created\"}\n\n", "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"usage\":{\"input_tokens\":4,\"output_tokens\":6}}}\n\n"},
	}
	everyStream := strings.Replace(everything("m"), "{", `{"stream":true,`, 1)
	var cases []sent
	for name, parts := range sections {
		asked := func(end, body, path string, r reply) sent {
			return sent{name: name + end, setup: setup{one: []reply{r, {text: stream(events...)}}}, send: []string{post(path, body) + post(chat, streaming)}, answers: 2}
		}
		text := chunked(sse, nil, parts...)
		body := strings.Join(parts, "")
		cases = append(
			cases,
			asked("", streaming, chat, reply{text: text}),
			asked(", usage asked", asking, chat, reply{text: text}),
			asked(", not asked for a stream", chatBody, chat, reply{text: text}),
			asked(", completions", everyStream, "/v1/completions", reply{text: text}),
			asked(", messages", streaming, "/v1/messages", reply{text: text}),
			asked(", responses", everyStream, "/v1/responses", reply{text: text}),
			asked(", until close", streaming, chat, reply{text: framed(body, "Content-Type: "+sse), then: shut}),
			asked(", with a length", asking, chat, reply{text: ok(sse+"; charset=utf-8", body, "Cache-Control: private", "X-Accel-Buffering: x")}),
			asked(", cut", streaming, chat, reply{text: strings.TrimSuffix(text, "0\r\n\r\n"), then: shut}),
			exempted(torn, asked(", reset", streaming, chat, reply{text: strings.TrimSuffix(text, "0\r\n\r\n"), then: reset})),
			asked(", gzip", streaming, chat, reply{text: ok(sse, zipped(body), "Content-Encoding: gzip")}),
			asked(", as JSON", streaming, chat, reply{text: ok(jsonType, body)}),
			asked(", as text", streaming, chat, reply{text: chunked("text/plain", nil, parts...)}),
			asked(", of status 500", streaming, chat, reply{text: status(500, sse, body)}),
			asked(", of two", strings.Replace(streaming, `"m"`, `"twice"`, 1), chat, reply{text: text}),
			asked(", trailer", streaming, chat, reply{text: strings.TrimSuffix(chunked(sse, []string{"Trailer: X-Sum"}, parts...), "\r\n") + "X-Sum: 1\r\n\r\n"}),
		)
		if len(text) < 20<<10 {
			cases = append(cases, asked(", split at every byte", streaming, chat, reply{text: text, each: 1}), asked(", split at every third byte", asking, chat, reply{text: withEnds(text, "\n"), each: 3}))
		}
	}
	huge := chunked(sse, nil, event(`{"choices":[{"index":0,"delta":{"content":"`+strings.Repeat("x", 9<<20)+`"}}]}`), stop, done)
	cases = append(cases, sent{name: "huge event", setup: setup{one: []reply{{text: huge}}}, send: []string{post(chat, streaming)}})
	run(t, cases)
}

// exempted is a case with an exemption.
func exempted(e exemption, s sent) sent {
	s.setup.exempt = e
	return s
}
