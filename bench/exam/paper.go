package exam

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Kind is an operation that is asked for.
type Kind int

// The operations.
const (
	Chat Kind = iota
	Stream
	Embed
)

// Question says what to ask.
type Question struct {
	Kind   Kind
	Model  string
	Body   int           // bytes of the request's body, at least; 0 for the shortest
	Reply  int           // bytes of the text that answers a chat
	Chunks int           // of a stream
	Gap    time.Duration // between the chunks of a stream; 0 for full speed
	Inputs int           // of a request for embeddings
	Dim    int           // floats of each embedding
}

// Bounds of a question.
const (
	MaxBody   = 16 << 20
	MaxReply  = 1 << 20
	MaxChunks = 1_000_000
	MaxInputs = 256
	MaxDim    = 4096
)

const (
	sign  = "gatehouse-bench " // the beginning of every prompt
	idLen = 16
)

// Paper is a question together with what is needed to mark its answers. It is
// not changed after New and may be shared.
type Paper struct {
	Question
	body        []byte
	first, last int // where the ids are in the body
	tokens      int64
	any         bool
	filler      []byte
	vectors     [][]byte
}

// New writes a paper. With anyEngine, its answers may come from any engine, and
// only their shape is marked.
func New(q Question, anyEngine bool) (*Paper, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	p := &Paper{Question: q, any: anyEngine}
	if q.Kind == Embed {
		p.setEmbed()
		p.vectors = Vectors(q.Inputs, q.Dim)
		return p, nil
	}
	p.setChat()
	p.filler = Filler(q.Reply)
	return p, nil
}

func (q *Question) check() error {
	var errs []error
	bound := func(what string, n, low, high int) {
		if n < low || n > high {
			errs = append(errs, fmt.Errorf("%s is %d, but must be from %d to %d", what, n, low, high))
		}
	}
	bound("the size of the request", q.Body, 0, MaxBody)
	if q.Model == "" {
		errs = append(errs, errors.New("a model is needed"))
	}
	switch q.Kind {
	case Chat:
		bound("the size of the answer", q.Reply, 2*idLen+2, MaxReply)
	case Stream:
		bound("the number of chunks", q.Chunks, 1, MaxChunks)
		if q.Gap < 0 || q.Gap > time.Minute {
			errs = append(errs, fmt.Errorf("the gap is %v, but must be from 0 to 1m", q.Gap))
		}
	case Embed:
		bound("the number of inputs", q.Inputs, 1, MaxInputs)
		bound("the number of dimensions", q.Dim, 2, MaxDim)
	}
	return errors.Join(errs...)
}

// setChat writes the body of a chat.
func (p *Paper) setChat() {
	b := []byte(`{"model":` + strconv.Quote(p.Model) + `,"messages":[{"role":"user","content":"`)
	tail := `"}]}`
	if p.Kind == Stream {
		tail = `"}],"stream":true,"stream_options":{"include_usage":true}}`
	}
	start := len(b)
	b = p.head(b)
	b = pad(b, p.Body-len(b)-idLen-len(tail))
	p.last = len(b)
	b = append(b, "0000000000000000"...)
	p.tokens = int64(len(b) - start)
	b = append(b, tail...)
	p.body = b
}

// setEmbed writes the body of a request for embeddings: one input that tells
// what is wanted, others, and the id at the end of the last.
func (p *Paper) setEmbed() {
	b := []byte(`{"model":` + strconv.Quote(p.Model) + `,"input":["`)
	b = p.head(b)
	share := (p.Body - len(b) - idLen - 3*p.Inputs) / p.Inputs
	b = pad(b, share)
	for range p.Inputs - 1 {
		b = append(b, `","`...)
		b = pad(b, max(share, 1))
	}
	p.last = len(b)
	b = append(b, "0000000000000000"...)
	p.tokens = int64(p.Inputs)
	b = append(b, `"]}`...)
	p.body = b
}

// head appends the beginning of a prompt and notes where the id is.
func (p *Paper) head(b []byte) []byte {
	b = append(b, sign...)
	p.first = len(b)
	return fmt.Appendf(b, "0000000000000000 reply=%d chunks=%d gap=%d inputs=%d dim=%d ",
		p.Reply, p.Chunks, p.Gap.Microseconds(), p.Inputs, p.Dim)
}

func pad(b []byte, n int) []byte {
	return append(b, bytes.Repeat([]byte("words and more words "), max(n, 0)/21+1)[:max(n, 0)]...)
}

// Request returns the body of the request with ids of zero, and where in it the
// two ids stand, for PutID. The caller must copy it before changing it.
func (p *Paper) Request() (body []byte, first, last int) { return p.body, p.first, p.last }

// Path returns the path of the operation below the level.
func (p *Paper) Path() string {
	if p.Kind == Embed {
		return "/embeddings"
	}
	return "/chat/completions"
}

// PutID writes an id into the first 16 bytes of b.
func PutID(b []byte, id uint64) {
	const digits = "0123456789abcdef"
	for i := idLen - 1; i >= 0; i-- {
		b[i] = digits[id&15]
		id >>= 4
	}
}

// Ask is what the bundled upstream reads out of a prompt.
type Ask struct {
	First, Last [idLen]byte // the ids at both ends
	Tokens      int64       // bytes of the prompt
	Question
}

// Find looks for a prompt in the body of a request, whatever the JSON around
// it is. A tail that is missing or has another id is answered with something
// that is no id.
func Find(body []byte) (Ask, bool) {
	_, rest, ok := bytes.Cut(body, []byte(sign))
	if !ok || len(rest) < idLen+1 || rest[idLen] != ' ' {
		return Ask{}, false
	}
	var a Ask
	copy(a.First[:], rest)
	copy(a.Last[:], "no-id-at-the-end")
	if end := bytes.LastIndex(rest, a.First[:]); end > 0 {
		a.Last = a.First
		a.Tokens = int64(len(sign) + end + idLen)
	}
	var micros int
	rest = rest[idLen+1:]
	for _, f := range []struct {
		name string
		to   *int
		high int
	}{
		{"reply=", &a.Reply, MaxReply},
		{"chunks=", &a.Chunks, MaxChunks},
		{"gap=", &micros, int(time.Minute / time.Microsecond)},
		{"inputs=", &a.Inputs, MaxInputs},
		{"dim=", &a.Dim, MaxDim},
	} {
		n := bytes.IndexByte(rest[:min(len(rest), 32)], ' ')
		if n < len(f.name) || string(rest[:len(f.name)]) != f.name {
			return Ask{}, false
		}
		v, ok := number(rest[len(f.name):n], f.high)
		if !ok {
			return Ask{}, false
		}
		*f.to = v
		rest = rest[n+1:]
	}
	a.Gap = time.Duration(micros) * time.Microsecond
	return a, true
}

// number reads decimal digits.
func number(b []byte, high int) (int, bool) {
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' || n > high {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, len(b) > 0 && n <= high
}
