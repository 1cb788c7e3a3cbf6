package wire_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/wire"
)

// model is the plain reading of the specification: normalise line ends, split
// at blank lines.
func model(stream string) (events []string) {
	stream = strings.TrimPrefix(stream, "\xef\xbb\xbf")
	stream = strings.ReplaceAll(strings.ReplaceAll(stream, "\r\n", "\n"), "\r", "\n")
	blocks := strings.SplitAfter(stream, "\n")
	var name string
	var data []string
	for _, line := range blocks {
		if !strings.HasSuffix(line, "\n") {
			break // incomplete
		}
		line = strings.TrimSuffix(line, "\n")
		if line == "" {
			if data != nil || name != "" {
				events = append(events, fmt.Sprintf("%q %q", name, strings.Join(data, "\n")))
			}
			name, data = "", nil
			continue
		}
		k, v, _ := strings.Cut(line, ":")
		v = strings.TrimPrefix(v, " ")
		switch k {
		case "data":
			data = append(data, v)
		case "event":
			name = v
		}
	}
	return events
}

func feed(t *testing.T, stream string, cuts []byte) (events []string, raw string) {
	t.Helper()
	var s wire.Events
	p := []byte(stream)
	for i := 0; len(p) > 0; i++ {
		n := len(p)
		if len(cuts) > 0 {
			n = min(n, int(cuts[i%len(cuts)])%7+1)
		}
		piece := bytes.Clone(p[:n]) // the splitter may not keep it
		err := s.Feed(piece, func(e wire.Event) error {
			raw += string(e.Raw)
			if e.Data != nil || len(e.Name) > 0 {
				events = append(events, fmt.Sprintf("%q %q", e.Name, e.Data))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for i := range piece {
			piece[i] = '#'
		}
		p = p[n:]
	}
	return events, raw + string(s.Rest())
}

var streams = []string{
	"data: a\n\ndata: b\n\n", "data: a\r\n\r\ndata: b\r\n\r\n", "data: a\r\rdata: b\r\r",
	"data: a\n\r\ndata: b\r\n\ndata: c\r\n\rdata: d\n\r", ": ping\n\ndata:x\n\n", "event: e\ndata: 1\ndata: 2\n\n",
	"data\n\n", "data:\n\n", "data:  two\n\n", "id: 4\nretry: 3\ndata: x\n\n", "data: cut", "\n\n\ndata: x\n\n", "\xef\xbb\xbfdata: bom\n\n",
	"data: [DONE]\n\n", "event: x\n\n", "\r\n\r\n", "data: a\r", "data: " + strings.Repeat("long ", 500) + "\r\n\r\n",
}

func TestEventsOnEverySplit(t *testing.T) {
	for _, s := range streams {
		want := fmt.Sprint(model(s))
		for _, cuts := range [][]byte{nil, {0}, {1}, {2}, {0, 3, 1}, {5, 0}} {
			got, raw := feed(t, s, cuts)
			if fmt.Sprint(got) != want {
				t.Errorf("%q cut by %v:\n got %s\nwant %s", s, cuts, got, want)
			}
			if raw != s {
				t.Errorf("%q cut by %v: the raw bytes are %q", s, cuts, raw)
			}
		}
	}
}

// An event must be handed on when its last byte is there, not with the next piece.
func TestEventsAreNotHeldBack(t *testing.T) {
	for _, end := range []string{"\n\n", "\r\n\r\n", "\r\r", "\n\r"} {
		var s wire.Events
		n := 0
		for i := range 3 {
			if err := s.Feed([]byte("data: x"+end), func(e wire.Event) error {
				if e.Data != nil {
					n++
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if n != i+1 {
				t.Fatalf("%q: %d events after %d pieces", end, n, i+1)
			}
		}
	}
}

func FuzzEvents(f *testing.F) {
	for _, s := range streams {
		f.Add(s, []byte{1})
		f.Add(s, []byte{3, 0, 2})
	}
	f.Fuzz(func(t *testing.T, s string, cuts []byte) {
		got, raw := feed(t, s, cuts)
		want := model(s)
		if len(got) < len(want) && strings.HasSuffix(s, "\r") {
			want = model(s[:len(s)-1]) // what may be half of a CRLF is waited for
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%q cut by %v:\n got %s\nwant %s", s, cuts, got, want)
		}
		if raw != s {
			t.Errorf("%q cut by %v: raw %q", s, cuts, raw)
		}
	})
}

func TestEventsAreBounded(t *testing.T) {
	s := wire.Events{Max: 100}
	err := s.Feed([]byte("data: "+strings.Repeat("x", 200)), func(wire.Event) error { return nil })
	if !errors.Is(err, wire.ErrEventTooLarge) {
		t.Errorf("got %v", err)
	}
	l := wire.Lines{Max: 100}
	if err := l.Feed(bytes.Repeat([]byte("x"), 200), func([]byte) error { return nil }); !errors.Is(err, wire.ErrEventTooLarge) {
		t.Errorf("got %v", err)
	}
}

func TestLines(t *testing.T) {
	const stream = "{\"a\":1}\n\r\n{\"b\":2}\r\n\n{\"c\":3}"
	for n := 1; n <= len(stream); n++ {
		var l wire.Lines
		var got []string
		for p := stream; len(p) > 0; {
			k := min(n, len(p))
			if err := l.Feed([]byte(p[:k]), func(b []byte) error { got = append(got, string(b)); return nil }); err != nil {
				t.Fatal(err)
			}
			p = p[k:]
		}
		if fmt.Sprint(got) != `[{"a":1} {"b":2}]` || string(l.Rest()) != `{"c":3}` {
			t.Errorf("cut by %d: %s, rest %s", n, got, l.Rest())
		}
	}
}

func BenchmarkEvents(b *testing.B) {
	one := "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" token\"}}]}\n\n"
	p := []byte(strings.Repeat(one, 8))
	b.SetBytes(int64(len(p)))
	b.ReportAllocs()
	var s wire.Events
	for b.Loop() {
		if err := s.Feed(p, func(wire.Event) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
