package load

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-ai/gatehouse/bench/hist"
)

// Result is what was measured. It may be merged with that of another run.
type Result struct {
	Latency hist.Hist // from due, or sent, to the last byte
	First   hist.Hist // of streams: to the first text
	Gap     hist.Hist // of streams: between two chunks
	Jitter  hist.Hist // of streams with a gap: how far a gap was off
	Late    hist.Hist // of an open loop: how late the generator sent, a free connection or none

	Done    int64 // right answers that ended within the time
	Chunks  int64 // of streams, within the time
	Bytes   int64 // of bodies, within the time
	Wrong   int64 // answers that were not what they must be
	Failed  int64 // requests without an answer
	Cut     int64 // streams that were running when the time was over
	Elapsed time.Duration

	Problems []Problem // the most frequent first
}

// Problem is one way in which answers were wrong or missing.
type Problem struct {
	What  string `json:"what"`
	Count int64  `json:"count"`
}

// maxProblems is how many different ones are kept.
const maxProblems = 8

// Merge adds another run.
func (r *Result) Merge(o *Result) {
	r.Latency.Merge(&o.Latency)
	r.First.Merge(&o.First)
	r.Gap.Merge(&o.Gap)
	r.Jitter.Merge(&o.Jitter)
	r.Late.Merge(&o.Late)
	r.Done += o.Done
	r.Chunks += o.Chunks
	r.Bytes += o.Bytes
	r.Wrong += o.Wrong
	r.Failed += o.Failed
	r.Cut += o.Cut
	r.Elapsed += o.Elapsed
	for _, p := range o.Problems {
		r.Problems = addProblem(r.Problems, p)
	}
	sortProblems(r.Problems)
}

// addProblem counts a problem; when there are many different ones already, as
// another of the rest.
func addProblem(list []Problem, p Problem) []Problem {
	if i := slices.IndexFunc(list, func(x Problem) bool { return x.What == p.What }); i >= 0 {
		list[i].Count += p.Count
		return list
	}
	const rest = "other problems"
	if len(list) >= maxProblems && p.What != rest {
		return addProblem(list, Problem{rest, p.Count})
	}
	return append(list, p)
}

func sortProblems(list []Problem) {
	slices.SortStableFunc(list, func(a, b Problem) int { return cmp.Compare(b.Count, a.Count) })
}

// shard is a part of a result which few connections share.
type shard struct {
	latency, first, gap, jitter, late hist.Hist

	done, chunks, bytes, wrong, failed, cut atomic.Int64
}

// ledger is the result while it is being counted.
type ledger struct {
	shards [8]shard

	mu       sync.Mutex
	problems []Problem
}

func (l *ledger) problem(what string, n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.problems = addProblem(l.problems, Problem{what, n})
}

// result adds up.
func (l *ledger) result() *Result {
	r := &Result{}
	for i := range l.shards {
		s := &l.shards[i]
		r.Latency.Merge(&s.latency)
		r.First.Merge(&s.first)
		r.Gap.Merge(&s.gap)
		r.Jitter.Merge(&s.jitter)
		r.Late.Merge(&s.late)
		r.Done += s.done.Load()
		r.Chunks += s.chunks.Load()
		r.Bytes += s.bytes.Load()
		r.Wrong += s.wrong.Load()
		r.Failed += s.failed.Load()
		r.Cut += s.cut.Load()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	r.Problems = slices.Clone(l.problems)
	sortProblems(r.Problems)
	return r
}
