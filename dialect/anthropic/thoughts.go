package anthropic

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/gatehouse-ai/gatehouse/dialect/param"
)

// takeThinking takes the thinking blocks out of the messages of a request,
// since OpenAI's API has none. It returns the rest of the body, and the blocks
// by the path of their message.
func takeThinking(body []byte) ([]byte, map[string][]block, error) {
	if !bytes.Contains(body, []byte(`"thinking_blocks"`)) {
		return body, nil, nil
	}
	top, err := param.Body(body)
	if err != nil {
		return nil, nil, err
	}
	taken := map[string][]block{}
	rest, err := rebuild(top, func(name string, v param.Value) ([]byte, error) {
		if name != "messages" || v.Type() != param.Array {
			return v.Raw, nil
		}
		list := []byte{'['}
		err := v.Elements(func(i int, m param.Value) error {
			if i > 0 {
				list = append(list, ',')
			}
			raw, err := takeFrom(m, taken)
			list = append(list, raw...)
			return err
		})
		return append(list, ']'), err
	})
	return rest, taken, err
}

// takeFrom returns a message without its thinking blocks, which it adds to
// taken.
func takeFrom(m param.Value, taken map[string][]block) ([]byte, error) {
	if m.Type() != param.Object {
		return m.Raw, nil
	}
	return rebuild(m, func(name string, v param.Value) ([]byte, error) {
		if name != "thinking_blocks" {
			return v.Raw, nil
		}
		return nil, v.Elements(func(_ int, e param.Value) error {
			b, err := readThought(e)
			taken[m.Path] = append(taken[m.Path], b)
			return err
		})
	})
}

// rebuild returns an object with the values that f makes of its members, and
// without those for which it makes none.
func rebuild(v param.Value, f func(name string, v param.Value) ([]byte, error)) ([]byte, error) {
	b := make([]byte, 1, len(v.Raw))
	b[0] = '{'
	err := v.Members(func(name string, m param.Value) error {
		raw, err := f(name, m)
		if err != nil || raw == nil {
			return err
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		key, err := encode(name)
		b = append(append(append(b, key...), ':'), raw...)
		return err
	})
	return append(b, '}'), err
}

// readThought reads a thinking block, as an answer had it.
func readThought(v param.Value) (block, error) {
	var kind, thinking, signature, data string
	fields := []param.Field{
		param.Need("type", param.OneOf(&kind, "thinking", "redacted_thinking")),
		param.May("thinking", param.Text(&thinking)), // empty, where its display is omitted
		param.May("signature", param.Text(&signature)),
		param.May("data", param.Text(&data)),
	}
	leave := func(param.Value) error { return nil } // what else clients keep beside it
	switch err := v.Fields(leave, fields...); {
	case err != nil:
		return block{}, err
	case kind == "redacted_thinking" && data == "":
		return block{}, v.Missing("data")
	case kind == "redacted_thinking":
		return block{Type: kind, Data: data}, nil
	case signature == "":
		return block{}, v.Missing("signature")
	}
	return block{Type: kind, Thinking: &thinking, Signature: signature}, nil
}

// appendThought appends the block in which a client may bring b back. Thinking
// that is not signed cannot come back.
func appendThought(dst []block, b replyBlock) []block {
	switch {
	case b.Type == "thinking" && b.Signature != "":
		return append(dst, block{Type: b.Type, Thinking: &b.Thinking, Signature: b.Signature})
	case b.Type == "redacted_thinking" && b.Data != "":
		return append(dst, block{Type: b.Type, Data: b.Data})
	}
	return dst
}

// withThoughts puts thinking blocks into the message of a completion. In its
// JSON the quotes within strings are escaped, so that only the member itself
// is found.
func withThoughts(completion []byte, thoughts []block) ([]byte, error) {
	if len(thoughts) == 0 {
		return completion, nil
	}
	list, err := encode(thoughts)
	if err != nil {
		return nil, fmt.Errorf("thinking blocks: %w", err)
	}
	head, rest, found := bytes.Cut(completion, []byte(`"message":{`))
	if !found {
		return nil, errors.New("the completion has no message")
	}
	out := make([]byte, 0, len(completion)+len(list)+32)
	out = append(append(out, head...), `"message":{"thinking_blocks":`...)
	return append(append(append(out, list...), ','), rest...), nil
}
