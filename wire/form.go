package wire

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
)

// Bounds of a multipart form.
const (
	maxPartHeader = 16 << 10
	maxPartValue  = 64 << 10
	maxParts      = 1000
)

// Part is one part of a multipart form that has passed. Its text is valid
// during the call that hands it on.
type Part struct {
	Name  string
	File  bool   // it has a file name; Value is not kept
	Value []byte // at most 64 KiB of it
	Start int64  // where the value begins in the body
	End   int64
}

// Form watches a multipart/form-data body as it passes in arbitrary pieces,
// and reports its parts. It is strict: CRLF line ends, one Content-Disposition
// in each part, no text after the last boundary's line but blank space.
type Form struct {
	delim  []byte // CRLF, two dashes, boundary
	buf    []byte // what has not been decided about
	off    int64  // where buf begins in the body
	state  formState
	part   Part
	parts  int
	first  int64 // where the first boundary stands in the body
	primed bool
}

type formState uint8

const (
	formPreamble formState = iota
	formAfterDelim
	formHeader
	formValue
	formDone
)

// ErrForm is wrapped by every error about the framing of a form.
var ErrForm = errors.New("the multipart form is malformed")

// NewForm returns a Form for a body of the given Content-Type.
func NewForm(contentType string) (*Form, error) {
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil || media != "multipart/form-data" {
		return nil, fmt.Errorf("%w: the content type is not multipart/form-data", ErrForm)
	}
	b := params["boundary"]
	if b == "" || len(b) > 70 {
		return nil, fmt.Errorf("%w: the content type has no boundary of 1 to 70 characters", ErrForm)
	}
	return &Form{delim: []byte("\r\n--" + b)}, nil
}

// Done tells whether the last boundary has passed.
func (f *Form) Done() bool { return f.state == formDone }

// Insert returns where a part can be put into the body, and the part: a field
// with a name and a value that have no line ends. The first boundary must have
// passed.
func (f *Form) Insert(name, value string) (at int64, part []byte) {
	part = append(part, f.delim[2:]...)
	part = append(part, "\r\nContent-Disposition: form-data; name="...)
	part = AppendString(part, name)
	part = append(append(part, "\r\n\r\n"...), value...)
	return f.first, append(part, "\r\n"...)
}

// Feed takes the next piece of the body and calls part for each part that has
// ended in it. An error of part ends the call and is returned.
func (f *Form) Feed(p []byte, part func(Part) error) error {
	if !f.primed { // the first boundary may stand without CRLF before it
		f.primed = true
		f.buf = append(f.buf, '\r', '\n')
		f.off = -2
	}
	f.buf = append(f.buf, p...)
	for {
		n, more, err := f.step(part)
		if err != nil {
			return err
		}
		f.buf = f.buf[:copy(f.buf, f.buf[n:])]
		f.off += int64(n)
		if !more {
			return nil
		}
	}
}

// step decides about the start of buf: it returns how much of it is decided,
// and whether a further step may find more.
func (f *Form) step(part func(Part) error) (n int, more bool, err error) {
	switch f.state {
	case formPreamble:
		i := bytes.Index(f.buf, f.delim)
		if i < 0 {
			if len(f.buf) > maxPartHeader {
				return 0, false, fmt.Errorf("%w: it does not begin with its boundary", ErrForm)
			}
			return 0, false, nil
		}
		f.state, f.first = formAfterDelim, f.off+int64(i)+2
		return i + len(f.delim), true, nil
	case formAfterDelim:
		return f.afterDelim()
	case formHeader:
		return f.header()
	case formValue:
		return f.value(part)
	default: // the epilogue
		if len(bytes.TrimSpace(f.buf)) > 0 {
			return 0, false, fmt.Errorf("%w: there is text after its last boundary", ErrForm)
		}
		return len(f.buf), false, nil
	}
}

func (f *Form) afterDelim() (int, bool, error) {
	switch {
	case len(f.buf) < 2:
		return 0, false, nil
	case string(f.buf[:2]) == "--":
		f.state = formDone
		return 2, true, nil
	case string(f.buf[:2]) == "\r\n":
		if f.parts++; f.parts > maxParts {
			return 0, false, fmt.Errorf("%w: it has more than %d parts", ErrForm, maxParts)
		}
		f.state = formHeader
		return 0, true, nil // CRLF stays, so that a header may be empty
	}
	return 0, false, fmt.Errorf("%w: a boundary is followed by text", ErrForm)
}

func (f *Form) header() (int, bool, error) {
	i := bytes.Index(f.buf, []byte("\r\n\r\n"))
	if i < 0 {
		if len(f.buf) > maxPartHeader {
			return 0, false, fmt.Errorf("%w: the header of a part is larger than %d bytes", ErrForm, maxPartHeader)
		}
		return 0, false, nil
	}
	part := Part{Start: f.off + int64(i) + 4}
	seen := false
	for line := range bytes.SplitSeq(bytes.TrimPrefix(f.buf[:i], []byte("\r\n")), []byte("\r\n")) {
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok || len(name) == 0 || !token(name) || bytes.ContainsFunc(value, control) {
			return 0, false, fmt.Errorf("%w: a part has a line in its header that is no field", ErrForm)
		}
		if !bytes.EqualFold(name, []byte("Content-Disposition")) {
			continue
		}
		disposition, params, err := mime.ParseMediaType(string(value))
		if err != nil || disposition != "form-data" || seen {
			return 0, false, fmt.Errorf("%w: a part has no single Content-Disposition: form-data with a name", ErrForm)
		}
		seen = true
		part.Name = params["name"]
		_, part.File = params["filename"]
	}
	if part.Name == "" {
		return 0, false, fmt.Errorf("%w: a part has no name", ErrForm)
	}
	f.part.Value = f.part.Value[:0]
	part.Value = f.part.Value
	f.part = part
	f.state = formValue
	return i + 2, true, nil // the second CRLF may begin the boundary of an empty value
}

// token tells whether name is made of letters, digits and dashes.
func token(name []byte) bool {
	for _, c := range name {
		if c != '-' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return name[0] != '-'
}

func control(r rune) bool { return r < 0x20 && r != '\t' || r == 0x7f }

func (f *Form) value(part func(Part) error) (int, bool, error) {
	i := bytes.Index(f.buf, f.delim)
	end := i
	if i < 0 {
		end = max(0, len(f.buf)-len(f.delim)+1)
	}
	// The first two bytes are the CRLF that ended the header.
	if from := max(0, int(f.part.Start-f.off)); from < end && !f.part.File {
		if len(f.part.Value)+end-from > maxPartValue {
			return 0, false, fmt.Errorf("%w: the field %q is larger than %d bytes", ErrForm, f.part.Name, maxPartValue)
		}
		f.part.Value = append(f.part.Value, f.buf[from:end]...)
	}
	if i < 0 {
		return end, false, nil
	}
	f.part.End = max(f.part.Start, f.off+int64(i))
	f.state = formAfterDelim
	return i + len(f.delim), true, part(f.part)
}
