package evloop

import (
	"math"
	"time"
)

// unarmed is the place of a connection that no entry of the heap stands for.
const unarmed = -1

// A timerHeap has an entry for each connection that has or had a timer, the
// earliest first. An entry may be earlier than the timer: a timer that is moved
// to later, as most are again and again, leaves its entry alone, which is put
// right when it comes up.
type timerHeap []timerEntry

type timerEntry struct {
	at int64
	c  *Conn
}

// SetTimer has the handler's Timeout called once at a time, or soon if it has
// passed. It replaces the time set before; the zero time leaves none. Moving a
// timer to later costs next to nothing.
func (c *Conn) SetTimer(at time.Time) {
	l := c.loop
	if at.IsZero() || c.closed {
		c.deadline = 0
		return
	}
	// In this batch it is too late: a handler that sets a time that has passed
	// in its Timeout would not let the loop go on.
	t := max(int64(at.Sub(l.start)), l.now+1)
	c.deadline = t
	switch {
	case c.timer == unarmed:
		l.timers = append(l.timers, timerEntry{})
		l.timers.up(len(l.timers)-1, timerEntry{t, c})
	case t < l.timers[c.timer].at:
		l.timers.up(c.timer, timerEntry{t, c})
	}
}

// wait returns the milliseconds until the first entry, rounded up, or -1.
func (h timerHeap) wait(now int64) int {
	if len(h) == 0 {
		return -1
	}
	left := h[0].at - now
	if left <= 0 {
		return 0
	}
	return int(min((left-1)/int64(time.Millisecond)+1, math.MaxInt32))
}

// fire calls Timeout for the timers whose time has come.
func (h *timerHeap) fire(now int64) {
	for len(*h) > 0 && (*h)[0].at <= now {
		c := (*h)[0].c
		switch {
		case c.deadline > now:
			h.down(0, timerEntry{c.deadline, c})
		case c.deadline == 0:
			h.remove(c)
		default:
			h.remove(c)
			c.deadline = 0
			c.handler.Timeout()
		}
	}
}

// remove takes out the entry of a connection, if it has one.
func (h *timerHeap) remove(c *Conn) {
	i := c.timer
	if i == unarmed {
		return
	}
	c.timer = unarmed
	n := len(*h) - 1
	last := (*h)[n]
	(*h)[n] = timerEntry{}
	*h = (*h)[:n]
	if i == n {
		return
	}
	if i > 0 && last.at < (*h)[(i-1)/2].at {
		h.up(i, last)
	} else {
		h.down(i, last)
	}
}

// up puts e at place i, or nearer to the first place.
func (h timerHeap) up(i int, e timerEntry) {
	for i > 0 {
		parent := (i - 1) / 2
		if h[parent].at <= e.at {
			break
		}
		h.set(i, h[parent])
		i = parent
	}
	h.set(i, e)
}

// down puts e at place i, or further from the first place.
func (h timerHeap) down(i int, e timerEntry) {
	for {
		child := 2*i + 1
		if child >= len(h) {
			break
		}
		if child+1 < len(h) && h[child+1].at < h[child].at {
			child++
		}
		if e.at <= h[child].at {
			break
		}
		h.set(i, h[child])
		i = child
	}
	h.set(i, e)
}

func (h timerHeap) set(i int, e timerEntry) {
	h[i] = e
	e.c.timer = i
}
