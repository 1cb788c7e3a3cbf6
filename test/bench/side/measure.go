package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/gatehouse-ai/gatehouse/bench"
	"github.com/gatehouse-ai/gatehouse/bench/proc"
	"github.com/gatehouse-ai/gatehouse/test/bench/peer"
	"github.com/gatehouse-ai/gatehouse/test/bench/rig"
	"github.com/gatehouse-ai/gatehouse/test/bench/standings"
)

// target is a gateway that runs, or the upstream itself.
type target struct {
	name    string
	url     string
	process *rig.Process
}

// argument returns the target as gatehouse bench takes it.
func (t *target) argument() string {
	return fmt.Sprintf("%s=%s#env:GATEHOUSE_BENCH_KEY@%d", t.name, t.url, t.process.PID())
}

// phase measures one phase and adds it to the report.
func (l *lab) phase(ctx context.Context, p *phase) error {
	cpus := rig.Split(l.cpus, p.cores)
	direct, err := l.upstream(ctx, p, cpus)
	if err != nil {
		return err
	}
	defer l.bench.Stop(direct.process)
	out := standings.Phase{Key: p.key, Cores: p.cores, TLS: p.tls, Gap: float64(p.gap) / float64(time.Millisecond)}
	if err := l.together(ctx, p, cpus, direct, &out); err != nil {
		return err
	}
	for i := range l.gateways {
		if g := &l.gateways[i]; g.Slow && p.apart {
			if err := l.alone(ctx, p, cpus, direct, g, &out); err != nil {
				return err
			}
		}
	}
	l.report.Phases = append(l.report.Phases, out)
	return nil
}

// together measures the gateways that are fast, in interleaved rounds.
func (l *lab) together(ctx context.Context, p *phase, cpus rig.CPUs, direct *target, out *standings.Phase) error {
	targets := []*target{direct}
	defer func() {
		for _, t := range targets[1:] {
			l.bench.Stop(t.process)
		}
	}()
	for i := range l.gateways {
		g := &l.gateways[i]
		if g.Slow || p.tls && !g.TLS {
			continue
		}
		t, err := l.gateway(ctx, p, cpus, direct, g)
		if err != nil {
			return err
		}
		targets = append(targets, t)
	}
	if p.slow {
		if err := l.rest(ctx, p, cpus, targets, out); err != nil {
			return err
		}
	}
	return l.undisturbed(func() (float64, error) {
		before, err := readClock(os.DirFS("/proc"))
		if err != nil {
			return 0, err
		}
		report, err := l.load(ctx, p, cpus, targets, p.flags(l.o, l.o.rounds))
		if err != nil {
			return 0, err
		}
		after, err := readClock(os.DirFS("/proc"))
		if err != nil {
			return 0, err
		}
		taken := between(before, after, runtime.NumCPU())
		if share := taken.foreign + taken.stolen; out.Rows == nil || share < out.Taken {
			out.ScenarioReport, out.Taken = *report, share
			out.Hints = append(taken.hints(), out.Hints...)
		}
		return out.Taken, nil
	})
}

// alone measures one gateway in one round, which is longer since it answers few
// requests and some interpret their code before they compile it, and adds it to what has been measured
// of the others.
func (l *lab) alone(ctx context.Context, p *phase, cpus rig.CPUs, direct *target, g *peer.Gateway, out *standings.Phase) error {
	t, err := l.gateway(ctx, p, cpus, direct, g)
	if err != nil {
		return err
	}
	defer l.bench.Stop(t.process)
	longer := *l.o
	longer.duration, longer.warmup = 2*longer.duration, 4*longer.warmup
	report, err := l.load(ctx, p, cpus, []*target{t}, p.flags(&longer, 1))
	if err != nil {
		return err
	}
	out.Rows = append(out.Rows, report.Rows...)
	out.Apart = append(out.Apart, g.Name)
	return nil
}

// rest has each target answer some chats, so that it has what it needs for any
// request, and notes its memory before the streams.
func (l *lab) rest(ctx context.Context, p *phase, cpus rig.CPUs, targets []*target, out *standings.Phase) error {
	warm := phase{key: p.key + "-warm", scenario: "chat", cores: p.cores}
	if _, err := l.load(ctx, &warm, cpus, targets, warm.flags(&options{rounds: 1, duration: max(l.o.duration/4, 10*time.Millisecond), connections: 16}, 1)); err != nil {
		return err
	}
	out.Rest = map[string]int64{}
	for _, t := range targets {
		use, err := proc.Tree(os.DirFS("/proc"), t.process.PID())
		if err != nil {
			return fmt.Errorf("reading the memory of %s: %w", t.name, err)
		}
		out.Rest[t.name] = use.RSS
	}
	return nil
}

