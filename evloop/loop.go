package evloop

import (
	"fmt"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// maxEvents is how many events one batch has at most.
const maxEvents = 256

// rebase is how often the wall clock is read; between two readings the time is
// told by the monotonic clock, which costs less.
const rebase = time.Second

// wakeSlot is the slot of events that only end a wait. No connection has it.
const wakeSlot = 0

// A Loop waits for the events of its connections and hands them to their
// handlers, one after another. Run serves it.
type Loop struct {
	poll   poller
	events []event

	slots  []*Conn // the connections, each at its slot
	free   []int32 // slots without one
	gen    int32   // of the connection adopted last
	count  atomic.Int64
	ready  []*Conn // to be read again though no event will come
	spare  []*Conn // what becomes ready next
	timers timerHeap
	after  func()
	linger bool
	busy   bool // the last batch had events

	start   time.Time
	now     int64 // since start, at the beginning of the batch
	wall    reading
	present time.Time // the same as now

	mu       sync.Mutex
	posted   []func()
	running  []func() // what becomes posted next; of the loop alone
	stopped  bool
	closed   bool
	sleeping atomic.Bool // a post has to wake the loop

	buffers [][]byte // for what connections keep
	cipher  []byte   // what crypto/tls writes, until it is sent
	plain   []byte   // where small parts of a message become one record
}

// A reading is the wall clock at a time of the loop.
type reading struct {
	at   int64
	time time.Time
}

// New makes a loop that waits to be Run, which frees it in the end.
func New() (*Loop, error) {
	p, err := newPoller()
	if err != nil {
		return nil, fmt.Errorf("evloop: a new loop: %w", err)
	}
	l := &Loop{poll: p, events: make([]event, maxEvents), slots: make([]*Conn, wakeSlot+1), start: time.Now()}
	l.wall, l.present = reading{time: l.start}, l.start
	return l, nil
}

// Run serves the loop on the calling goroutine, which it locks to its thread,
// until Stop. In the end it closes all connections and tells no handler.
func (l *Loop) Run() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for !l.turn() {
	}
	l.close()
}

// Stop makes Run return after the batch of events that it is at. Any goroutine
// may call it, more than once.
func (l *Loop) Stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopped = true
	l.wake()
}

// Post has f run on the loop soon, in the order of the calls. Any goroutine may
// call it. When it reports true, f runs as long as Run does, be it as the last
// thing before connections are closed; after Stop it reports false, and f never
// runs.
func (l *Loop) Post(f func()) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped {
		return false
	}
	l.posted = append(l.posted, f)
	l.wake()
	return true
}

// wake ends the wait of a loop that sleeps, once. The caller holds the lock, so
// that the poller is not closed meanwhile.
func (l *Loop) wake() {
	if !l.closed && l.sleeping.CompareAndSwap(true, false) {
		l.poll.wake()
	}
}

// Now returns the time at which the present batch of events began.
func (l *Loop) Now() time.Time { return l.present }

// Conns returns how many connections the loop has. Any goroutine may call it.
func (l *Loop) Conns() int { return int(l.count.Load()) }

// AfterBatch has f called after each batch of events. It replaces what was
// given before and is called on the loop, or before Run.
func (l *Loop) AfterBatch(f func()) { l.after = f }

// turn waits for one batch of events and serves it. It reports whether the
// loop has been stopped.
func (l *Loop) turn() (stop bool) {
	n := l.wait()
	l.tick()
	for i := range l.events[:n] {
		e := &l.events[i]
		// A connection that has been closed in this batch is not at its slot
		// any more, or another one is.
		if c := l.slots[e.Fd]; c != nil && c.gen == e.Pad {
			c.serve(e.Events)
		}
	}
	l.serveReady()
	stop = l.runPosted()
	l.timers.fire(l.now)
	if l.after != nil {
		l.after()
	}
	return stop
}

// wait fills the events, and waits no longer than until the first timer, nor at
// all when there is something to do already.
func (l *Loop) wait() int {
	timeout := l.timers.wait(l.now)
	if len(l.ready) > 0 {
		timeout = 0
	}
	l.sleeping.Store(true)
	l.mu.Lock()
	if len(l.posted) > 0 || l.stopped {
		timeout = 0
	}
	l.mu.Unlock()
	n := 0
	if l.linger && l.busy && timeout != 0 {
		if n = l.poll.linger(l.events); n == 0 && timeout > 0 {
			timeout = max(0, timeout-lingering)
		}
	}
	if n == 0 {
		n = l.poll.wait(l.events, timeout)
	}
	l.busy = n > 0
	l.sleeping.Store(false)
	return n
}

// lingering is how long a loop that lingers waits with its processor, in
// milliseconds.
const lingering = 1

// Linger has the loop keep its processor while it waits for a moment for further
// events, which costs less than to give it up and take it back thousands of times
// a second. Such a loop needs a processor more in GOMAXPROCS than the rest of the
// program. It is called before Run.
func (l *Loop) Linger() { l.linger = true }

// tick reads the clock.
func (l *Loop) tick() {
	now := int64(time.Since(l.start))
	if now-l.wall.at > int64(rebase) {
		l.wall = reading{at: now, time: time.Now()}
	}
	l.now = now
	l.present = l.wall.time.Add(time.Duration(now - l.wall.at))
}

// serveReady tells handlers of what they can read without an event. What
// becomes ready meanwhile waits for the next batch, so that nobody starves.
func (l *Loop) serveReady() {
	if len(l.ready) == 0 {
		return
	}
	ready := l.ready
	l.ready, l.spare = l.spare[:0], nil
	for i, c := range ready {
		ready[i] = nil
		c.queued = false
		if !c.closed && !c.paused {
			c.readable()
		}
	}
	l.spare = ready[:0]
}

// runPosted runs what has been posted and reports whether nothing will be any
// more.
func (l *Loop) runPosted() (stopped bool) {
	l.mu.Lock()
	run := l.posted
	l.posted = l.running[:0]
	stopped = l.stopped
	l.mu.Unlock()
	for i, f := range run {
		run[i] = nil
		f()
	}
	l.running = run[:0]
	return stopped
}

func (l *Loop) close() {
	for _, c := range l.slots {
		if c != nil {
			c.Close()
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.poll.close()
}

// Adopt takes over a connection whose handshake, if any, is done, and that is a
// *net.TCPConn, a *net.UnixConn, or a *tls.Conn made by Server or Client. From
// then on nc must not be used; after an error it is the caller's as before. On
// the loop only.
func (l *Loop) Adopt(nc net.Conn, h Handler) (*Conn, error) {
	c := &Conn{loop: l, handler: h, timer: unarmed, remote: nc.RemoteAddr(), want: onRead | onHangup}
	raw, err := c.open(nc)
	if err != nil {
		return nil, fmt.Errorf("evloop: to adopt the connection with %v: %w", c.remote, err)
	}
	c.attach(raw)
	if c.tls != nil {
		c.enqueue() // the handshake may have brought data
	}
	return c, nil
}

// seat gives a connection a slot and a number that no other one had there.
func (l *Loop) seat(c *Conn) {
	l.gen++
	c.gen = l.gen
	if n := len(l.free); n > 0 {
		c.slot = l.free[n-1]
		l.free = l.free[:n-1]
		l.slots[c.slot] = c
	} else {
		c.slot = int32(len(l.slots))
		l.slots = append(l.slots, c)
	}
	l.count.Add(1)
}

func (l *Loop) unseat(c *Conn) {
	l.slots[c.slot] = nil
	l.free = append(l.free, c.slot)
	l.count.Add(-1)
}
