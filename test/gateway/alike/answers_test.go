package alike_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"
)

// zipped is text in gzip.
func zipped(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(text))
	_ = z.Close()
	return b.String()
}

// envelopes are errors as engines write them.
func envelopes() map[string]string {
	return map[string]string{
		"openai":       `{"error":{"message":"no","type":"invalid_request_error","param":"x","code":"bad"}}`,
		"openai nulls": `{"error":{"message":"no","type":"t","param":null,"code":null}}`,
		"short":        `{"error":{"message":"no"}}`,
		"number code":  `{"error":{"message":"no","type":"t","param":null,"code":400}}`,
		"anthropic":    `{"type":"error","error":{"type":"overloaded_error","message":"no"},"request_id":"r"}`,
		"text":         `{"error":"no"}`,
		"detail":       `{"detail":"no"}`,
		"details":      `{"detail":[{"loc":["body"],"msg":"no","type":"t"}]}`,
		"object":       `{"object":"error","message":"no","type":"t","param":null,"code":404}`,
		"message":      `{"message":"no"}`,
		"secret":       `{"error":{"message":"no key sk-upstream-one","type":"t","param":null,"code":null}}`,
		"html":         `<html><body>Bad</body></html>`,
		"plain":        `no`,
		"empty":        ``,
		"array":        `[]`,
		"large":        `{"error":{"message":"` + strings.Repeat("no", 40<<10) + `","type":"t","param":null,"code":null}}`,
		"huge":         `{"error":{"message":"` + strings.Repeat("no", 600<<10) + `","type":"t","param":null,"code":null}}`,
	}
}

func TestErrorsOfEngines(t *testing.T) {
	var cases []sent
	for _, code := range []int{300, 301, 304, 400, 401, 402, 403, 404, 405, 408, 409, 413, 415, 422, 429, 451, 499, 500, 501, 502, 503, 504, 520, 529, 599} {
		for _, name := range []string{"openai", "short", "anthropic", "detail", "html", "empty"} {
			body, ct := envelopes()[name], jsonType
			if name == "html" {
				ct = "text/html"
			}
			if code == 304 {
				body = ""
			}
			cases = append(cases, sent{name: fmt.Sprint(code, " ", name), setup: setup{one: []reply{{text: status(code, ct, body, "Retry-After: 7", "X-Request-Id: up", "Location: /x", "WWW-Authenticate: Bearer")}}}, send: []string{post(chat, chatBody)}})
		}
		answer := status(code, jsonType, `{"error":{"message":"no"}}`)
		if code == 304 {
			answer = status(code, jsonType, "")
		}
		cases = append(
			cases,
			sent{name: fmt.Sprint(code, " twice"), setup: setup{one: []reply{{text: answer}}}, send: []string{post(chat, strings.Replace(chatBody, `"m"`, `"twice"`, 1))}},
			sent{name: fmt.Sprint(code, " everywhere"), setup: setup{one: []reply{{text: answer}}, two: []reply{{text: answer}}}, send: []string{post(chat, strings.Replace(streaming, `"m"`, `"twice"`, 1))}},
			sent{name: fmt.Sprint(code, " messages"), setup: setup{one: []reply{{text: answer}}}, send: []string{post("/v1/messages", chatBody)}},
			sent{name: fmt.Sprint(code, " shut"), setup: setup{one: []reply{{text: answer, then: shut}}}, send: []string{post(chat, chatBody), post(chat, chatBody)}, answers: 2},
		)
	}
	for name, body := range envelopes() {
		var large exemption
		if name == "large" || name == "huge" {
			large = pieces
		}
		for _, path := range []string{chat, "/v1/messages", "/v1/embeddings"} {
			full := everything("m")
			cases = append(
				cases,
				sent{name: name + " 400 " + path, setup: setup{one: []reply{{text: status(400, jsonType, body)}}}, send: []string{post(path, full)}},
				sent{name: name + " 200 " + path, setup: setup{exempt: large, one: []reply{{text: ok(jsonType, body)}}}, send: []string{post(path, full)}},
				sent{name: name + " 200 in chunks " + path, setup: setup{exempt: large, one: []reply{{text: chunked(jsonType, nil, body+" "), each: 1 << 10}}}, send: []string{post(path, full)}},
				sent{name: name + " 200 html " + path, setup: setup{one: []reply{{text: ok("text/html; charset=utf-8", body)}}}, send: []string{post(path, strings.Replace(full, "{", `{"stream":true,`, 1))}},
				sent{name: name + " 429 " + path, setup: setup{one: []reply{{text: status(429, jsonType, body, "Retry-After: 20", "X-Ratelimit-Limit-Requests: 5", "X-Should-Retry: true")}}}, send: []string{post(path, full)}},
			)
		}
	}
	run(t, cases)
}