// upstream starts the upstream.
func (l *lab) upstream(ctx context.Context, p *phase, cpus rig.CPUs) (*target, error) {
	ports, err := rig.Ports(ctx, 1)
	if err != nil {
		return nil, err
	}
	dir, err := l.folder("upstream")
	if err != nil {
		return nil, err
	}
	site := peer.Site{Port: ports[0], TLS: l.secured(p)}
	args := []string{l.bin("gatehouse"), "bench", "upstream", "--listen", "127.0.0.1:" + strconv.Itoa(site.Port)}
	if site.TLS != nil {
		args = append(args, "--tls-cert", site.TLS.Certificate, "--tls-key", site.TLS.Key)
	}
	process, err := l.bench.Start(rig.Command{Name: "upstream", Args: args, Dir: dir, CPUs: cpus.Upstream})
	if err != nil {
		return nil, err
	}
	t := &target{peer.Direct, site.URL(), process}
	if err := l.answers(ctx, t); err != nil {
		l.bench.Stop(process)
		return nil, err
	}
	return t, nil
}

// secured returns the certificates for a phase with TLS.
func (l *lab) secured(p *phase) *rig.Certificates {
	if !p.tls {
		return nil
	}
	return l.tls
}

// attempts is how often a gateway is started before it is given up: somebody
// may have taken its port.
const attempts = 3

// gateway starts a gateway before the upstream.
func (l *lab) gateway(ctx context.Context, p *phase, cpus rig.CPUs, direct *target, g *peer.Gateway) (*target, error) {
	for n := 1; ; n++ {
		t, err := l.tryGateway(ctx, p, cpus, direct, g)
		if err == nil || n == attempts || ctx.Err() != nil {
			return t, err
		}
	}
}

func (l *lab) tryGateway(ctx context.Context, p *phase, cpus rig.CPUs, direct *target, g *peer.Gateway) (*target, error) {
	site, err := l.site(ctx, p, cpus, direct, g.Name)
	if err != nil {
		return nil, err
	}
	c, err := g.Command(site)
	if err != nil {
		return nil, err
	}
	process, err := l.bench.Start(c)
	if err != nil {
		return nil, err
	}
	t := &target{g.Name, site.URL(), process}
	if err := l.answers(ctx, t); err != nil {
		l.bench.Stop(process)
		return nil, err
	}
	return t, nil
}

// site returns where a gateway shall run.
func (l *lab) site(ctx context.Context, p *phase, cpus rig.CPUs, direct *target, name string) (*peer.Site, error) {
	ports, err := rig.Ports(ctx, 2)
	if err != nil {
		return nil, err
	}
	dir, err := l.folder(name)
	if err != nil {
		return nil, err
	}
	upstream, err := bench.ParseTarget(direct.url, os.LookupEnv)
	if err != nil {
		return nil, err
	}
	return &peer.Site{
		Dir: dir, Root: l.root, Bin: l.bin(""), CPUs: cpus.Target, Cores: p.cores,
		Port: ports[0], Admin: ports[1], Upstream: upstream.URL.Host, TLS: l.secured(p),
	}, nil
}

// load has the targets asked, and returns what was found.
func (l *lab) load(ctx context.Context, p *phase, cpus rig.CPUs, targets []*target, flags []string) (*bench.ScenarioReport, error) {
	dir, err := l.folder("load")
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "report.json")
	args := append([]string{l.bin("gatehouse"), "bench", "--json", path, "--timeout", "30s"}, flags...)
	if p.tls {
		args = append(args, "--ca", l.tls.Authority)
	}
	for _, t := range targets {
		args = append(args, t.argument())
	}
	process, err := l.bench.Start(rig.Command{
		Name: "load", Args: args, Dir: dir, CPUs: cpus.Load, Env: []string{"GATEHOUSE_BENCH_KEY=" + peer.ClientKey()},
	})
	if err != nil {
		return nil, err
	}
	defer l.bench.Stop(process)
	select {
	case <-process.Done():
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) { // it could not begin, and has said why
		return nil, fmt.Errorf("the load has failed:%s", process.Tail())
	}
	if err != nil {
		return nil, fmt.Errorf("reading the report of the load: %w", err)
	}
	var report bench.Report
	if err := json.Unmarshal(text, &report); err != nil {
		return nil, fmt.Errorf("reading the report of the load: %w", err)
	}
	if len(report.Scenarios) != 1 {
		return nil, fmt.Errorf("the load has measured %d scenarios, want 1:%s", len(report.Scenarios), process.Tail())
	}
	return &report.Scenarios[0], nil
}
