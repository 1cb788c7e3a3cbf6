package param

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// longest is how much of a name that a client made up is repeated to it.
const longest = 64

// join returns the path of the member called name of the object at path.
func join(path, name string) string {
	if !plain(name) {
		return path + "[" + strconv.Quote(Clip(name, longest)) + "]"
	}
	if path == "" {
		return name
	}
	return path + "." + name
}

// plain tells whether name can stand in a path without quotes.
func plain(name string) bool {
	if name == "" || len(name) > longest {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if c != '_' && c != '-' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return true
}

// Clip returns at most n bytes of s, cut between characters, with an ellipsis
// where something was cut. Bytes that are not UTF-8 and control characters
// become U+FFFD.
func Clip(s string, n int) string {
	var b strings.Builder
	for _, r := range s {
		if r < 0x20 || r == 0x7f {
			r = utf8.RuneError
		}
		if b.Len()+utf8.RuneLen(r) > n {
			b.WriteString("…")
			break
		}
		b.WriteRune(r)
	}
	return b.String()
}
