package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// MaxDepth is how deep arrays and objects may nest in a body that is scanned.
const MaxDepth = 512

// Member is one member of the top-level object of a body: its key with
// escapes resolved, and where its value stands in the body.
type Member struct {
	Key        []byte
	Start, End int
}

// Scan checks that body is one JSON object, strictly, and calls f with each of
// its members in order; duplicates are seen as often as they stand there. f
// ends the scan by returning an error, which Scan returns. Nothing is
// allocated unless a key has escapes.
//
// Strictness is a matter of security: what this scan and an engine's parser
// would read differently could carry one model name past the permissions and
// another to the engine.
func Scan(body []byte, f func(Member) error) error {
	s := scanner{b: body}
	s.space()
	if s.i >= len(body) || body[s.i] != '{' {
		return s.fail("an object")
	}
	s.i++
	s.space()
	if s.i < len(body) && body[s.i] == '}' {
		s.i++
		return s.end()
	}
	for {
		key, err := s.key()
		if err != nil {
			return err
		}
		m := Member{Key: key, Start: s.i}
		if err := s.value(1); err != nil {
			return err
		}
		m.End = s.i
		if err := f(m); err != nil {
			return err
		}
		s.space()
		if s.i >= len(body) {
			return s.fail("',' or '}'")
		}
		switch body[s.i] {
		case ',':
			s.i++
			s.space()
		case '}':
			s.i++
			return s.end()
		default:
			return s.fail("',' or '}'")
		}
	}
}

// Valid tells whether b is one JSON value, as strictly as Scan.
func Valid(b []byte) bool {
	s := scanner{b: b}
	s.space()
	return s.value(0) == nil && s.end() == nil
}

// SyntaxError says where a body stops being JSON.
type SyntaxError struct {
	Offset int
	Want   string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s was expected at byte %d", e.Want, e.Offset)
}

var errUTF8 = errors.New("the text is not valid UTF-8")

type scanner struct {
	b []byte
	i int
}

func (s *scanner) fail(want string) error { return &SyntaxError{s.i, want} }

func (s *scanner) space() {
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case ' ', '\t', '\n', '\r':
			s.i++
		default:
			return
		}
	}
}

func (s *scanner) end() error {
	s.space()
	if s.i != len(s.b) {
		return s.fail("the end")
	}
	if !utf8.Valid(s.b) {
		return errUTF8
	}
	return nil
}

// key reads `"key" :` up to the first byte of the value.
func (s *scanner) key() ([]byte, error) {
	if s.i >= len(s.b) || s.b[s.i] != '"' {
		return nil, s.fail("a key")
	}
	start := s.i
	plain, err := s.str()
	if err != nil {
		return nil, err
	}
	key := s.b[start+1 : s.i-1]
	if !plain {
		if key, err = Unquote(s.b[start:s.i]); err != nil {
			return nil, err
		}
	}
	s.space()
	if s.i >= len(s.b) || s.b[s.i] != ':' {
		return nil, s.fail("':'")
	}
	s.i++
	s.space()
	return key, nil
}

// value steps over one value. It loops instead of recursing: open holds one
// bit for each level, set for an object.
func (s *scanner) value(depth int) error {
	var open [MaxDepth/64 + 1]uint64
	base := depth
	for {
		if s.i >= len(s.b) {
			return s.fail("a value")
		}
		switch c := s.b[s.i]; {
		case c == '"':
			if _, err := s.str(); err != nil {
				return err
			}
		case c == '{' || c == '[':
			if depth++; depth > MaxDepth {
				return s.fail("less nesting")
			}
			s.i++
			s.space()
			bit := uint64(1) << (depth & 63)
			if c == '{' {
				open[depth>>6] |= bit
			} else {
				open[depth>>6] &^= bit
			}
			if s.i < len(s.b) && s.b[s.i] == c+2 { // '}' is '{'+2, ']' is '['+2
				s.i++
				depth--
				break
			}
			if c == '{' {
				if err := s.skipKey(); err != nil {
					return err
				}
			}
			continue
		case c == '-' || '0' <= c && c <= '9':
			if err := s.number(); err != nil {
				return err
			}
		case c == 't':
			if err := s.word("true"); err != nil {
				return err
			}
		case c == 'f':
			if err := s.word("false"); err != nil {
				return err
			}
		case c == 'n':
			if err := s.word("null"); err != nil {
				return err
			}
		default:
			return s.fail("a value")
		}
		// A value has ended: close what ends with it, or go to the next.
		for {
			if depth == base {
				return nil
			}
			s.space()
			if s.i >= len(s.b) {
				return s.fail("more")
			}
			object := open[depth>>6]>>(depth&63)&1 == 1
			c := s.b[s.i]
			if c == ',' {
				s.i++
				s.space()
				if object {
					if err := s.skipKey(); err != nil {
						return err
					}
				}
				break
			}
			if object && c == '}' || !object && c == ']' {
				s.i++
				depth--
				continue
			}
			return s.fail("',' or the end of an array or object")
		}
	}
}