// framed is an answer with fields of its own and a body as it stands.
func framed(body string, fields ...string) string {
	return lines(append([]string{"HTTP/1.1 200 OK"}, fields...)...) + body
}

func TestFraming(t *testing.T) {
	length := fmt.Sprintf("Content-Length: %d", len(result))
	const ct = "Content-Type: application/json"
	inChunks := chunked(jsonType, nil, result[:9], result[9:])
	script := map[string]reply{
		"byte by byte":                {text: completion, each: 1},
		"chunks":                      {text: inChunks},
		"chunks byte by byte":         {text: inChunks, each: 1},
		"until close":                 {text: framed(result, ct), then: shut},
		"until close, empty":          {text: framed("", ct), then: shut},
		"until reset":                 {text: framed(result, ct), then: reset},
		"Connection: close":           {text: framed(result, ct, length, "Connection: close"), then: shut},
		"close, but kept":             {text: framed(result, ct, length, "Connection: close")},
		"Connection: x":               {text: framed(result, ct, length, "Connection: x-hop, keep-alive", "X-Hop: 1", "X-Kept: 2")},
		"HTTP/1.0 length":             {text: strings.Replace(framed(result, ct, length), "1.1", "1.0", 1), then: shut},
		"HTTP/1.0 until close":        {text: strings.Replace(framed(result, ct), "1.1", "1.0", 1), then: shut},
		"HTTP/1.0 kept":               {text: strings.Replace(framed(result, ct, length, "Connection: keep-alive"), "1.1", "1.0", 1)},
		"HTTP/1.0 chunks":             {text: strings.Replace(inChunks, "1.1", "1.0", 1), then: shut},
		"HTTP/1.2":                    {text: strings.Replace(completion, "1.1", "1.2", 1), then: shut},
		"HTTP/2.0":                    {text: strings.Replace(completion, "1.1", "2.0", 1), then: shut},
		"http/1.1":                    {text: strings.Replace(completion, "HTTP", "http", 1), then: shut},
		"no reason":                   {text: strings.Replace(completion, " Whatever", "", 1)},
		"no reason, space":            {text: strings.Replace(completion, "Whatever", "", 1)},
		"status 20":                   {text: strings.Replace(completion, "200", "20", 1), then: shut},
		"status 2000":                 {text: strings.Replace(completion, "200", "2000", 1), then: shut},
		"status abc":                  {text: strings.Replace(completion, "200", "abc", 1), then: shut},
		"status 000":                  {text: strings.Replace(completion, "200", "000", 1), then: shut},
		"status 999":                  {text: strings.Replace(completion, "200", "999", 1)},
		"status 206":                  {text: strings.Replace(completion, "200", "206", 1)},
		"status 201":                  {text: strings.Replace(completion, "200", "201", 1)},
		"204":                         {text: lines("HTTP/1.1 204 No Content", "X-A: b")},
		"204 type":                    {text: lines("HTTP/1.1 204 No Content", ct)},
		"204 length 0":                {text: lines("HTTP/1.1 204 No Content", "Content-Length: 0")},
		"205":                         {text: lines("HTTP/1.1 205 Reset Content", "Content-Length: 0")},
		"empty":                       {text: framed("", ct, "Content-Length: 0")},
		"empty chunks":                {text: framed("0\r\n\r\n", ct, "Transfer-Encoding: chunked")},
		"empty text":                  {text: framed("", "Content-Type: text/plain", "Content-Length: 0")},
		"100 first":                   {text: "HTTP/1.1 100 Continue\r\n\r\n" + completion},
		"102, 103 first":              {text: "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + completion, each: 3},
		"101":                         {text: "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", then: shut},
		"100 only":                    {text: "HTTP/1.1 100 Continue\r\n\r\n", then: shut},
		"100 nine times":              {text: strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 9) + completion},
		"two lengths alike":           {text: framed(result, ct, length, length)},
		"two lengths":                 {text: framed(result, ct, length, "Content-Length: 5"), then: shut},
		"length and chunks":           {text: framed(chunk(result)+"0\r\n\r\n", ct, "Content-Length: 5", "Transfer-Encoding: chunked"), then: shut},
		"length +":                    {text: framed(result, ct, "Content-Length: +222"), then: shut},
		"length negative":             {text: framed(result, ct, "Content-Length: -1"), then: shut},
		"length list":                 {text: framed(result, ct, "Content-Length: 222, 222"), then: shut},
		"length text":                 {text: framed(result, ct, "Content-Length: many"), then: shut},
		"length empty":                {text: framed(result, ct, "Content-Length:"), then: shut},
		"length zeros":                {text: framed(result, ct, fmt.Sprintf("Content-Length: 000%d", len(result)))},
		"length too large":            {text: framed(result, ct, "Content-Length: 99999999999999999999"), then: shut},
		"length not reached":          {text: framed(result[:50], ct, length), then: shut},
		"length reset":                {text: framed(result[:50], ct, length), then: reset},
		"length, text cut":            {text: framed("abc", "Content-Type: text/plain", "Content-Length: 9"), then: shut},
		"chunks cut":                  {text: strings.TrimSuffix(inChunks, "0\r\n\r\n"), then: shut},
		"chunks cut in size":          {text: strings.TrimSuffix(inChunks, "\r\n\r\n"), then: shut},
		"chunks cut at the end":       {text: strings.TrimSuffix(inChunks, "\r\n"), then: shut},
		"chunks reset":                {text: strings.TrimSuffix(inChunks, "0\r\n\r\n"), then: reset},
		"chunks malformed":            {text: framed("zz\r\n", ct, "Transfer-Encoding: chunked"), then: shut},
		"chunks too long":             {text: framed("3\r\nabcd\r\n0\r\n\r\n", ct, "Transfer-Encoding: chunked"), then: shut},
		"chunks, capitals":            {text: framed(strings.ToUpper(fmt.Sprintf("%x", len(result)))+"\r\n"+result+"\r\n0\r\n\r\n", ct, "Transfer-Encoding: Chunked")},
		"chunks, extension":           {text: framed(fmt.Sprintf("%x;a=b", len(result))+"\r\n"+result+"\r\n0;c\r\n\r\n", ct, "Transfer-Encoding: chunked")},
		"chunks, zeros":               {text: framed(fmt.Sprintf("000%x", len(result))+"\r\n"+result+"\r\n000\r\n\r\n", ct, "Transfer-Encoding: chunked")},
		"gzip, chunked":               {text: framed(chunk(result)+"0\r\n\r\n", ct, "Transfer-Encoding: gzip, chunked"), then: shut},
		"chunked twice":               {text: framed(chunk(result)+"0\r\n\r\n", ct, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), then: shut},
		"identity":                    {text: framed(result, ct, length, "Transfer-Encoding: identity"), then: shut},
		"trailer":                     {text: framed(chunk(result)+"0\r\nX-Sum: 1\r\n\r\n", ct, "Transfer-Encoding: chunked", "Trailer: X-Sum")},
		"trailers":                    {text: framed(chunk(result)+"0\r\nX-Sum: 1\r\nx-sum: 2\r\nServer: x\r\nX-Other: 3\r\n\r\n", ct, "Transfer-Encoding: chunked", "Trailer: X-Sum, Server")},
		"trailer by surprise":         {text: framed(chunk(result)+"0\r\nX-Sum: 1\r\n\r\n", ct, "Transfer-Encoding: chunked")},
		"trailer missing":             {text: framed(chunk(result)+"0\r\n\r\n", ct, "Transfer-Encoding: chunked", "Trailer: X-Sum")},
		"trailer, text":               {text: framed(chunk("abc")+"0\r\nX-Sum: 1\r\n\r\n", "Content-Type: text/plain", "Transfer-Encoding: chunked", "Trailer: X-Sum")},
		"trailer, length":             {text: framed(result, ct, length, "Trailer: X-Sum")},
		"more after the end":          {text: completion + "surplus"},
		"an answer too many":          {text: completion + completion},
		"more after chunks":           {text: inChunks + "surplus"},
		"nothing":                     {then: shut},
		"nothing, reset":              {then: reset},
		"head cut":                    {text: "HTTP/1.1 200 OK\r\nContent-Ty", then: shut},
		"head reset":                  {text: "HTTP/1.1 200 OK\r\nContent-Ty", then: reset},
		"a byte":                      {text: "H", then: shut},
		"garbage":                     {text: "garbage\r\n\r\n", then: shut},
		"SSH":                         {text: "SSH-2.0-OpenSSH_9.2\r\n", then: shut},
		"LF only":                     {text: strings.ReplaceAll(completion, "\r\n", "\n")},
		"nocolon":                     {text: framed(result, ct, length, "nocolon"), then: shut},
		"folded":                      {text: framed(result, ct, length, "X-A: 1\r\n 2")},
		"folded first":                {text: "HTTP/1.1 200 OK\r\n X-A: 1\r\n" + ct + "\r\n" + length + "\r\n\r\n" + result, then: shut},
		"space before colon":          {text: framed(result, ct, length, "X-A : 1"), then: shut},
		"nameless":                    {text: framed(result, ct, length, ": 1"), then: shut},
		"NUL":                         {text: framed(result, ct, length, "X-A: a\x00b"), then: shut},
		"CR":                          {text: framed(result, ct, length, "X-A: a\rb"), then: shut},
		"obs-text":                    {text: framed(result, ct, length, "X-A: \xe9")},
		"odd names":                   {text: framed(result, ct, length, "x_under: 1", "X.Dot: 2", "X!~: 3", "1: 4", "UPPER: 5")},
		"repeated fields":             {text: framed(result, ct, length, "X-A: 1", "X-B: 2", "x-a: 3", "X-A: 1")},
		"what stays":                  {text: framed(result, ct, length, "Server: x", "Set-Cookie: a", "Alt-Svc: h3", "Date: now", "Via: 1.1 x", "X-Accel-Buffering: yes", "X-Gatehouse-Model: x", "Access-Control-Allow-Origin: *", "Keep-Alive: timeout=1", "Proxy-Connection: x", "Openai-Organization: o", "Openai-Version: 2019", "Openai-Processing-Ms: 99", "Strict-Transport-Security: x", "Request-Id: r", "X-Request-Id: q", "Cache-Control: no-store", "Content-Language: de", "Vary: x", "Etag: y")},
		"100 fields":                  {text: framed(result, append([]string{ct, length}, strings.Split(strings.TrimSuffix(strings.Repeat("X-Many: 1\n", 98), "\n"), "\n")...)...)},
		"400 fields":                  {text: framed(result, append([]string{ct, length}, strings.Split(strings.TrimSuffix(strings.Repeat("X-Many: 1\n", 398), "\n"), "\n")...)...)},
		"head of 60 KiB":              {text: framed(result, append([]string{ct, length}, strings.Split(strings.TrimSuffix(strings.Repeat("X-Many: "+strings.Repeat("m", 30<<10)+"\n", 2), "\n"), "\n")...)...)},
		"head of 200 KiB":             {text: framed(result, append([]string{ct, length}, strings.Split(strings.TrimSuffix(strings.Repeat("X-Many: "+strings.Repeat("m", 20<<10)+"\n", 10), "\n"), "\n")...)...)},
		"head with a line of 30 KiB":  {text: framed(result, ct, length, "X-Long: "+strings.Repeat("l", 30<<10))},
		"head with a line of 100 KiB": {text: framed(result, ct, length, "X-Long: "+strings.Repeat("l", 100<<10))},
		"head of 300 KiB":             {text: framed(result, ct, length, "X-Long: "+strings.Repeat("l", 300<<10)), then: shut},
		"no type":                     {text: framed(result, length)},
		"two types":                   {text: framed(result, ct, "Content-Type: text/plain", length)},
		"text/plain":                  {text: framed(result, "Content-Type: text/plain", length)},
		"octets":                      {text: framed("\x00\x01\xff", "Content-Type: audio/mpeg", "Content-Length: 3", "Content-Disposition: x")},
		"octets in chunks":            {text: chunked("audio/mpeg", nil, "\x00\x01", "\xff", strings.Repeat("z", 100<<10))},
		"octets until close":          {text: framed("\x00\x01\xff", "Content-Type: audio/mpeg"), then: shut},
		"octets cut":                  {text: framed("\x00\x01\xff", "Content-Type: audio/mpeg", "Transfer-Encoding: chunked"), then: shut},
		"JSON, charset":               {text: framed(result, "Content-Type: Application/JSON; charset=utf-8", length)},
		"JSON broken":                 {text: ok(jsonType, result[:100])},
		"JSON large":                  {text: ok(jsonType, `{"data":"`+strings.Repeat("x", 500<<10)+`","usage":{"prompt_tokens":4,"total_tokens":4}}`)},
		"JSON large in chunks":        {text: chunked(jsonType, nil, `{"data":"`, strings.Repeat("x", 500<<10), `","usage":{"prompt_tokens":4,"total_tokens":4}}`), each: 4096},
		"JSON large cut":              {text: framed(`{"data":"`+strings.Repeat("x", 100<<10), ct, "Content-Length: 200000"), then: shut},
		"JSON of 64 KiB":              {text: ok(jsonType, `{"data":"`+strings.Repeat("x", 64<<10-11)+`"}`)},
		"JSON of 64 KiB + 1":          {text: ok(jsonType, `{"data":"`+strings.Repeat("x", 64<<10-10)+`"}`)},
		"gzip":                        {text: ok(jsonType, zipped(result), "Content-Encoding: gzip")},
		"gzip in chunks":              {text: chunked(jsonType, []string{"Content-Encoding: GZIP"}, zipped(result)), each: 7},
		"gzip broken":                 {text: ok(jsonType, "not gzip", "Content-Encoding: gzip")},
		"gzip cut":                    {text: ok(jsonType, zipped(result)[:40], "Content-Encoding: gzip")},
		"gzip cut by close":           {text: framed(zipped(result)[:40], ct, "Content-Encoding: gzip", "Content-Length: 100"), then: shut},
		"gzip empty":                  {text: ok(jsonType, "", "Content-Encoding: gzip")},
		"gzip large":                  {text: ok(jsonType, zipped(`{"data":"`+strings.Repeat("x", 300<<10)+`"}`), "Content-Encoding: gzip")},
		"gzip of an error":            {text: status(400, jsonType, zipped(`{"error":{"message":"no"}}`), "Content-Encoding: gzip")},
		"br":                          {text: ok(jsonType, "brbrbr", "Content-Encoding: br")},
		"identity encoding":           {text: ok(jsonType, result, "Content-Encoding: identity")},
		"redirect":                    {text: status(307, "text/plain", "", "Location: http://evil.example/")},
	}
	var cases []sent
	for name, r := range script {
		two := []reply{r, {text: completion}}
		if r.then == keep && strings.HasPrefix(name, "close") {
			two[0].then = shut
		}
		cases = append(
			cases,
			sent{name: name, setup: setup{one: two, exempt: strictly(name)}, send: []string{post(chat, chatBody), post(chat, chatBody)}, answers: 2},
			sent{name: name + ", stream", setup: setup{one: two, exempt: strictly(name)}, send: []string{post(chat, streaming)}},
			sent{name: name + ", again", setup: setup{one: two, exempt: strictly(name)}, send: []string{post(chat, strings.Replace(chatBody, `"m"`, `"twice"`, 1))}},
			sent{name: name + ", on a used connection", setup: setup{one: append([]reply{{text: completion}}, two...), exempt: strictly(name)}, send: []string{post(chat, chatBody) + post(chat, chatBody) + post(chat, chatBody)}, answers: 3},
		)
	}
	run(t, cases)
}
