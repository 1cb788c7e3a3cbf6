package telemetry_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/record"
	"github.com/gatehouse-ai/gatehouse/telemetry"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// log is a writer that may be read at the same time. If gate is set every
// Write takes a value from it first, and fails with it if it is an error.
type log struct {
	gate chan error

	mu     sync.Mutex
	b      bytes.Buffer
	writes []int
	half   bool // a Write that fails writes half
}

func (l *log) Write(p []byte) (int, error) {
	var err error
	if l.gate != nil {
		err = <-l.gate
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.writes = append(l.writes, len(p))
	if err != nil {
		if l.half {
			p = p[:len(p)/2]
			l.b.Write(p)
			return len(p), err
		}
		return 0, err
	}
	return l.b.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *log) count() int { return strings.Count(l.String(), "\n") }

func TestOneLineAppearsSoon(t *testing.T) {
	for _, format := range []string{telemetry.JSON, telemetry.Text} {
		synctest.Test(t, func(t *testing.T) {
			var l log
			a := telemetry.NewAccess(&l, format, slog.LevelInfo)
			defer a.Close()
			for i := range 3 { // the writer falls asleep in between
				a.Done(good())
				synctest.Wait()
				if n := l.count(); n != i {
					t.Errorf("%s: %d lines are written on the path of request %d", format, n, i)
				}
				<-time.After(50 * time.Millisecond)
				if n := l.count(); n != i+1 {
					t.Errorf("%s: %d lines 50 ms after request %d", format, n, i)
				}
				<-time.After(time.Hour)
			}
		})
	}
}

func TestLinesAreWrittenInBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l log
		a := telemetry.NewAccess(&l, telemetry.JSON, slog.LevelInfo)
		defer a.Close()
		s := a.Shard(3)
		for range 100 {
			s.Done(good())
		}
		<-time.After(50 * time.Millisecond)
		if l.count() != 100 || len(l.writes) != 1 {
			t.Errorf("%d lines in %d writes", l.count(), len(l.writes))
		}
		began := time.Now()
		for range 500 { // more than 64 KiB do not wait for the time
			s.Done(good())
		}
		synctest.Wait()
		if l.count() <= 200 || !time.Now().Equal(began) {
			t.Errorf("%d lines", l.count())
		}
		<-time.After(50 * time.Millisecond)
		if l.count() != 600 {
			t.Errorf("%d lines", l.count())
		}
	})
}

func TestFlushAndClose(t *testing.T) {
	var l log
	a := telemetry.NewAccess(&l, telemetry.JSON, slog.LevelInfo)
	for i := range 8 {
		a.Done(good())
		a.Shard(i).Done(good())
	}
	a.Flush()
	if l.count() != 16 {
		t.Errorf("%d lines after Flush", l.count())
	}
	a.Done(good())
	a.Close()
	a.Close()
	if l.count() != 17 {
		t.Errorf("%d lines after Close", l.count())
	}
	a.Done(good())
	a.Shard(0).Done(good())
	a.Shard(99).Done(good())
	a.Logger().Info("the end")
	if l.count() != 21 || a.Dropped() != 0 {
		t.Errorf("%d lines, %d dropped", l.count(), a.Dropped())
	}
}

func TestShardsAreTheSameEachTime(t *testing.T) {
	a := telemetry.NewAccess(io.Discard, telemetry.JSON, slog.LevelInfo)
	defer a.Close()
	m := telemetry.NewMetrics("v1")
	third, counts := a.Shard(2), m.Shard(2)
	if a.Shard(2) != third || a.Shard(0) == a.Shard(1) || m.Shard(2) != counts || m.Shard(0) == m.Shard(1) {
		t.Error("a shard is not one event loop's")
	}
}

var told = regexp.MustCompile(`"level":"WARN","msg":"lines about requests are missing from the log[^"]*","lines":(\d+)}`)

