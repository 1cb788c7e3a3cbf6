package logline_test

import (
	"bytes"
	"errors"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/logline"
	"github.com/gatehouse-ai/gatehouse/meter"
	"github.com/gatehouse-ai/gatehouse/record"
)

// bySlog returns the line that slog makes of a request.
func bySlog(r *record.Record) string {
	var b bytes.Buffer
	logline.Handle(slog.NewJSONHandler(&b, &slog.HandlerOptions{Level: slog.LevelDebug}), r, logline.Message(r))
	return b.String()
}

func usual() *record.Record {
	return &record.Record{
		ID: "req_0123456789abcdef0123456789abcdef", Start: time.Date(2026, 1, 2, 3, 4, 5, 123456789, time.UTC),
		First: 120 * time.Millisecond, Duration: 1234567 * time.Microsecond,
		Method: "POST", Path: "/v1/chat/completions", Operation: "createChatCompletion", Remote: "10.1.2.3:4567", Key: "alice",
		Model: "gpt-4o-mini", Route: "gpt-4o-mini", Endpoint: "gpu1", Upstream: "llama-3.1-8b-instruct", Attempts: 1,
		Status: 200, Outcome: record.Complete, Stream: true, BytesIn: 312, BytesOut: 2048, Generation: 3,
		Usage: meter.Usage{Input: 100, Output: 220, CachedInput: 64, Known: true},
	}
}

// One clock serves all lines of a test, as it does in a shard.
func checkLine(t *testing.T, c *logline.Clock, r *record.Record) {
	t.Helper()
	got := string(logline.Append([]byte("before"), c, r, logline.Message(r)))
	if diff := cmp.Diff("before"+bySlog(r), got); diff != "" {
		t.Error(diff)
	}
}

func TestLineIsThatOfSlog(t *testing.T) {
	var c logline.Clock
	checkLine(t, &c, &record.Record{})
	checkLine(t, &c, usual())
	texts := []string{
		"plain", "quo\"te", `back\slash`, "\x00\x01\x1f\x7f", "\n\r\t\b\f", "<a href='x'>&</a>", "ü€😀", "\u2028\u2029\u202a",
		"\xff", "\xc3", "\xe2\x80", "a\xed\xa0\x80b", "\uFFFD", strings.Repeat("é", 300), strings.Repeat("\x01", 300), strings.Repeat("\xff", 300),
	}
	for _, s := range texts {
		r := usual()
		r.ID, r.Model, r.Path, r.Outcome = s, s, s+"x", record.Outcome(s)
		r.Fault = fault.Wrap(fault.Internal, errors.New(s+" sk-gh-0123456789"), "%s", s)
		checkLine(t, &c, r)
	}
	for _, d := range []time.Duration{
		1, 999, 1000, 1500, 10_000, 100_000, 999_999, 1_000_000, 1_001_000, 1_010_000, 1_100_000, 123_456_789, time.Hour + time.Microsecond,
		999_999_999_999_999_000, 1_000_000_000_000_000_000, 1_000_000_000_000_001_000, math.MaxInt64,
	} {
		for _, d := range []time.Duration{d, -d} {
			r := usual()
			r.First = d
			checkLine(t, &c, r)
		}
	}
	east, west := time.FixedZone("", 5*3600+1800), time.FixedZone("", -3600)
	for _, at := range []time.Time{
		time.Unix(0, 0), time.Unix(0, 1), time.Unix(1, 100_000_000).UTC(), time.Unix(1, 999_999_999).In(east), time.Unix(1, 999_999_999).In(west),
		time.Unix(-1, 5), time.Date(9999, 12, 31, 23, 59, 57, 0, time.UTC), time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC), time.Now(),
	} {
		r := usual()
		r.Start = at
		checkLine(t, &c, r)
		r.Start = at.In(west) // the same second, told in another zone
		checkLine(t, &c, r)
	}
	for _, n := range []int64{-1, 1, math.MaxInt64, math.MinInt64} {
		r := usual()
		r.BytesIn, r.Usage.Input, r.Generation, r.Fallback = n, n, uint64(n), true
		checkLine(t, &c, r)
	}
}

func FuzzLineIsThatOfSlog(f *testing.F) {
	f.Add("req_1", "/v1", "gpt", "msg", uint8(0), int64(1), int64(2), int64(1e9), int64(5), 200, true)
	f.Add("a\"b\\", "\x00\xff", "ü\u2028", "Bearer sk-gh-0123456789", uint8(3), int64(-1), int64(1e18), int64(-5), int64(999_999_999), -3, false)
	f.Fuzz(func(t *testing.T, id, path, model, message string, kind uint8, duration, bytes, sec, nano int64, status int, truth bool) {
		r := &record.Record{
			ID: id, Path: path, Model: model, Key: model + path, Remote: id, Outcome: record.Outcome(path),
			Start: time.Unix(sec%(200*365*86400), nano%1e9).In(time.FixedZone("", int(bytes%(12*60))*60)),
			First: time.Duration(duration), Duration: time.Duration(duration), Status: status, BytesIn: bytes, BytesOut: duration,
			Generation: uint64(bytes), Stream: truth, Fallback: truth, Attempts: status,
		}
		if truth {
			r.Fault = fault.New(fault.Kind(kind), "%s", message)
		}
		if y := logline.End(r).Year(); y < 0 || y > 9999 {
			return // slog's line would be no JSON
		}
		var c logline.Clock
		checkLine(t, &c, r)
		checkLine(t, &c, r)
	})
}

func TestLongestLine(t *testing.T) {
	for _, worst := range []string{"\x01", "\xff", "\u2028"} {
		s := strings.Repeat(worst, 3000)
		r := &record.Record{
			ID: s, ClientID: s, Method: s, Path: s, Operation: s, Remote: s, Key: s, Model: s, Route: s, Endpoint: s, Upstream: s,
			Outcome: record.Outcome(s), Fault: fault.New(fault.Internal, "%s", s), Start: time.Now(), First: math.MinInt64, Duration: math.MaxInt64 / 4,
			Fallback: true, Attempts: math.MinInt64, Status: math.MinInt64, Stream: true, BytesIn: math.MinInt64, BytesOut: math.MinInt64,
			Usage: meter.Usage{Input: math.MinInt64, Output: math.MinInt64, CachedInput: math.MinInt64}, Generation: math.MaxUint64,
		}
		var c logline.Clock
		if n := len(logline.Append(nil, &c, r, logline.Message(r))); n > logline.Max {
			t.Errorf("a line of %d bytes", n)
		}
	}
}

func TestAppendDoesNotAllocate(t *testing.T) {
	var c logline.Clock
	r, buf := usual(), make([]byte, 0, logline.Max)
	if n := testing.AllocsPerRun(100, func() {
		r.Start = r.Start.Add(time.Second)
		buf = logline.Append(buf[:0], &c, r, "")
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkLine(b *testing.B) {
	r := usual()
	b.Run("own", func(b *testing.B) {
		var c logline.Clock
		buf := make([]byte, 0, logline.Max)
		b.ReportAllocs()
		for b.Loop() {
			buf = logline.Append(buf[:0], &c, r, "")
		}
	})
	b.Run("slog", func(b *testing.B) {
		var buf bytes.Buffer
		h := slog.NewJSONHandler(&buf, nil)
		b.ReportAllocs()
		for b.Loop() {
			buf.Reset()
			logline.Handle(h, r, "")
		}
	})
}
