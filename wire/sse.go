package wire

import (
	"bytes"
	"errors"
)

// ErrEventTooLarge is returned for an event or line beyond the splitter's bound.
var ErrEventTooLarge = errors.New("an event of the stream is larger than the limit")

// MaxEvent is the default bound of one event or line of a stream, in bytes.
const MaxEvent = 16 << 20

// Event is one server-sent event. Its bytes are valid during the call that
// hands it on.
type Event struct {
	Raw  []byte // as it came, with the blank line that ends it
	Name []byte // of its event field; nil if there is none
	Data []byte // its data lines, joined by LF; nil if there is none
}

// Done tells whether the event is the [DONE] that ends OpenAI's streams.
func (e Event) Done() bool { return bytes.HasPrefix(e.Data, []byte("[DONE]")) }

// Events splits a stream of server-sent events that arrives in arbitrary
// pieces. Lines end with LF, CR or CRLF, also in a mixture, also with CR and LF
// in different pieces. An event is handed on when its last byte is there; where
// its lines end with CRLF that is the LF. The zero value is ready for use.
type Events struct {
	Max  int // bound of one event; 0 means MaxEvent
	buf  []byte
	data []byte // scratch for events of several data lines
	scan int    // buf[:scan] has been searched for the end of an event
	bol  bool   // buf[scan] begins a line
	cr   bool   // the byte before scan is a CR
	crlf bool   // the line before scan ended with CRLF
	bom  bool   // the start of the stream has been looked at
}

// Reset forgets the stream and keeps the buffers.
func (s *Events) Reset() {
	*s = Events{Max: s.Max, buf: s.buf[:0], data: s.data[:0]}
}

// Feed takes the next piece of the stream and calls f with each event that is
// complete. Comments and empty events come as events without data. An error
// of f ends the call and is returned.
func (s *Events) Feed(p []byte, f func(Event) error) error {
	if len(s.buf) == 0 { // common: whole events, no copy
		n, err := s.split(p, f)
		if err != nil {
			return err
		}
		s.buf = append(s.buf, p[n:]...)
	} else {
		s.buf = append(s.buf, p...)
		n, err := s.split(s.buf, f)
		if err != nil {
			return err
		}
		s.buf = s.buf[:copy(s.buf, s.buf[n:])]
	}
	limit := s.Max
	if limit == 0 {
		limit = MaxEvent
	}
	if len(s.buf) > limit {
		return ErrEventTooLarge
	}
	return nil
}

// Rest returns what came after the last complete event.
func (s *Events) Rest() []byte { return s.buf }

// split calls f with the events that end within b and returns how much of b
// they are. s.scan says how much of b had been searched before.
func (s *Events) split(b []byte, f func(Event) error) (int, error) {
	start, i := 0, s.scan
	if i == 0 && start == 0 {
		s.bol = true
	}
	for i < len(b) {
		if !s.bol {
			n := bytes.IndexByte(b[i:], '\n')
			line := b[i:]
			if n >= 0 {
				line = b[i : i+n]
			}
			if k := bytes.IndexByte(line, '\r'); k >= 0 {
				n = k
			}
			if n < 0 {
				i = len(b)
				break
			}
			s.cr, s.crlf = b[i+n] == '\r', false
			i += n + 1
			s.bol = true
			continue
		}
		switch c := b[i]; {
		case c == '\n' && s.cr: // the second half of CRLF
			s.cr, s.crlf = false, true
			i++
		case c == '\r' && s.crlf && i+1 == len(b): // the LF after it is on its way
			s.scan = i - start
			return start, nil
		case c == '\n' || c == '\r': // a blank line: the event ends
			i++
			if c == '\r' && i < len(b) && b[i] == '\n' {
				i++
			}
			s.cr, s.crlf = c == '\r' && b[i-1] == '\r', c == '\r' && b[i-1] == '\n'
			if err := f(s.parse(b[start:i])); err != nil {
				return start, err
			}
			start = i
		default:
			s.bol, s.cr = false, false
		}
	}
	s.scan = i - start
	return start, nil
}

// parse reads the fields of one event.
func (s *Events) parse(raw []byte) Event {
	e := Event{Raw: raw}
	b := raw
	if !s.bom {
		s.bom = true
		b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	}
	lines := 0
	for len(b) > 0 {
		line := b
		if n := bytes.IndexByte(b, '\n'); n >= 0 {
			line, b = b[:n], b[n+1:]
		} else {
			b = nil
		}
		for {
			part := line
			n := bytes.IndexByte(line, '\r')
			if n >= 0 {
				part, line = line[:n], line[n+1:]
			}
			s.field(&e, part, &lines)
			if n < 0 {
				break
			}
		}
	}
	return e
}

func (s *Events) field(e *Event, line []byte, lines *int) {
	name, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimPrefix(value, []byte(" "))
	switch string(name) {
	case "data":
		switch *lines++; *lines {
		case 1:
			e.Data = value
			if e.Data == nil {
				e.Data = []byte{}
			}
			return
		case 2:
			s.data = append(s.data[:0], e.Data...)
		}
		s.data = append(append(s.data, '\n'), value...)
		e.Data = s.data
	case "event":
		e.Name = value
	}
}

// AppendEvent appends a server-sent event with one line of data.
func AppendEvent(b []byte, name string, data []byte) []byte {
	if name != "" {
		b = append(append(append(b, "event: "...), name...), '\n')
	}
	b = append(append(b, "data: "...), data...)
	return append(b, '\n', '\n')
}

// Lines splits newline-delimited JSON that arrives in arbitrary pieces. The
// zero value is ready for use.
type Lines struct {
	Max int // bound of one line; 0 means MaxEvent
	buf []byte
}

// Reset forgets the stream and keeps the buffer.
func (s *Lines) Reset() { s.buf = s.buf[:0] }

// Feed takes the next piece of the stream and calls f with each line that is
// complete and not blank, without its end.
func (s *Lines) Feed(p []byte, f func(line []byte) error) error {
	for {
		n := bytes.IndexByte(p, '\n')
		if n < 0 {
			break
		}
		line := p[:n]
		if len(s.buf) > 0 {
			s.buf = append(s.buf, line...)
			line = s.buf
		}
		p = p[n+1:]
		line = bytes.TrimSpace(line)
		s.buf = s.buf[:0]
		if len(line) > 0 {
			if err := f(line); err != nil {
				return err
			}
		}
	}
	s.buf = append(s.buf, p...)
	limit := s.Max
	if limit == 0 {
		limit = MaxEvent
	}
	if len(s.buf) > limit {
		return ErrEventTooLarge
	}
	return nil
}

// Rest returns what came after the last end of line.
func (s *Lines) Rest() []byte { return bytes.TrimSpace(s.buf) }
