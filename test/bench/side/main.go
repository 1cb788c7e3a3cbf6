package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// errNotRight means that the report has said what was wrong.
var errNotRight = errors.New("answers of Gatehouse or of the upstream were wrong or missing")

// options are what the command line says.
type options struct {
	rounds      int
	duration    time.Duration
	warmup      time.Duration
	only        string
	targets     string
	cores       int
	many        int
	connections int
	starts      int
	repeats     int
	tls         bool
	slowPeers   bool
	require     bool
	keep        bool
	gatehouse   string
	markdown    string
	json        string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := command(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// parse reads the command line.
func parse(args []string, stderr io.Writer) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("side", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.IntVar(&o.rounds, "rounds", 4, "how often each target has its turn")
	f.DurationVar(&o.duration, "duration", 2*time.Second, "how long each turn is measured")
	f.DurationVar(&o.warmup, "warmup", 500*time.Millisecond, "how long each turn runs before")
	quick := f.Bool("quick", false, "a first look: one round of 600ms")
	f.StringVar(&o.only, "only", "", "the phases to measure, parted by commas: chat@2, chat, tls-chat@1, start; all without it")
	f.StringVar(&o.targets, "targets", "", "the targets to measure, parted by commas; those that are installed without it")
	f.IntVar(&o.cores, "cores", 0, "only the phases on this number of cores")
	f.IntVar(&o.many, "many", 0, "also this number of slow streams at once, such as 5000")
	f.IntVar(&o.connections, "connections", 0, "connections instead of each scenario's number")
	f.IntVar(&o.starts, "starts", 5, "how often Gatehouse is started to measure how long that takes")
	f.IntVar(&o.repeats, "repeats", 2, "how often at most a phase is measured again when the machine was not quiet")
	f.BoolVar(&o.tls, "tls", false, "also phases with TLS on both sides")
	f.BoolVar(&o.slowPeers, "slow-peers", true, "also the gateways that take long to start and are far behind")
	f.BoolVar(&o.require, "require", false, "fail if a target is not installed")
	f.BoolVar(&o.keep, "keep", false, "keep configurations and logs, and say where they are")
	f.StringVar(&o.gatehouse, "gatehouse", "", "measure this binary of Gatehouse instead of building one")
	f.StringVar(&o.markdown, "markdown", "", "write the report to this file; between its marks if it has them")
	f.StringVar(&o.json, "json", "", "write the report to this file as JSON")
	if err := f.Parse(args); err != nil {
		return nil, err //nolint:wrapcheck // it says all
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("the argument %q is one too many", f.Arg(0))
	}
	if o.rounds < 1 || o.starts < 0 || o.repeats < 0 || o.duration <= 0 || o.warmup < 0 || o.many < 0 || o.connections < 0 {
		return nil, errors.New("rounds and duration must be above 0, and no number below")
	}
	if *quick {
		o.rounds, o.duration, o.warmup, o.starts, o.repeats = 1, 600*time.Millisecond, 150*time.Millisecond, 1, 0
	}
	return o, nil
}

// command is the whole run.
func command(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	root, err := repository()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "gatehouse-bench-")
	if err != nil {
		return fmt.Errorf("making a folder for configurations: %w", err)
	}
	defer func() {
		if o.keep {
			fmt.Fprintln(stderr, "configurations and logs are in", dir)
			return
		}
		_ = os.RemoveAll(dir) // what is left of it is in the folder of temporary files
	}()
	l, err := newLab(o, root, dir, stderr)
	if err != nil {
		return err
	}
	defer l.bench.Close()
	if err := l.run(ctx); err != nil {
		if len(l.report.Phases) > 0 { // what is known until then is worth reading
			fmt.Fprint(stdout, l.report.Markdown())
		}
		return err
	}
	return l.write(stdout)
}

// repository returns the root of this module: what is measured is built there.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("looking for the repository: %w", err)
	}
	for at := dir; ; at = filepath.Dir(at) {
		text, err := os.ReadFile(filepath.Join(at, "go.mod"))
		if err == nil && strings.HasPrefix(string(text), "module github.com/gatehouse-ai/gatehouse\n") {
			return at, nil
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("%s is not within the repository of Gatehouse, which is built for the benchmark", dir)
		}
	}
}
