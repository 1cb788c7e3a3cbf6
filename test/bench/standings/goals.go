package standings

import (
	"fmt"
	"slices"

	"github.com/gatehouse-ai/gatehouse/bench"
	"github.com/gatehouse-ai/gatehouse/test/bench/peer"
)

// Goal is one thing that Gatehouse is held to, and what was found.
type Goal struct {
	Scenario string `json:"scenario"`
	Wanted   string `json:"wanted"`
	Measured string `json:"measured"`
	Met      bool   `json:"met"`
}

// bound is a goal: a figure of Gatehouse in one phase, as a multiple of another
// target's, or as it is.
type bound struct {
	phase  string
	figure figure
	of     string // the target that it is compared with; empty for the figure as it is
	least  float64
	most   float64
}

// figure is something that was measured of a target.
type figure struct {
	name  string
	unit  string
	value func(p *Phase, target string) (float64, bool)
}

// bounds returns what Gatehouse is held to.
func bounds() []bound {
	out := []bound{
		{phase: "chat@2", figure: rate, of: peer.Nginx, least: 1},
		{phase: "chat@2", figure: rate, of: peer.NginxFeat, least: 1.1},
		{phase: "chat@2", figure: rate, of: peer.LiteLLM, least: 30},
		{phase: "chat@2", figure: cpu, of: peer.Nginx, most: 1},
		{phase: "chat@1", figure: rate, of: peer.Nginx, least: 1.1},
		{phase: "large@2", figure: rate, of: peer.Nginx, least: 0.95},
		{phase: "latency@2", figure: addedP50, of: peer.Nginx, most: 1},
		{phase: "latency@2", figure: addedP99, of: peer.Nginx, most: 1.5},
		{phase: "stream@1", figure: rate, of: peer.Nginx, least: 1},
		{phase: "stream@1", figure: firstP99, of: peer.Nginx, most: 1.5},
		{phase: "stream@2", figure: firstP99, of: peer.Nginx, most: 1.5},
	}
	for _, slow := range []string{"slow@2", "many@2"} {
		out = append(out,
			bound{phase: slow, figure: longest, of: peer.Direct, most: 2},
			bound{phase: slow, figure: cpu, of: peer.Nginx, most: 1.1},
			bound{phase: slow, figure: perStream, most: 16},
		)
	}
	return append(out,
		bound{phase: "embed@2", figure: rate, of: peer.Nginx, least: 1},
		bound{phase: "keepalive@2", figure: rate, of: peer.Nginx, least: 1},
		bound{phase: "keepalive@2", figure: memory, of: peer.Nginx, most: 1.5},
		bound{phase: "tls-chat@2", figure: rate, of: peer.Nginx, least: 0.9},
		bound{phase: "tls-stream@2", figure: rate, of: peer.Nginx, least: 0.9},
	)
}

// What is measured. Each is a table's column, too.
var (
	rate = figure{"throughput", "/s", func(p *Phase, t string) (float64, bool) {
		v, _ := of(p, t, func(r *bench.Row) float64 { return r.PerSecond })
		return v, p.row(t) != nil // none at all is a figure, too
	}}
	cpu = figure{"CPU per request or chunk", " µs", func(p *Phase, t string) (float64, bool) {
		return of(p, t, func(r *bench.Row) float64 { return r.CPU })
	}}
	memory = figure{"memory", " MB", func(p *Phase, t string) (float64, bool) {
		return of(p, t, func(r *bench.Row) float64 { return float64(r.RSS) / 1e6 })
	}}
	longest = figure{"the longest gap", " ms", func(p *Phase, t string) (float64, bool) {
		return of(p, t, func(r *bench.Row) float64 {
			return quantile(r.Gap, func(t *bench.Times) float64 { return t.Max / 1000 })
		})
	}}
	firstP99 = figure{"first chunk, p99", " ms", func(p *Phase, t string) (float64, bool) {
		return of(p, t, func(r *bench.Row) float64 {
			return quantile(r.First, func(t *bench.Times) float64 { return t.P99 / 1000 })
		})
	}}
	perStream = figure{"memory of a stream", " KB", func(p *Phase, t string) (float64, bool) {
		if p.row(t) == nil || p.Rest[t] == 0 {
			return 0, false
		}
		return p.perStream(t) / 1000, true
	}}
	addedP50 = added("p50", func(t *bench.Times) float64 { return t.P50 })
	addedP99 = added("p99", func(t *bench.Times) float64 { return t.P99 })
)