// skipKey is key without resolving escapes.
func (s *scanner) skipKey() error {
	if s.i >= len(s.b) || s.b[s.i] != '"' {
		return s.fail("a key")
	}
	if _, err := s.str(); err != nil {
		return err
	}
	s.space()
	if s.i >= len(s.b) || s.b[s.i] != ':' {
		return s.fail("':'")
	}
	s.i++
	s.space()
	return nil
}

// str steps over a string and tells whether it is free of escapes.
func (s *scanner) str() (plain bool, err error) {
	s.i++
	plain = true
	for {
		n := bytes.IndexByte(s.b[s.i:], '"')
		if n < 0 {
			return false, s.fail("'\"'")
		}
		end := s.i + n
		for s.i < end {
			k := special(s.b[s.i:end])
			s.i += k
			if s.i == end {
				break
			}
			if s.b[s.i] != '\\' {
				return false, s.fail("an escaped control character")
			}
			plain = false
			if err := s.escape(); err != nil {
				return false, err
			}
		}
		if s.i == end {
			s.i++
			return plain, nil
		}
		// An escaped quote lay at end; look for the next one.
	}
}

func (s *scanner) escape() error {
	if s.i+1 >= len(s.b) {
		return s.fail("an escape")
	}
	switch s.b[s.i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.i += 2
		return nil
	case 'u':
		if s.i+6 > len(s.b) {
			return s.fail("four hex digits")
		}
		for _, c := range s.b[s.i+2 : s.i+6] {
			if !('0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f') {
				return s.fail("four hex digits")
			}
		}
		s.i += 6
		return nil
	}
	return s.fail("an escape")
}

func (s *scanner) word(w string) error {
	if len(s.b)-s.i < len(w) || string(s.b[s.i:s.i+len(w)]) != w {
		return s.fail(w)
	}
	s.i += len(w)
	return nil
}

func (s *scanner) digits() bool {
	start := s.i
	for s.i < len(s.b) && '0' <= s.b[s.i] && s.b[s.i] <= '9' {
		s.i++
	}
	return s.i > start
}

func (s *scanner) number() error {
	if s.b[s.i] == '-' {
		s.i++
	}
	if s.i < len(s.b) && s.b[s.i] == '0' {
		s.i++
	} else if !s.digits() {
		return s.fail("a digit")
	}
	if s.i < len(s.b) && s.b[s.i] == '.' {
		s.i++
		if !s.digits() {
			return s.fail("a digit")
		}
	}
	if s.i < len(s.b) && s.b[s.i]|0x20 == 'e' {
		s.i++
		if s.i < len(s.b) && (s.b[s.i] == '+' || s.b[s.i] == '-') {
			s.i++
		}
		if !s.digits() {
			return s.fail("a digit")
		}
	}
	return nil
}

// Unquote returns the text of a JSON string that is known to be valid.
func Unquote(quoted []byte) ([]byte, error) {
	if len(quoted) >= 2 && bytes.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1], nil
	}
	var s string
	if err := json.Unmarshal(quoted, &s); err != nil {
		return nil, err
	}
	return []byte(s), nil
}

// ValueEnd returns where the JSON value ends that starts at b[at].
func ValueEnd(b []byte, at int) (int, error) {
	s := scanner{b: b, i: at}
	err := s.value(0)
	return s.i, err
}

// Int reads a JSON number that is a whole one, or the whole part of one that
// is written as a float. It tells whether value is a number within int64.
func Int(value []byte) (n int64, ok bool) {
	neg := len(value) > 0 && value[0] == '-'
	if neg {
		value = value[1:]
	}
	i := 0
	for ; i < len(value) && '0' <= value[i] && value[i] <= '9'; i++ {
		if n > (1<<63-10)/10 {
			return 0, false
		}
		n = n*10 + int64(value[i]-'0')
	}
	if i == 0 || i < len(value) && value[i] != '.' {
		return 0, false
	}
	if neg {
		n = -n
	}
	return n, true
}
