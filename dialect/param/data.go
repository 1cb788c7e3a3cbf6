package param

import (
	"encoding/base64"
	"net/url"
	"strings"
)

// IsDataURL tells whether v is a string that starts as a data URL does.
func (v Value) IsDataURL() bool {
	return len(v.Raw) >= 6 && v.Raw[0] == '"' && strings.EqualFold(string(v.Raw[1:6]), "data:")
}

// DataURL returns the media type of a data URL in lower case, without its
// parameters, and its bytes in standard base64 with padding.
func (v Value) DataURL() (mediaType, data string, err error) {
	s, err := v.Text()
	if err != nil {
		return "", "", err
	}
	if len(s) < 5 || !strings.EqualFold(s[:5], "data:") {
		return "", "", v.Invalid("must be a data URL")
	}
	head, data, found := strings.Cut(s[5:], ",")
	if !found {
		return "", "", v.Invalid("is a data URL without a comma before its data")
	}
	mediaType, options, _ := strings.Cut(head, ";")
	mediaType = strings.ToLower(strings.TrimSpace(mediaType))
	if mediaType == "" {
		mediaType = "text/plain"
	}
	encoded := false
	for o := range strings.SplitSeq(options, ";") {
		encoded = encoded || strings.EqualFold(strings.TrimSpace(o), "base64")
	}
	if !encoded || strings.IndexByte(data, '%') >= 0 {
		if data, err = url.PathUnescape(data); err != nil {
			return "", "", v.Invalid("is a data URL with a broken percent escape")
		}
	}
	if !encoded {
		return mediaType, base64.StdEncoding.EncodeToString([]byte(data)), nil
	}
	data, err = v.base64(data)
	return mediaType, data, err
}

// Base64 returns the text of a string that must be base64, in any of its
// alphabets, padded or not and with space between, in the standard one with
// padding. There must be at least one byte.
func (v Value) Base64() (string, error) {
	s, err := v.Text()
	if err != nil {
		return "", err
	}
	return v.base64(s)
}

func (v Value) base64(s string) (string, error) {
	if len(s)%4 != 0 || strings.ContainsAny(s, "-_ \t\r\n") {
		s = strings.NewReplacer("-", "+", "_", "/", " ", "", "\t", "", "\r", "", "\n", "").Replace(s)
		s = strings.TrimRight(s, "=")
		if n := len(s) % 4; n > 1 {
			s += strings.Repeat("=", 4-n)
		}
	}
	body := strings.TrimRight(s, "=")
	switch {
	case body == "":
		return "", v.Invalid("has no data")
	case len(s)%4 != 0 || len(s)-len(body) > 2 || strings.IndexFunc(body, notBase64) >= 0:
		return "", v.Invalid("is not valid base64")
	}
	return s, nil
}

func notBase64(r rune) bool {
	return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '+' && r != '/'
}
