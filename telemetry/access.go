package telemetry

import (
	"io"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-ai/gatehouse/record"
)

const (
	// delay is how long lines wait for company. One alone appears after it.
	delay = 20 * time.Millisecond
	// enough is how many bytes of lines are written without further delay.
	enough = 64 << 10
	// maxWaiting bounds the bytes of lines that wait in one shard, while as many
	// more are being written. Lines beyond it are dropped.
	maxWaiting = 2 << 20
)

// The states of Access.
const (
	idle   int32 = iota // no line waits that the writer does not know of
	awake               // the writer has been told and will write
	closed              // nobody waits for lines: who adds one writes it
)

// Access writes one line for each request. Done only puts it into memory; a
// goroutine writes lines in batches, 20 ms after the first of a batch or when
// there are 64 KiB. So a request never waits for the log. If the log's reader
// is so slow that 2 MiB wait in a shard, further lines are dropped and counted,
// and a warning says how many they were once there is room again.
//
// Other lines go to the same writer through Logger, at once. Lines are never
// cut by others.
type Access struct {
	out    *lines
	json   bool
	level  slog.Level
	logger *slog.Logger
	shards *shards[AccessShard]

	state  atomic.Int32
	wake   chan struct{} // lines wait
	hurry  chan struct{} // many do
	closes chan struct{}
	done   chan struct{} // the goroutine has ended
	once   sync.Once

	writing sync.Mutex // held while batches are written; guards what follows
	told    uint64     // of the dropped lines, those that a warning told of
	failed  atomic.Uint64
}

// NewAccess returns a log of lines of at least the given level that goes to w.
// A format that is none of Formats is taken for Auto. The caller ends it with
// Close.
func NewAccess(w io.Writer, format string, level slog.Level) *Access {
	format = resolve(w, format)
	a := &Access{
		out: &lines{w: w}, json: format == JSON, level: level,
		wake: make(chan struct{}, 1), hurry: make(chan struct{}, 1), closes: make(chan struct{}), done: make(chan struct{}),
	}
	a.logger = slog.New(newHandler(a.out, format, level))
	a.shards = newShards(runtime.GOMAXPROCS(0), func() *AccessShard {
		s := &AccessShard{log: a}
		if !a.json {
			s.text = newHandler(writerFunc(s.append), Text, level)
		}
		return s
	})
	go a.run()
	return a
}

// Logger returns a logger for lines about other things than requests. They are
// written at once, between batches.
func (a *Access) Logger() *slog.Logger { return a.logger }

// Shard returns the part of the log that is for event loop i alone: loops that
// have one each do not wait for each other.
func (a *Access) Shard(i int) *AccessShard { return a.shards.at(i) }

// Done adds the line of a request that has ended, at the level that goes with
// its failure, or Info if there was none. What is zero is left out. The record
// is not kept.
func (a *Access) Done(r *record.Record) {
	s := a.shards.borrow()
	s.Done(r)
	a.shards.put(s)
}

// Dropped returns how many lines were not written, because too many waited or
// because writing them failed.
func (a *Access) Dropped() uint64 {
	n := a.failed.Load()
	for _, s := range a.shards.all() {
		n += s.dropped.Load()
	}
	return n
}

// Flush returns when every line that was added before the call is written.
func (a *Access) Flush() {
	a.writing.Lock()
	defer a.writing.Unlock()
	through := true
	for _, s := range a.shards.all() {
		through = a.write(s) && through
	}
	if dropped := a.Dropped(); through && dropped > a.told {
		a.logger.Warn("lines about requests are missing from the log: it was not read fast enough, or could not be written", "lines", dropped-a.told)
		a.told = dropped
	}
}

// Close flushes and ends the log's goroutine. Lines that are added later are
// written at once.
func (a *Access) Close() {
	a.once.Do(func() {
		a.state.Store(closed)
		close(a.closes)
	})
	<-a.done
}

// run writes batches until Close.
func (a *Access) run() {
	defer close(a.done)
	defer a.Flush()
	timer := time.NewTimer(delay)
	defer timer.Stop()
	for {
		select {
		case <-a.wake:
		case <-a.closes:
			return
		}
		timer.Reset(delay)
		select {
		case <-timer.C:
		case <-a.hurry:
		case <-a.closes:
			return
		}
		// Lines that are added from here on wake this goroutine again.
		a.state.CompareAndSwap(awake, idle)
		a.Flush()
	}
}

// write writes what waits in a shard, and tells whether that succeeded.
func (a *Access) write(s *AccessShard) bool {
	batch := s.take()
	if len(batch) == 0 {
		return true
	}
	n, err := a.out.Write(batch)
	if err != nil {
		a.failed.Add(uint64(unwritten(batch, n)))
	}
	s.giveBack(batch)
	return err == nil
}

// added sees to it that a line that was added is written.
func (a *Access) added() {
	if a.state.CompareAndSwap(idle, awake) {
		signal(a.wake)
	} else if a.state.Load() == closed {
		a.Flush()
	}
}

// signal leaves a token in c, unless there is one.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// writerFunc is a function that is a writer.
type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
