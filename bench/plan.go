package bench

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/gatehouse-ai/gatehouse/bench/exam"
	"github.com/gatehouse-ai/gatehouse/bench/load"
	"github.com/gatehouse-ai/gatehouse/bench/proc"
)

// Plan is a comparison.
type Plan struct {
	Targets   []Target // ratios are to the first
	Scenarios []Scenario
	Model     string
	AnyAnswer bool // the targets do not end at the bundled upstream: mark the shape of answers only

	Rounds   int
	Duration time.Duration // of one scenario for one target in one round
	Warmup   time.Duration // before each
	Timeout  time.Duration // of one request
	TLS      *tls.Config

	Proc     fs.FS                      // /proc; nil for that of this machine
	Progress func(Slice, load.Progress) // told what happens, if not nil
}

// Slice is one scenario for one target in one round.
type Slice struct {
	Scenario string
	Target   string
	Round    int // from 1
}

// maxTotal bounds the time of a whole comparison.
const maxTotal = 24 * time.Hour

// check returns what is wrong with a plan.
func (p *Plan) check() error {
	if len(p.Targets) == 0 {
		return errors.New("there is no target: name the endpoints to measure, such as gateway=http://127.0.0.1:8080/v1")
	}
	if len(p.Scenarios) == 0 {
		return errors.New("there is no scenario")
	}
	names := map[string]bool{}
	for _, t := range p.Targets {
		if names[t.Name] {
			return fmt.Errorf("two targets are called %q: give each a name of its own", t.Name)
		}
		names[t.Name] = true
	}
	if p.Rounds < 1 || p.Rounds > 1000 {
		return fmt.Errorf("%d rounds: it must be from 1 to 1000", p.Rounds)
	}
	if total := p.total(); total > maxTotal {
		return fmt.Errorf("the plan takes %v, more than %v: take fewer rounds, targets or scenarios", total, maxTotal)
	}
	return nil
}

func (p *Plan) total() time.Duration {
	return time.Duration(p.Rounds*len(p.Targets)*len(p.Scenarios)) * (p.Duration + p.Warmup)
}

// tally is what was measured of one scenario for one target.
type tally struct {
	load.Result
	rates []float64 // of each round, what the scenario counts a second
	cpu   time.Duration
	own   time.Duration // CPU of the generator
	wall  time.Duration
	rss   int64 // the most that was seen at the end of a round
	cpuOK bool
}

// Run measures. When ctx ends it returns the report of what was measured so far.
func Run(ctx context.Context, p Plan) (*Report, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	if p.Proc == nil {
		p.Proc = os.DirFS("/proc")
	}
	papers := make([]*exam.Paper, len(p.Scenarios))
	for i, s := range p.Scenarios {
		q := s.Question
		q.Model = p.Model
		var err error
		if papers[i], err = exam.New(q, p.AnyAnswer); err != nil {
			return nil, fmt.Errorf("scenario %s: %w", s.Name, err)
		}
	}
	tallies := make([][]tally, len(p.Scenarios))
	for i := range tallies {
		tallies[i] = make([]tally, len(p.Targets))
		for round := range p.Rounds {
			for k := range p.Targets {
				which := (k + round) % len(p.Targets) // so that none is always first
				if ctx.Err() != nil {
					break
				}
				if err := p.slice(ctx, i, which, round, papers[i], &tallies[i][which]); err != nil && ctx.Err() == nil {
					return nil, err
				}
			}
		}
	}
	return p.report(tallies, ctx.Err() != nil), nil
}

// slice measures one scenario for one target in one round.
func (p *Plan) slice(ctx context.Context, scenario, target, round int, paper *exam.Paper, t *tally) error {
	s, to := p.Scenarios[scenario], p.Targets[target]
	spec := load.Spec{
		URL: to.URL, TLS: p.TLS, Key: to.Key, Paper: paper, Connections: s.Connections, Rate: s.Rate,
		Warmup: p.Warmup, Duration: p.Duration, Timeout: p.Timeout,
	}
	var before, own proc.Use
	started := time.Now()
	var beforeErr error
	spec.Measured = func() {
		started = time.Now()
		before, beforeErr = proc.Tree(p.Proc, max(to.PID, 1))
		own, _ = proc.Tree(p.Proc, os.Getpid()) // without /proc it stays unknown
	}
	var after, ownAfter proc.Use
	var afterErr error
	spec.Over = func() {
		after, afterErr = proc.Tree(p.Proc, max(to.PID, 1))
		ownAfter, _ = proc.Tree(p.Proc, os.Getpid())
		t.wall += time.Since(started)
	}
	progress := func(load.Progress) {}
	if p.Progress != nil {
		at := Slice{s.Name, to.Name, round + 1}
		progress = func(now load.Progress) { p.Progress(at, now) }
	}
	res, err := load.Run(ctx, spec, progress)
	if err != nil {
		return fmt.Errorf("%s, scenario %s: %w", to.Name, s.Name, err)
	}
	if to.PID > 0 && beforeErr == nil && afterErr == nil {
		t.cpuOK = true
		t.cpu += after.CPU - before.CPU
		t.rss = max(t.rss, after.RSS)
	}
	if to.PID > 0 && errors.Join(beforeErr, afterErr) != nil {
		return fmt.Errorf("%s: %w", to.Name, errors.Join(beforeErr, afterErr))
	}
	t.own += ownAfter.CPU - own.CPU
	t.Merge(res)
	if res.Elapsed > 0 {
		t.rates = append(t.rates, float64(count(s, res))/res.Elapsed.Seconds())
	}
	return nil
}

// count returns what a scenario counts: chunks of streams, else answers.
func count(s Scenario, r *load.Result) int64 {
	if s.Question.Kind == exam.Stream {
		return r.Chunks
	}
	return r.Done
}
