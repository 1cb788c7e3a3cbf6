package load

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse-ai/gatehouse/bench/exam"
)

// run is one run.
type run struct {
	spec   *Spec
	ledger ledger
	start  time.Time
	from   time.Duration // since start: what is due before is not measured
	until  time.Duration
}

func (r *run) now() time.Duration { return time.Since(r.start) }

// problem counts a problem without the key, which a target may have repeated.
func (r *run) problem(what string, n int64) {
	if key := r.spec.Key.Reveal(); key != "" {
		what = strings.ReplaceAll(what, key, r.spec.Key.String())
	}
	r.ledger.problem(what, n)
}

// Progress is what a run has counted so far.
type Progress struct {
	Done, Chunks, Wrong, Failed int64
	Elapsed                     time.Duration // of the time that is measured
}

// Run asks until the time of the specification is over or ctx ends, and returns
// what was measured until then. It fails only if it cannot begin. progress, if
// there is one, is told about four times a second.
func Run(ctx context.Context, s Spec, progress func(Progress)) (*Result, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	r := &run{spec: &s, start: time.Now(), from: s.Warmup, until: s.Warmup + s.Duration}
	workers := make([]*worker, s.Connections)
	for i := range workers {
		workers[i] = r.newWorker(i)
	}
	defer func() {
		for _, w := range workers {
			w.disconnect()
		}
	}()
	if err := r.connect(ctx, workers); err != nil {
		return nil, err
	}
	work, stop := context.WithCancel(ctx)
	defer stop()
	r.start = time.Now()
	var wg sync.WaitGroup
	if s.Rate > 0 {
		r.open(work, &wg, workers)
	} else {
		for i, w := range workers {
			wg.Go(func() {
				if s.Paper.Gap > 0 { // slow streams begin spread over the warm-up, not all at once
					timer(work, s.Warmup*time.Duration(i)/time.Duration(len(workers)))
				}
				for now := r.now(); now < r.until && work.Err() == nil; now = r.now() {
					w.ask(work, now)
				}
			})
		}
	}
	ended := make(chan struct{})
	go func() {
		wg.Wait()
		close(ended)
	}()
	r.watch(ctx, stop, workers, ended, progress)
	res := r.ledger.result()
	res.Elapsed = min(max(r.now()-r.from, 0), s.Duration)
	return res, nil
}

// connect opens the connections, some at a time. The first must succeed; others
// may later.
func (r *run) connect(ctx context.Context, workers []*worker) error {
	if err := workers[0].connect(ctx); err != nil {
		return fmt.Errorf("connecting to %s: %w", r.spec.URL.Host, err)
	}
	var wg sync.WaitGroup
	places := make(chan struct{}, 64)
	for _, w := range workers[1:] {
		places <- struct{}{}
		wg.Go(func() {
			_ = w.connect(ctx) // it tries again, and counts it, when it asks
			<-places
		})
	}
	wg.Wait()
	return ctx.Err()
}

// open starts the workers of an open loop, and the clock that they follow.
func (r *run) open(ctx context.Context, wg *sync.WaitGroup, workers []*worker) {
	due := make(chan time.Duration)
	for _, w := range workers {
		wg.Go(func() {
			for at := range due {
				w.ask(ctx, at)
			}
		})
	}
	wg.Go(func() {
		defer close(due)
		wait, done := preciseWait()
		defer done()
		left := schedule(ctx, r.spec.Rate, r.until, r.now, wait, due)
		if left > 0 && r.now() >= r.until {
			r.ledger.shards[0].failed.Add(left)
			r.problem("due, but no connection was free to send it before the end", left)
		}
	})
}

// watch ends what takes too long, and the run when its time is over.
func (r *run) watch(ctx context.Context, stop func(), workers []*worker, ended <-chan struct{}, progress func(Progress)) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	grace := r.until + min(r.spec.Timeout, 5*time.Second)
	done := ctx.Done()
	marks := []mark{{r.from, r.spec.Measured}, {r.until, r.spec.Over}}
	defer func() { r.pass(&marks, r.until) }() // a run that ends early has both
	for n := 1; ; n++ {
		select {
		case <-ended:
			return
		case <-done: // interrupted: nothing that runs counts
			done = nil
			for _, w := range workers {
				w.interrupt(true)
			}
			continue
		case <-tick.C:
		}
		now := r.now()
		r.pass(&marks, now)
		if progress != nil && n%12 == 0 && now > r.from && now < r.until {
			progress(r.progress(now))
		}
		for _, w := range workers {
			r.expire(w, now, grace)
		}
		if now > grace {
			stop()
		}
	}
}

// mark is a moment of which somebody wants to know.
type mark struct {
	at   time.Duration
	call func()
}

// pass calls those marks whose time has come.
func (r *run) pass(marks *[]mark, now time.Duration) {
	for len(*marks) > 0 && (*marks)[0].at <= now {
		if call := (*marks)[0].call; call != nil {
			call()
		}
		*marks = (*marks)[1:]
	}
}

// expire interrupts a worker whose request takes too long, and at the end of the
// run, a stream that has begun. What has no answer at the end of the grace has
// failed.
func (r *run) expire(w *worker, now, grace time.Duration) {
	since := time.Duration(w.since.Load())
	switch {
	case since == 0:
	case now > r.until && r.spec.Paper.Kind == exam.Stream && w.live.Load():
		w.interrupt(true)
	case now-since > r.spec.Timeout || now > grace:
		w.interrupt(false)
	}
}

func (r *run) progress(now time.Duration) Progress {
	p := Progress{Elapsed: now - r.from}
	for i := range r.ledger.shards {
		s := &r.ledger.shards[i]
		p.Done += s.done.Load()
		p.Chunks += s.chunks.Load()
		p.Wrong += s.wrong.Load()
		p.Failed += s.failed.Load()
	}
	return p
}
