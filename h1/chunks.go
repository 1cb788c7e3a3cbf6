package h1

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/gatehouse-ai/gatehouse/wire"
)

// Bounds of the framing of a chunked body.
const (
	maxChunk      = 1<<31 - 1 // bytes of one chunk
	maxDigits     = 16        // of a chunk's size
	maxChunkLine  = 512       // bytes of spaces or of an extension after a chunk's size
	maxTrailer    = 16 << 10  // bytes of the trailer
	maxChunkWaste = 16 << 10  // bytes of framing beyond 16 and twice the content of each chunk
)

// ErrChunks is wrapped by every error about the framing of a chunked body.
var ErrChunks = errors.New("the framing of the chunked body is malformed")

// Chunks follows the framing of a chunked body that arrives in arbitrary
// pieces. The zero value is ready for a body. It is strict: line ends are CRLF,
// extensions are bounded and left out. Its errors quote nothing of the body.
type Chunks struct {
	state  chunkState
	left   int64 // of the chunk, or its size as far as it has been read
	digits int   // of the size
	extra  int   // bytes after the size, on its line
	waste  int64
	err    error

	text   []byte // of the trailer
	header wire.Header
}

type chunkState uint8

const (
	chunkSize  chunkState = iota
	chunkSpace            // after the size
	chunkExtension
	chunkSizeLF
	chunkData
	chunkDataCR
	chunkDataLF
	chunkTrailer
	chunkEnd
)

// Reset makes c ready for the next body. What Trailer returned is valid until
// then.
func (c *Chunks) Reset() {
	*c = Chunks{text: c.text[:0], header: c.header[:0]}
}

// Next takes bytes of the body. It returns the next run of content within b,
// which may be empty; how much of b has been used; and whether the body has
// ended, with its trailer. The last run of content and the end may come from
// one call. While n < len(b) and the body has not ended, it is called again
// with b[n:]. An error is final.
func (c *Chunks) Next(b []byte) (data []byte, n int, done bool, err error) {
	for n < len(b) && c.state != chunkData && c.state != chunkEnd && c.err == nil {
		n = c.frame(b, n)
	}
	if c.err != nil {
		return nil, n, false, c.err
	}
	if c.state == chunkData && n < len(b) {
		k := int(min(c.left, int64(len(b)-n)))
		data = b[n : n+k]
		n += k
		if c.left -= int64(k); c.left == 0 {
			c.state = chunkDataCR
			n += c.tail(b[n:])
		}
	}
	return data, n, c.state == chunkEnd, nil
}

// tail takes what mostly follows content at once: the end of the chunk, and
// the end of the body.
func (c *Chunks) tail(b []byte) int {
	if len(b) < 2 || b[0] != '\r' || b[1] != '\n' {
		return 0
	}
	c.state, c.digits, c.extra = chunkSize, 0, 0
	if len(b) < 2+len(LastChunk) || string(b[2:2+len(LastChunk)]) != LastChunk {
		return 2
	}
	c.state = chunkEnd
	return 2 + len(LastChunk)
}

// frame takes bytes of framing from b[n], which there is, and returns where it
// has come to. It sets err where they are wrong.
func (c *Chunks) frame(b []byte, n int) int {
	switch c.state {
	case chunkSize:
		return c.size(b, n)
	case chunkSpace:
		for n < len(b) && (b[n] == ' ' || b[n] == '\t') {
			n++
			c.extra++
		}
		return c.endOfSize(b, n)
	case chunkExtension:
		end := valueEnd(b, n, 0)
		c.extra += end - n
		return c.endOfSize(b, end)
	case chunkSizeLF:
		c.expect(b[n], '\n', "the line of a chunk's size does not end with CRLF")
		c.begin()
	case chunkDataCR:
		c.expect(b[n], '\r', "a chunk is longer than its size")
		c.state = chunkDataLF
	case chunkDataLF:
		c.expect(b[n], '\n', "a chunk does not end with CRLF")
		c.state, c.digits, c.extra = chunkSize, 0, 0
	case chunkTrailer:
		return c.trailer(b, n)
	default:
		return n
	}
	return n + 1
}

