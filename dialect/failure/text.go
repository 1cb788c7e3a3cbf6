package failure

import (
	"bytes"
	"html"
	"strings"
	"unicode"
	"unicode/utf8"
)

// page returns what a web page says in its title, its first heading or, with
// neither, its text.
func page(b []byte) string {
	for _, name := range []string{"title", "h1"} {
		if s := clean(element(b, name)); s != "" {
			return s
		}
	}
	return plain(b)
}

// element returns the text of the first element called name, a word in lower
// case.
func element(b []byte, name string) string {
	start := indexFold(b, "<"+name)
	if start < 0 {
		return ""
	}
	open := bytes.IndexByte(b[start:], '>')
	if open < 0 {
		return ""
	}
	b = b[start+open+1:]
	end := indexFold(b, "</"+name)
	if end < 0 {
		return ""
	}
	return plain(b[:end])
}

// indexFold is the index of the ASCII text s, in lower case, without regard to
// case.
func indexFold(b []byte, s string) int {
	for i := 0; i+len(s) <= len(b); i++ {
		n := bytes.IndexByte(b[i:], s[0])
		if n < 0 {
			return -1
		}
		i += n
		if i+len(s) <= len(b) && strings.EqualFold(string(b[i:i+len(s)]), s) {
			return i
		}
	}
	return -1
}

// plain returns the text of a piece of HTML without its tags.
func plain(b []byte) string {
	var out strings.Builder
	for len(b) > 0 {
		open := bytes.IndexByte(b, '<')
		if open < 0 {
			out.Write(b)
			break
		}
		out.Write(b[:open])
		out.WriteByte(' ')
		end := bytes.IndexByte(b[open:], '>')
		if end < 0 {
			break
		}
		b = b[open+end+1:]
	}
	return clean(html.UnescapeString(out.String()))
}

// clean makes s fit for a message: valid UTF-8 of at most MaxMessage bytes in
// one line, each run of space and control characters one space.
func clean(s string) string {
	var b strings.Builder
	space := false
	for _, r := range s {
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			space = b.Len() > 0
			continue
		}
		if b.Len()+1+utf8.RuneLen(r)+len("…") > MaxMessage {
			b.WriteString("…")
			break
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
	}
	return b.String()
}

// clip returns the start of s, of at most n bytes, cut between characters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
