package exam

import (
	"bytes"
	"errors"
	"fmt"
)

// Marker marks the answers to a paper, one after the other. It belongs to one
// connection.
type Marker struct {
	paper *Paper
	ask   Ask
	text  []byte // expected of a chat, or of one chunk

	// of the stream that is being marked
	chunks   int
	finished bool
	usage    bool
	done     bool
}

// NewMarker returns a marker for a paper.
func NewMarker(p *Paper) *Marker { return &Marker{paper: p} }

// Begin says that the next answer belongs to the request with this id.
func (m *Marker) Begin(id uint64) {
	PutID(m.ask.First[:], id)
	m.ask.Last = m.ask.First
	m.chunks = 0
	m.finished, m.usage, m.done = false, false, false
	if m.paper.Kind == Chat && !m.paper.any {
		m.text = AppendText(m.text[:0], &m.ask, m.paper.filler, m.paper.Reply)
	}
}

// found is what an answer says.
type found struct {
	text         []byte
	hasText      bool
	finish       []byte
	prompt       int64
	completion   int64
	usage        bool
	choices      int
	hasChoices   bool
	toolOrRefuse bool
}

// Whole marks the body of a chat or of embeddings.
func (m *Marker) Whole(body []byte) error {
	if m.paper.Kind == Embed {
		return m.embeddings(body)
	}
	f, ok := read(body, "message")
	switch {
	case !ok:
		return errors.New("the answer is not JSON")
	case f.choices != 1:
		return fmt.Errorf("the answer has %d choices, want 1", f.choices)
	case len(f.finish) == 0:
		return errors.New("the answer has no finish_reason")
	case m.paper.any && !f.hasText && !f.toolOrRefuse:
		return errors.New("the answer has no content")
	case m.paper.any:
		return nil
	case !bytes.Equal(f.text, m.text):
		return differ(f.text, m.text)
	case string(f.finish) != "stop":
		return fmt.Errorf("finish_reason is %.40q, want stop", f.finish)
	case !f.usage:
		return errors.New("the answer has no usage")
	}
	return m.tokens(&f, int64(m.paper.Reply))
}

func (m *Marker) tokens(f *found, completion int64) error {
	if f.prompt != m.paper.tokens || f.completion != completion {
		return fmt.Errorf("usage is %d and %d tokens, want %d and %d", f.prompt, f.completion, m.paper.tokens, completion)
	}
	return nil
}

// differ tells where a text is wrong.
func differ(got, want []byte) error {
	n := 0
	for n < len(got) && n < len(want) && got[n] == want[n] {
		n++
	}
	return fmt.Errorf("the text is wrong from byte %d: got %.40q of %d bytes, want %.40q of %d", n, got[n:], len(got), want[n:], len(want))
}

// Event marks the data of one event of a stream, and tells whether it had text.
func (m *Marker) Event(data []byte) (text bool, err error) {
	if m.done {
		return false, fmt.Errorf("something comes after [DONE]: %.40q", data)
	}
	if string(data) == "[DONE]" {
		m.done = true
		return false, nil
	}
	f, ok := read(data, "delta")
	switch {
	case !ok:
		return false, fmt.Errorf("an event is not JSON: %.60q", data)
	case !f.hasChoices:
		return false, fmt.Errorf("an event is no chunk: %.120q", data)
	case f.choices > 1:
		return false, fmt.Errorf("an event has %d choices", f.choices)
	}
	if len(f.text) > 0 || (m.paper.any && f.toolOrRefuse) {
		if m.finished {
			return false, errors.New("text comes after finish_reason")
		}
		text = true
		m.chunks++
		if err := m.chunk(f.text); err != nil {
			return true, err
		}
	}
	if len(f.finish) > 0 {
		if m.finished {
			return text, errors.New("there are two finish_reasons")
		}
		m.finished = true
		if !m.paper.any && string(f.finish) != "stop" {
			return text, fmt.Errorf("finish_reason is %.40q, want stop", f.finish)
		}
	}
	if f.usage && f.choices == 0 {
		if m.usage {
			return text, errors.New("there are two chunks with usage")
		}
		m.usage = true
		if !m.paper.any {
			return text, m.tokens(&f, int64(m.paper.Chunks))
		}
	}
	return text, nil
}

// chunk marks the text of one chunk.
func (m *Marker) chunk(text []byte) error {
	if m.paper.any {
		return nil
	}
	m.text = AppendChunk(m.text[:0], &m.ask, m.chunks-1)
	if m.chunks > m.paper.Chunks {
		return fmt.Errorf("there are more than %d chunks", m.paper.Chunks)
	}
	if !bytes.Equal(text, m.text) {
		return fmt.Errorf("chunk %d: %w", m.chunks-1, differ(text, m.text))
	}
	return nil
}

// Chunks returns how many chunks with text the stream has had.
func (m *Marker) Chunks() int { return m.chunks }

// End marks the end of a stream.
func (m *Marker) End() error {
	switch {
	case !m.done:
		return fmt.Errorf("the stream ends after %d chunks without [DONE]", m.chunks)
	case !m.finished:
		return errors.New("the stream has no finish_reason")
	case m.paper.any:
		return nil
	case m.chunks != m.paper.Chunks:
		return fmt.Errorf("the stream has %d chunks, want %d", m.chunks, m.paper.Chunks)
	case !m.usage:
		return errors.New("the stream has no usage, which was asked for")
	}
	return nil
}

// read reads a chat completion, or a chunk of one; inner is what the text is in.
func read(b []byte, inner string) (found, bool) {
	var f found
	c := cursor{b: b}
	n := 0
	c.open('{')
	for c.more('}', &n) {
		switch string(c.key()) {
		case "choices":
			f.hasChoices = true
			k := 0
			c.open('[')
			for c.more(']', &k) {
				f.choices++
				f.choice(&c, inner)
			}
		case "usage":
			if !c.null() {
				f.readUsage(&c)
			}
		default:
			c.skip()
		}
	}
	return f, c.end()
}

func (f *found) choice(c *cursor, inner string) {
	n := 0
	c.open('{')
	for c.more('}', &n) {
		switch key := c.key(); {
		case string(key) == inner:
			k := 0
			c.open('{')
			for c.more('}', &k) {
				f.member(c)
			}
		case string(key) == "finish_reason" && !c.null():
			f.finish = c.str()
		case string(key) == "finish_reason":
		default:
			c.skip()
		}
	}
}

// member reads a member of a message or a delta.
func (f *found) member(c *cursor) {
	switch string(c.key()) {
	case "content":
		if !c.null() {
			f.text = c.str()
			f.hasText = true
		}
	case "tool_calls", "refusal", "reasoning", "reasoning_content":
		if !c.null() {
			f.toolOrRefuse = true
			c.skip()
		}
	default:
		c.skip()
	}
}

func (f *found) readUsage(c *cursor) {
	f.usage = true
	n := 0
	c.open('{')
	for c.more('}', &n) {
		switch string(c.key()) {
		case "prompt_tokens":
			f.prompt = c.integer()
		case "completion_tokens":
			f.completion = c.integer()
		default:
			c.skip()
		}
	}
}