// size reads digits of a chunk's size, and the byte after them.
func (c *Chunks) size(b []byte, n int) int {
	for ; n < len(b); n++ {
		d := b[n] - '0'
		if d > 9 {
			if d = (b[n] | 0x20) - 'a'; d > 5 {
				break
			}
			d += 10
		}
		c.left = c.left<<4 | int64(d)
		if c.digits++; c.digits > maxDigits || c.left > maxChunk {
			c.fail("a chunk is larger than 2 GiB or its size has more than 16 digits")
			return n
		}
	}
	if n == len(b) {
		return n
	}
	switch {
	case c.digits == 0:
		c.fail("a chunk has no size")
	case b[n] == '\r':
		c.state = chunkSizeLF
	case b[n] == ';':
		c.state = chunkExtension
		c.extra++
	case b[n] == ' ' || b[n] == '\t':
		c.state = chunkSpace
		c.extra++
	default:
		c.fail("the size of a chunk is not hexadecimal")
	}
	return n + 1
}

// endOfSize takes the CR that ends the line of a chunk's size.
func (c *Chunks) endOfSize(b []byte, n int) int {
	switch {
	case c.extra > maxChunkLine:
		c.fail("a chunk has an extension larger than 512 bytes")
		return n
	case n == len(b):
		return n
	case b[n] != '\r':
		c.fail("the size of a chunk is followed by something that is no extension")
		return n
	}
	c.state = chunkSizeLF
	return n + 1
}

// begin begins the content of a chunk whose size has been read, or the trailer.
func (c *Chunks) begin() {
	line := int64(c.digits+c.extra) + 2
	if c.waste = max(0, c.waste+line-16-2*c.left); c.waste > maxChunkWaste {
		c.fail("it has more framing than content")
	}
	c.state = chunkData
	if c.left == 0 {
		c.state = chunkTrailer
	}
}

// trailer takes one line of the trailer, or as much as there is of it.
func (c *Chunks) trailer(b []byte, n int) int {
	size := bytes.IndexByte(b[n:], '\n') + 1
	part := b[n:]
	if size > 0 {
		part = part[:size]
	}
	if len(c.text)+len(part) > maxTrailer {
		c.fail("its trailer is larger than 16 KiB")
		return n
	}
	c.text = append(c.text, part...)
	if size == 0 {
		return len(b)
	}
	switch end := len(c.text); {
	case end < 2 || c.text[end-2] != '\r':
		c.fail("a line of its trailer does not end with CRLF")
	case end == 2 || c.text[end-3] == '\n':
		c.fields(c.text[:end-2])
		c.state = chunkEnd
	}
	return n + size
}

// fields parses the lines of the trailer. What is about the message or the
// connection has no place there, and is left out.
func (c *Chunks) fields(b []byte) {
	for lines := 0; len(b) > 0; lines++ {
		m, v := scanLine(b, 0)
		if v != Complete || lines == MaxFields {
			c.fail("its trailer has a line that is no field, or more than 100 fields")
			return
		}
		if m.class() == plain {
			c.header = append(c.header, wire.Field{Name: wire.View(b[:m.name()]), Value: wire.View(b[m.from():m.to()])})
		}
		b = b[m.size():]
	}
}

// Trailer returns the fields after the body once it has ended, or nil where
// there are none. Those of framing are left out.
func (c *Chunks) Trailer() wire.Header {
	if c.state != chunkEnd || len(c.header) == 0 {
		return nil
	}
	return c.header
}

func (c *Chunks) expect(got, want byte, what string) {
	if got != want {
		c.fail(what)
	}
}

// fail keeps the first error.
func (c *Chunks) fail(what string) {
	if c.err == nil {
		c.err = fmt.Errorf("%w: %s", ErrChunks, what)
	}
}
