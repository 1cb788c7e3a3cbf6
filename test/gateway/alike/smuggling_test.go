package alike_test

import (
	"fmt"
	"strings"
	"testing"
)

// hidden is what an attacker hides in a body: a request that must never reach an
// engine as one.
const hiddenBody = `{"model":"m","messages":[],"user":"hidden"}`

var hidden = post("/v1/chat/completions", hiddenBody)

// corpus are requests whose end is in doubt. Each is followed by another, and by
// the last one of the connection.
func corpus() map[string]string {
	ask := func(fields, body string) string {
		return "POST " + chat + " HTTP/1.1\r\nHost: localhost\r\n" + auth + "\r\nContent-Type: application/json\r\n" + fields + "\r\n" + body
	}
	inChunks := chunk(chatBody) + "0\r\n\r\n"
	out := map[string]string{
		"two lengths":              ask(fmt.Sprintf("Content-Length: %d\r\nContent-Length: %d\r\n", len(chatBody), len(chatBody)+len(hidden)), chatBody+hidden),
		"two lengths, first large": ask(fmt.Sprintf("Content-Length: %d\r\nContent-Length: %d\r\n", len(chatBody)+len(hidden), len(chatBody)), chatBody+hidden),
		"two lengths alike":        ask(fmt.Sprintf("Content-Length: %d\r\nContent-Length: %d\r\n", len(chatBody), len(chatBody)), chatBody),
		"length 0 and a body":      ask("Content-Length: 0\r\n", hidden),
		"no length and a body":     ask("", hidden),
		"hidden in the body":       ask(fmt.Sprintf("Content-Length: %d\r\n", len(chatBody)+len(hidden)), chatBody+hidden),
		"hidden in JSON":           ask(fmt.Sprintf("Content-Length: %d\r\n", len(everyHidden)), everyHidden),
		"GET with a body":          strings.Replace(ask(fmt.Sprintf("Content-Length: %d\r\n", len(hidden)), hidden), "POST", "GET", 1),
		"list with a body":         strings.Replace(strings.Replace(ask(fmt.Sprintf("Content-Length: %d\r\n", len(hidden)), hidden), "POST", "GET", 1), chat, "/v1/models", 1),
		"HEAD with a body":         strings.Replace(ask(fmt.Sprintf("Content-Length: %d\r\n", len(hidden)), hidden), "POST", "DELETE", 1),
		"unknown path with a body": strings.Replace(ask(fmt.Sprintf("Content-Length: %d\r\n", len(hidden)), hidden), chat, "/v1/nothing", 1),
		"old with chunks":          strings.Replace(ask("Transfer-Encoding: chunked\r\n", inChunks+hidden), "HTTP/1.1", "HTTP/1.0", 1),
		"old, kept, with chunks":   strings.Replace(ask("Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n", inChunks+hidden), "HTTP/1.1", "HTTP/1.0", 1),
		"expecting with chunks":    ask("Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n", inChunks),
	}
	for _, te := range []string{
		"chunked", "Chunked", "CHUNKED", " chunked", "\tchunked", "chunked ", "chunked\t", "\vchunked", "xchunked", "chunkedx", "chunked, identity", "identity, chunked", "identity", "gzip, chunked", "chunked, chunked", "chunked;q=1", "\"chunked\"", "chun\r\n ked",
		"chunked\r\nTransfer-Encoding: identity", "identity\r\nTransfer-Encoding: chunked", "chunked\r\nTransfer-Encoding: chunked", "\r\n chunked", "chunked\x00", "ch\xc3\xbcnked", "chunked\nX: y", "",
	} {
		for _, name := range []string{"Transfer-Encoding: ", "Transfer-Encoding:", "transfer-encoding: ", "Transfer-Encoding : ", "Transfer_Encoding: ", " Transfer-Encoding: ", "X: y\nTransfer-Encoding: ", "X: y\rTransfer-Encoding: ", "X: y\r\n Transfer-Encoding: ", "Transfer-Encoding\t: ", "\x00Transfer-Encoding: "} {
			if name != "Transfer-Encoding: " && te != "chunked" {
				continue
			}
			for at, length := range map[string]string{"": "", "length of all, ": fmt.Sprintf("Content-Length: %d\r\n", len(inChunks)+len(hidden)), "length of chunks, ": fmt.Sprintf("Content-Length: %d\r\n", len(inChunks)), "short length, ": "Content-Length: 4\r\n"} {
				out[fmt.Sprintf("%s%q %q", at, name, te)] = ask(length+name+te+"\r\n", inChunks+hidden)
				if length != "" {
					out[fmt.Sprintf("after, %s%q %q", at, name, te)] = ask(name+te+"\r\n"+length, inChunks+hidden)
				}
			}
		}
	}
	n := len(chatBody)
	for _, cl := range []string{
		"+%d", "-%d", "%d,%[1]d", "%d, %[1]d", "0x%x", "0%d", "0000000000000000000000%d", "%d ", " %d", "\t%d", "%d\t", "%d.0", "%de0", "%d;", "'%d'", "%d\x00", "%d\r\n ", "\r\n %d", "%d_", "1_%d", "1 %d", "%d\nX: y", "%d\vx", "\xa0%d",
		"18446744073709551676%.0d", "9223372036854775807%.0d", "9223372036854775808%.0d", "99999999999999999999999%.0d", "%.0d",
	} {
		for _, name := range []string{"Content-Length:", "content-length:", "Content-Length :", "Content_Length:", " Content-Length:", "Content-Length\t:", "Content-Length\x00:", "X: y\rContent-Length:", "X: y\nContent-Length:"} {
			if name == "Content-Length:" || cl == "%d" || cl == " %d" {
				out[fmt.Sprintf("%q %q", name, cl)] = ask(name+fmt.Sprintf(cl, n)+"\r\n", chatBody+hidden)
			}
		}
	}
	for name, size := range map[string]string{
		"empty": "", "0x": "0x%x", "plus": "+%x", "minus": "-%x", "space before": " %x", "space after": "%x ", "tab after": "%x\t", "zeros": "0000000000000000000%x", "extension": "%x;a=b", "odd extension": "%x;\"\n\"", "LF": "%x\n%.0s", "CR": "%x\r", "NUL": "%x\x00", "large": "ffffffffffffffff%.0x", "larger": "1%016x",
		"extension with CR": "%x;a\rb", "extension with a line": "%x;a\r\n\r\n", "comma": "%x,%[1]x", "underscore": "1_%x", "letters": "%xg",
	} {
		line := size
		if strings.Contains(size, "%") {
			line = strings.TrimSuffix(fmt.Sprintf(size, n), "%!s(MISSING)")
		}
		line, _, _ = strings.Cut(line, "%!")
		out["chunk size "+name] = ask("Transfer-Encoding: chunked\r\n", line+"\r\n"+chatBody+"\r\n0\r\n\r\n"+hidden)
	}
	for name, tail := range map[string]string{"LF": "0\n\n", "LF after CRLF": "0\r\n\n", "CR": "0\r\r", "trailer": "0\r\nContent-Length: 5\r\n\r\n", "trailer chunked": "0\r\nTransfer-Encoding: chunked\r\nHost: evil\r\n\r\n", "odd trailer": "0\r\nnocolon\r\n\r\n", "folded trailer": "0\r\nX: 1\r\n 2\r\n\r\n", "zeros": "000\r\n\r\n", "space": "0 \r\n\r\n", "data without CRLF": "", "extension": "0;x\r\n\r\n"} {
		out["chunk end "+name] = ask("Transfer-Encoding: chunked\r\n", chunk(chatBody)+tail+hidden)
	}
	for name, text := range map[string]string{
		"LF only":                 strings.ReplaceAll(post(chat, chatBody), "\r\n", "\n"),
		"LF after the head":       strings.Replace(post(chat, chatBody), "\r\n\r\n", "\r\n\n", 1),
		"CR only":                 strings.ReplaceAll(post(chat, chatBody), "\r\n", "\r"),
		"absolute form":           strings.Replace(post(chat, chatBody), chat, "http://localhost"+chat, 1),
		"absolute, other":         strings.Replace(post(chat, chatBody), chat, "http://evil.example"+chat, 1),
		"two slashes":             strings.Replace(post(chat, chatBody), chat, "//evil.example"+chat, 1),
		"authority":               strings.Replace(post(chat, chatBody), chat, "evil.example:80", 1),
		"line in the target":      strings.Replace(post(chat, chatBody), chat, chat+" HTTP/1.1\nX: ", 1),
		"space in target":         strings.Replace(post(chat, chatBody), chat, "/v1/models "+chat, 1),
		"NUL in target":           strings.Replace(post(chat, chatBody), chat, chat+"\x00", 1),
		"obs-text in target":      strings.Replace(post(chat, chatBody), chat, chat+"\xff", 1),
		"tab in line":             strings.Replace(post(chat, chatBody), " HTTP", "\tHTTP", 1),
		"two hosts":               strings.Replace(post(chat, chatBody), "Host: localhost", "Host: localhost\r\nHost: evil", 1),
		"no host":                 strings.Replace(post(chat, chatBody), "Host: localhost\r\n", "", 1),
		"connection names length": post(chat, chatBody, "Connection: content-length"),
		"connection names key":    post(chat, chatBody, "Connection: authorization, host"),
		"upgrade":                 post(chat, chatBody+"", "Connection: upgrade", "Upgrade: h2c"),
	} {
		out["line "+name] = text
	}
	return out
}

// everyHidden is a body that has a whole request within its text.
var everyHidden = `{"model":"m","messages":[{"role":"user","content":"` + strings.NewReplacer("\r\n", `\r\n`, `"`, `\"`).Replace(hidden) + `"}]}`

func TestSmuggling(t *testing.T) {
	second := post(chat, `{"model":"m","messages":[],"user":"second"}`)
	for name, text := range corpus() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := alike(t, setup{}, func(d *side) {
				conn := d.dial()
				conn.send(text + second + last)
				conn.rest()
			})
			if within := strings.HasPrefix(name, "hidden in") || strings.HasSuffix(name, "with a body"); !within {
				return
			}
			for _, r := range got.One {
				if r.Body == hiddenBody {
					t.Errorf("what stood in a body has been served: %+v", got.One)
				}
			}
		})
	}
}
