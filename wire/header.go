package wire

// Field is one header field.
type Field struct{ Name, Value string }

// Header is a list of header fields in the order of arrival. Names compare
// without regard to case. The strings of a received header may point into a
// front's buffer: they are valid until the request ends, and who keeps one
// longer clones it.
type Header []Field

// Get returns the first value of the field called name, or "".
func (h Header) Get(name string) string {
	for i := range h {
		if EqualFold(h[i].Name, name) {
			return h[i].Value
		}
	}
	return ""
}

// Has tells whether there is a field called name.
func (h Header) Has(name string) bool {
	for i := range h {
		if EqualFold(h[i].Name, name) {
			return true
		}
	}
	return false
}

// Set replaces the first field called name, removes further ones, and appends
// the field where there was none.
func (h Header) Set(name, value string) Header {
	out, done := h[:0], false
	for _, f := range h {
		if EqualFold(f.Name, name) {
			if done {
				continue
			}
			f.Value, done = value, true
		}
		out = append(out, f)
	}
	if !done {
		out = append(out, Field{name, value})
	}
	return out
}

// EqualFold compares two ASCII strings without regard to case.
func EqualFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if a[i] != b[i] && lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}

// HasPrefixFold tells whether s starts with prefix, without regard to case.
func HasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && EqualFold(s[:len(prefix)], prefix)
}

// MediaType returns the media type of a Content-Type without its parameters
// and trailing space, as it was written.
func MediaType(contentType string) string {
	for i := range len(contentType) {
		if contentType[i] == ';' {
			contentType = contentType[:i]
			break
		}
	}
	for len(contentType) > 0 && (contentType[len(contentType)-1] == ' ' || contentType[len(contentType)-1] == '\t') {
		contentType = contentType[:len(contentType)-1]
	}
	return contentType
}