// dropped returns how many lines warnings tell of.
func dropped(t *testing.T, text string) (n uint64) {
	t.Helper()
	for _, m := range told.FindAllStringSubmatch(text, -1) {
		i, err := strconv.ParseUint(m[1], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		n += i
	}
	return n
}

func TestASlowReaderLosesLinesNotRequests(t *testing.T) {
	for _, format := range []string{telemetry.JSON, telemetry.Text} {
		l := log{gate: make(chan error)}
		a := telemetry.NewAccess(&l, format, slog.LevelInfo)
		s := a.Shard(0)
		const requests = 30_000 // about 12 MB
		for range requests {
			s.Done(good())
		}
		if n := a.Dropped(); n == 0 || n > requests*9/10 {
			t.Errorf("%s: %d lines of %d are dropped", format, n, requests)
		}
		close(l.gate) // it is read again
		a.Flush()
		lost := a.Dropped()
		text := l.String()
		if n := strings.Count(text, "llama-3.1-8b"); uint64(n)+lost != requests {
			t.Errorf("%s: %d lines are written, %d dropped, of %d", format, n, lost, requests)
		}
		if len(text) > 5<<20 {
			t.Errorf("%s: %d bytes were held", format, len(text))
		}
		if format == telemetry.JSON {
			if n := dropped(t, text); n != lost {
				t.Errorf("warnings tell of %d lines, %d are dropped", n, lost)
			}
		} else if !strings.Contains(text, fmt.Sprint("lines=", lost)) {
			t.Error("no warning")
		}
		s.Done(good())
		a.Close()
		if a.Dropped() != lost || strings.Count(l.String(), "llama-3.1-8b")+int(lost) != requests+1 {
			t.Errorf("%s: lines are dropped although there is room: %d", format, a.Dropped())
		}
	}
}

func TestLinesThatCannotBeWritten(t *testing.T) {
	l := log{gate: make(chan error, 100), half: true}
	a := telemetry.NewAccess(&l, telemetry.JSON, slog.LevelInfo)
	defer a.Close()
	defer close(l.gate)
	s := a.Shard(0)
	full := errors.New("disk full")
	l.gate <- full
	for range 10 {
		s.Done(good())
	}
	a.Flush() // half of the lines, the last one of them cut
	if n := a.Dropped(); n != 5 {
		t.Errorf("%d lines are dropped", n)
	}
	l.gate <- full // not even the end of the line that was cut
	s.Done(good())
	a.Flush()
	if n := a.Dropped(); n != 6 {
		t.Errorf("%d lines are dropped", n)
	}
	for range 3 {
		l.gate <- nil
	}
	s.Done(good())
	a.Flush()
	if n := dropped(t, l.String()); n != 6 {
		t.Errorf("the warning tells of %d lines", n)
	}
	if n := strings.Count(l.String(), "}\n"); n != 5+1+1 {
		t.Errorf("%d whole lines:\n%s", n, &l)
	}
}

func TestLinesStayWhole(t *testing.T) {
	for _, format := range []string{telemetry.JSON, telemetry.Text} {
		var l log
		a := telemetry.NewAccess(&l, format, slog.LevelInfo)
		const workers, each = 8, 500
		var wg sync.WaitGroup
		for i := range workers {
			wg.Go(func() {
				s := a.Shard(i / 2)
				for j := range each {
					s.Done(good())
					a.Done(good())
					if j%10 == 0 {
						a.Logger().Info("something else")
						a.Flush()
						_ = a.Dropped()
					}
				}
			})
		}
		wg.Wait()
		a.Close()
		requests, others := 0, 0
		for line := range strings.Lines(l.String()) {
			begins, ends := `{"time":"20`, "}\n"
			if format == telemetry.Text {
				begins, ends = "time=20", "\n"
			}
			if !strings.HasPrefix(line, begins) || !strings.HasSuffix(line, ends) || strings.Count(line, "level") != 1 {
				t.Fatalf("a line is cut: %q", line)
			}
			if strings.Contains(line, "something else") {
				others++
			} else {
				requests++
			}
		}
		if requests != 2*workers*each || others != workers*each/10 {
			t.Errorf("%d and %d lines", requests, others)
		}
	}
}

// What is logged and counted must not change with the buffer that it was in.
func TestBuffersOfRequestsAreNotKept(t *testing.T) {
	var l log
	a := telemetry.NewAccess(&l, telemetry.JSON, slog.LevelInfo)
	m := telemetry.NewMetrics("v1")
	b := newRequest("first-route")
	a.Done(b.record)
	m.Done(b.record)
	b.reuse("other-route")
	a.Done(b.record)
	m.Done(b.record)
	b.reuse("third-route")
	a.Close()
	for _, route := range []string{"first-route", "other-route"} {
		if n := strings.Count(l.String(), route); n != 5 {
			t.Errorf("%s stands %d times in %s", route, n, &l)
		}
		want := `gatehouse_requests_total{endpoint="` + route + `",operation="unknown",outcome="unknown",route="` + route + `",status="unknown"} 1`
		if lines := scrape(t, m, want); len(lines) != 1 {
			t.Errorf("got %v", scrape(t, m, "gatehouse_requests_total"))
		}
	}
	for _, line := range scrape(t, m, "gatehouse_") {
		if strings.Contains(line, "third-route") {
			t.Error(line)
		}
	}
}

// request is a record whose texts are in a buffer.
type request struct {
	buf    []byte
	record *record.Record
}

func newRequest(text string) *request {
	b := &request{buf: []byte(text)}
	view := wire.View(b.buf)
	b.record = &record.Record{
		Operation: view, Route: view, Endpoint: view, Outcome: record.Outcome(view), Model: view,
		Attempts: 2, Fallback: true,
	}
	return b
}

// reuse overwrites the buffer with a text that is as long.
func (b *request) reuse(text string) { copy(b.buf, text) }

func TestAccessDoneDoesNotAllocate(t *testing.T) {
	a := telemetry.NewAccess(io.Discard, telemetry.JSON, slog.LevelInfo)
	defer a.Close()
	r := good()
	s := a.Shard(0)
	for range 2 { // both of a shard's buffers
		s.Done(r)
		a.Flush()
	}
	if n := testing.AllocsPerRun(100, func() { s.Done(r) }); n != 0 {
		t.Errorf("a shard: %v allocations", n)
	}
	for range 1000 { // in every shard: the race detector has cores change theirs
		a.Done(r)
	}
	a.Flush()
	a.Done(r)
	if n := testing.AllocsPerRun(100, func() { a.Done(r) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkAccessDone(b *testing.B) {
	// open has its lines written as often as they would be on a busy gateway:
	// nothing else keeps up with a loop that does nothing but log.
	open := func(b *testing.B, format string, level slog.Level) *telemetry.Access {
		a := telemetry.NewAccess(io.Discard, format, level)
		b.Cleanup(func() {
			if n := a.Dropped(); n > 0 {
				b.Errorf("%d lines are dropped", n)
			}
			a.Close()
		})
		b.ReportAllocs()
		return a
	}
	const batch = 128
	run := func(b *testing.B, format string, level slog.Level, r *record.Record) {
		a := open(b, format, level)
		for i := 0; b.Loop(); i++ {
			a.Done(r)
			if i%batch == 0 {
				a.Flush()
			}
		}
	}
	b.Run("json", func(b *testing.B) { run(b, telemetry.JSON, slog.LevelInfo, good()) })
	b.Run("text", func(b *testing.B) { run(b, telemetry.Text, slog.LevelInfo, good()) })
	b.Run("off", func(b *testing.B) { run(b, telemetry.JSON, slog.LevelError, good()) })
	b.Run("fault", func(b *testing.B) {
		run(b, telemetry.JSON, slog.LevelInfo, with(func(r *record.Record) {
			r.Fault = fault.New(fault.UnknownModel, "The model %q does not exist or you do not have access to it.", "gpt-9")
		}))
	})
	b.Run("shard", func(b *testing.B) {
		a := open(b, telemetry.JSON, slog.LevelInfo)
		s, r := a.Shard(0), good()
		for i := 0; b.Loop(); i++ {
			s.Done(r)
			if i%batch == 0 {
				a.Flush()
			}
		}
	})
	b.Run("parallel", func(b *testing.B) {
		a := open(b, telemetry.JSON, slog.LevelInfo)
		b.RunParallel(func(pb *testing.PB) {
			r := good()
			for i := 0; pb.Next(); i++ {
				a.Done(r)
				if i%batch == 0 {
					a.Flush()
				}
			}
		})
	})
}