// added is a latency beyond that of going directly.
func added(name string, q func(*bench.Times) float64) figure {
	latency := func(r *bench.Row) float64 { return quantile(r.Latency, q) }
	return figure{"added latency, " + name, " µs", func(p *Phase, t string) (float64, bool) {
		with, ok := of(p, t, latency)
		without, ok2 := of(p, peer.Direct, latency)
		return with - without, ok && ok2
	}}
}

// of returns a figure of a row, and whether there is one.
func of(p *Phase, target string, value func(*bench.Row) float64) (float64, bool) {
	r := p.row(target)
	if r == nil {
		return 0, false
	}
	v := value(r)
	return v, v != 0
}

func quantile(t *bench.Times, q func(*bench.Times) float64) float64 {
	if t == nil {
		return 0
	}
	return q(t)
}

// Judge returns the goals whose figures a report has.
func Judge(r *Report) []Goal {
	var goals []Goal
	for _, b := range bounds() {
		if g, ok := b.judge(r.phase(b.phase)); ok {
			goals = append(goals, g)
		}
	}
	if r.Start == nil || len(r.Start.Times) == 0 {
		return goals
	}
	times := slices.Sorted(slices.Values(r.Start.Times))
	ms, mb := times[len(times)/2], float64(r.Start.Binary)/1e6
	return append(goals,
		Goal{"start", "the first answer within 100 ms", fmt.Sprintf("%.0f ms", ms), ms <= 100},
		Goal{"start", "a binary of 60 MB at most", fmt.Sprintf("%.1f MB", mb), mb <= 60},
	)
}

// judge compares. It fails if there are no figures. Answers that were wrong or
// missing make every goal of the phase one that was not met.
func (b *bound) judge(p *Phase) (Goal, bool) {
	if p == nil {
		return Goal{}, false
	}
	ours, ok := b.figure.value(p, peer.Gatehouse)
	if !ok {
		return Goal{}, false
	}
	g := Goal{Scenario: b.phase, Wanted: b.wanted(), Measured: number(ours) + b.figure.unit}
	if b.of == "" {
		g.Met = b.holds(ours)
	} else {
		theirs, ok := b.figure.value(p, b.of)
		if !ok {
			return Goal{}, false
		}
		g.Measured = fmt.Sprintf("%s to %s%s", number(ours), number(theirs), b.figure.unit)
		if theirs > 0 {
			g.Measured = fmt.Sprintf("%.2f × (%s)", ours/theirs, g.Measured)
			g.Met = b.holds(ours / theirs)
		} else { // a latency within the noise, or nothing answered: no ratio, but an order
			g.Met = (b.most == 0 || ours <= theirs) && (b.least == 0 || ours > theirs)
		}
	}
	if r := p.row(peer.Gatehouse); r.Wrong+r.Failed > 0 {
		g.Met = false
		g.Measured += fmt.Sprintf(", %d wrong or missing", r.Wrong+r.Failed)
	}
	return g, true
}

// holds tells whether a value is within the bound.
func (b *bound) holds(v float64) bool {
	return (b.least == 0 || v >= b.least) && (b.most == 0 || v <= b.most)
}

// wanted says what a goal is.
func (b *bound) wanted() string {
	limit, value := "at least", b.least
	if b.most > 0 {
		limit, value = "at most", b.most
	}
	if b.of == "" {
		return fmt.Sprintf("%s: %s %g%s", b.figure.name, limit, value, b.figure.unit)
	}
	return fmt.Sprintf("%s: %s %g × %s", b.figure.name, limit, value, b.of)
}
