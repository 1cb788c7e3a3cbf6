package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// phase is one scenario on a number of cores.
type phase struct {
	key         string
	scenario    string // as gatehouse bench calls it
	cores       int
	connections int // 0 for the scenario's number
	rate        int
	chunks      int
	gap         time.Duration
	slow        bool // streams that take as long as they take
	tls         bool
	apart       bool // the slow gateways are measured as well
}

// gapOf500 is the time between two chunks of slow streams, of which the
// upstream and the load can serve 500 with ease, and streams at that rate.
const gapOf500 = 20 * time.Millisecond

// phases returns what to measure.
func phases(o *options) ([]phase, error) {
	all := []phase{
		{key: "chat@2", scenario: "chat", cores: 2, apart: true},
		{key: "chat@1", scenario: "chat", cores: 1},
		{key: "large@2", scenario: "large", cores: 2},
		{key: "large@1", scenario: "large", cores: 1},
		{key: "latency@2", scenario: "chat", cores: 2, rate: 1000},
		{key: "stream@1", scenario: "stream", cores: 1},
		{key: "stream@2", scenario: "stream", cores: 2, apart: true},
		{key: "slow@2", scenario: "slow", cores: 2, gap: gapOf500, slow: true},
	}
	if o.many > 0 {
		// As many chunks a second as the ends of a small machine can serve twice over.
		gap := max(gapOf500, time.Duration(o.many)*gapOf500/1000)
		all = append(all, phase{key: "many@2", scenario: "slow", cores: 2, connections: o.many, chunks: 50, gap: gap, slow: true})
	}
	all = append(all,
		phase{key: "embed@2", scenario: "embed", cores: 2},
		phase{key: "embed@1", scenario: "embed", cores: 1},
		phase{key: "keepalive@2", scenario: "keepalive", cores: 2},
	)
	if o.tls {
		all = append(all,
			phase{key: "tls-chat@2", scenario: "chat", cores: 2, tls: true},
			phase{key: "tls-chat@1", scenario: "chat", cores: 1, tls: true},
			phase{key: "tls-stream@2", scenario: "stream", cores: 2, tls: true},
		)
	}
	wanted := list(o.only)
	var known []string
	for _, p := range all {
		name, _, _ := strings.Cut(p.key, "@")
		known = append(known, p.key, name)
	}
	for _, w := range wanted {
		if w != "start" && !slices.Contains(known, w) {
			return nil, fmt.Errorf("there is no phase %q; there are %s and start (tls-… with -tls, many with -many)", w, strings.Join(known, ", "))
		}
	}
	return slices.DeleteFunc(all, func(p phase) bool {
		name, _, _ := strings.Cut(p.key, "@")
		return o.cores != 0 && p.cores != o.cores ||
			len(wanted) > 0 && !slices.Contains(wanted, p.key) && !slices.Contains(wanted, name)
	}), nil
}

// list reads a list with commas.
func list(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

// flags returns what gatehouse bench is told about a phase.
func (p *phase) flags(o *options, rounds int) []string {
	duration, warmup := o.duration, o.warmup
	if p.slow { // a stream takes seconds: see enough of many, after all have begun
		duration, warmup, rounds = 2*duration, 4*warmup, (rounds+1)/2
	}
	f := []string{
		"--scenario", p.scenario, "--rounds", strconv.Itoa(rounds), "--duration", duration.String(), "--warmup", warmup.String(),
	}
	connections := p.connections
	if o.connections > 0 {
		connections = o.connections
	}
	if connections > 0 {
		f = append(f, "--connections", strconv.Itoa(connections))
	}
	if p.rate > 0 {
		f = append(f, "--rate", strconv.Itoa(p.rate))
	}
	if p.chunks > 0 {
		f = append(f, "--chunks", strconv.Itoa(p.chunks))
	}
	if p.gap > 0 {
		f = append(f, "--gap", p.gap.String())
	}
	return f
}
