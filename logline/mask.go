package logline

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// credential matches what looks like one in a message: an endpoint may repeat
// the key that it refuses.
var credential = regexp.MustCompile(`(?i)\b(bearer|basic)( +)[^\s"',;]{4,}` +
	`|\b(api[-_ ]?key(?: provided)?|access[-_]?token|password)(["']? ?[=:] ?["']?)[^\s"'&,;]{4,}` +
	`|\b(sk|pk|gh)([-_])[a-z0-9_-]{8,}`)

// signs are texts one of which stands in every match of credential. Looking
// for them takes a fraction of the time, and most messages have none.
var signs = []string{
	"bearer ", "basic ", "sk-", "sk_", "pk-", "pk_", "gh-", "gh_", "password", "accesstoken", "access-token", "access_token",
	"key=", "key:", "key =", "key :", "key\"", "key'", "key provided",
}

// mask hides credentials in a message.
func mask(s string) string {
	lower := strings.ToLower(s)
	if !slices.ContainsFunc(signs, func(sign string) bool { return strings.Contains(lower, sign) }) {
		return s
	}
	return credential.ReplaceAllString(s, "$1$2$3$4$5$6***")
}

// Clip returns at most the first most bytes of s, with a mark if some are
// missing. It does not cut through a character.
func Clip(s string, most int) string {
	const mark = "…"
	if len(s) <= most {
		return s
	}
	end := most - len(mark)
	for back := 1; back < utf8.UTFMax && !utf8.RuneStart(s[end]); back++ { // what is no UTF-8 is cut anywhere
		end--
	}
	return s[:end] + mark
}
