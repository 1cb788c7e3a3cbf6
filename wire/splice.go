package wire

// Splice replaces the bytes from Start to End of a body by Text.
type Splice struct {
	Start, End int
	Text       []byte
}

// AppendSpliced appends body with the splices made, which must be in order
// and must not overlap.
func AppendSpliced(dst, body []byte, splices ...Splice) []byte {
	at := 0
	for _, s := range splices {
		dst = append(dst, body[at:s.Start]...)
		dst = append(dst, s.Text...)
		at = s.End
	}
	return append(dst, body[at:]...)
}

// SplicedLen returns the length of a body of n bytes after the splices.
func SplicedLen(n int, splices ...Splice) int {
	for _, s := range splices {
		n += len(s.Text) - (s.End - s.Start)
	}
	return n
}

// AppendString appends s as a JSON string.
func AppendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
