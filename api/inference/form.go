package inference

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/gatehouse-ai/gatehouse/exchange"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/httpapi"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/peek"
	"github.com/gatehouse-ai/gatehouse/relay"
)

// Sizes of what is held of a form.
const (
	inMemory = 1 << 20  // before the rest goes to disk
	piece    = 64 << 10 // read at a time
)

// readForm reads a multipart body up to the model's name. What has been read
// by then is in memory or, for a form whose file comes first and is large, in a
// file without a name; what follows is streamed.
func readForm(c *httpapi.Call, x *exchange.Exchange, contentType string) (*relay.Upload, func(), error) {
	f := &form{c: c, limit: x.BodyLimit(op.Upload), left: x.BodyLimit(op.Upload)}
	if c.Request.ContentLength > f.limit {
		return nil, f.release, httpapi.TooLarge(f.limit)
	}
	fields, e := peek.NewForm(contentType)
	if e != nil {
		return nil, f.release, e
	}
	f.fields = fields
	if !c.Memory.Reserve(inMemory) {
		return nil, f.release, httpapi.Busy()
	}
	f.held = inMemory
	c.SetReadDeadline(c.Gen.Bounds.BodyRead)
	if err := f.untilModel(); err != nil {
		return nil, f.release, err
	}
	if e := x.Form(fields, f.head); e != nil {
		return nil, f.release, e
	}
	return f.upload(), f.release, nil
}

// form is a multipart body that is being read.
type form struct {
	c       *httpapi.Call
	fields  *peek.Form
	limit   int64
	left    int64 // of limit
	head    []byte
	spooled *os.File
	size    int64 // of spooled
	held    int64 // of the memory
	ended   bool
}

// release gives back what the form holds.
func (f *form) release() {
	f.c.Memory.Release(f.held)
	if f.spooled != nil {
		_ = f.spooled.Close() // it has no name any more
	}
}

// untilModel reads until the model has been found or the body has ended.
func (f *form) untilModel() error {
	buf := make([]byte, piece)
	for !f.fields.Found() && !f.ended {
		n, err := f.Read(buf)
		if n > 0 {
			if err := f.keep(buf[:n]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			f.ended = true
		} else if err != nil {
			return err
		}
	}
	return nil
}

// keep holds what has been read: in memory, or all of it on disk.
func (f *form) keep(p []byte) error {
	if f.spooled == nil {
		f.head = append(f.head, p...)
		if len(f.head) <= inMemory {
			return nil
		}
		if err := f.spool(); err != nil {
			return err
		}
		p, f.head = f.head, nil
	}
	n, err := f.spooled.Write(p)
	f.size += int64(n)
	if err != nil {
		return fmt.Errorf("writing an upload to disk: %w", err)
	}
	return nil
}

// spool opens a file that has no name, so that nothing is left behind.
func (f *form) spool() error {
	file, err := os.CreateTemp("", "gatehouse-upload-*")
	if err != nil {
		return fmt.Errorf("a file for an upload: %w", err)
	}
	f.spooled = file
	if err := os.Remove(file.Name()); err != nil {
		return fmt.Errorf("a file for an upload: %w", err)
	}
	return nil
}

// Read reads the client's body, within the limit, and shows it to the fields.
func (f *form) Read(p []byte) (int, error) {
	n, err := f.c.Request.Body.Read(p[:min(int64(len(p)), f.left+1)])
	f.c.Record.BytesIn += int64(n)
	if f.left -= int64(n); f.left < 0 {
		return 0, httpapi.TooLarge(f.limit)
	}
	if e := f.fields.Feed(p[:n]); e != nil {
		return 0, e
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return n, httpapi.ReadError(err)
	}
	if errors.Is(err, io.EOF) {
		f.c.SetReadDeadline(0)
		if !f.fields.Complete() { // the last piece is kept back, so that no engine takes it for a whole
			return 0, fault.New(fault.InvalidBody, "The multipart body ends before its last boundary.")
		}
	}
	return n, err
}

// upload is the body as package relay sends it on.
func (f *form) upload() *relay.Upload {
	up := &relay.Upload{Size: f.size}
	if f.spooled != nil {
		up.Spool = f.spooled
	}
	if !f.ended {
		up.Rest, up.Length = f, remaining(f.c.Request, f.size+int64(len(f.head)))
	}
	return up
}
