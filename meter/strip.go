package meter

import (
	"bytes"

	"github.com/gatehouse-ai/gatehouse/wire"
)

// Strip returns an event of a stream of chat completions without the usage that
// the client did not ask for: nothing of the chunk that has nothing else, the
// bytes around a usage that is null, or else all of it. What has to be put
// together is in buf, which is returned to be used again.
func Strip(e wire.Event, buf []byte) (raw, grown []byte) {
	if !bytes.Contains(e.Data, usageKey) {
		return e.Raw, buf
	}
	var usage, choices wire.Member
	if wire.Scan(e.Data, func(m wire.Member) error {
		switch string(m.Key) {
		case "usage":
			usage = m
		case "choices":
			choices = m
		}
		return nil
	}) != nil || usage.End == 0 {
		return e.Raw, buf
	}
	switch {
	case choices.End > 0 && empty(e.Data[choices.Start:choices.End]) && e.Data[usage.Start] == '{':
		return nil, buf
	case string(e.Data[usage.Start:usage.End]) == "null":
		return cut(e, usage, buf)
	}
	return e.Raw, buf
}

var usageKey = []byte(`"usage"`)

// empty tells whether an array or object has nothing in it.
func empty(v []byte) bool { return len(bytes.TrimSpace(v[1:len(v)-1])) == 0 }

// cut returns the event without the usage member of its data.
func cut(e wire.Event, m wire.Member, buf []byte) (raw, grown []byte) {
	at := place(e)
	key := bytes.LastIndex(e.Data[:m.Start], usageKey)
	if at < 0 || key < 0 { // several data lines
		return e.Raw, buf
	}
	start, end := key, m.End
	for start > 0 && isSpace(e.Data[start-1]) {
		start--
	}
	if e.Data[start-1] == ',' {
		start--
	} else { // the first member takes the comma after it along
		end = skipSpace(e.Data, end)
		if end < len(e.Data) && e.Data[end] == ',' {
			end++
		}
	}
	buf = append(buf[:0], e.Raw[:at+start]...)
	buf = append(buf, e.Raw[at+end:]...)
	return buf, buf
}

// place returns where the data of an event of one data line stands in it. For
// one of several lines, which are nowhere in one piece, it is -1.
func place(e wire.Event) int {
	const first = len("data: ")
	if len(e.Raw) >= first+len(e.Data) && string(e.Raw[:first]) == "data: " && bytes.Equal(e.Raw[first:first+len(e.Data)], e.Data) {
		return first
	}
	return bytes.Index(e.Raw, e.Data)
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
