package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-ai/gatehouse/bench"
	"github.com/gatehouse-ai/gatehouse/bench/exam"
	"github.com/gatehouse-ai/gatehouse/bench/load"
	"github.com/gatehouse-ai/gatehouse/bench/upstream"
)

// errWrongAnswers means that the report has said which.
var errWrongAnswers = errors.New("answers were wrong or missing")

// benchmark is one run of the command bench.
type benchmark struct {
	env  Env
	plan bench.Plan

	compare, scenarios  []string
	key, answers        string
	connections, chunks int
	rate                float64
	gap                 time.Duration
	upstream            string
	json, svg, ca       string
	insecure            bool
}

func benchCommand(env Env) *cobra.Command {
	b := &benchmark{env: env}
	c := &cobra.Command{
		Use:   "bench [NAME=]URL[#KEY][@PID]...",
		Short: "Measure endpoints that speak OpenAI's API, and compare them",
		Long: `Bench asks one or more endpoints as hard as it can, or at a rate, checks every
answer, and reports requests a second, latencies, and the CPU and memory of
processes on this machine. With several targets, rounds are interleaved and
ratios are to the first.

A target is the URL up to the level (http://127.0.0.1:8080/v1). #KEY is the key
to present, #env:NAME a variable that holds it; @PID is the process that serves
the target on this machine. Gateways are pointed at the bundled upstream, which
"gatehouse bench upstream" runs; for other engines there is --answers any.

The exit status is 1 when an answer was wrong or missing.`,
		Example: `  gatehouse bench upstream --listen 127.0.0.1:9100
  gatehouse bench --compare direct=http://127.0.0.1:9100/v1 gateway=http://127.0.0.1:8080/v1#env:KEY@4711
  gatehouse bench --rate 1000 --scenario chat --svg latency.svg http://127.0.0.1:8080/v1`,
		Args: cobra.ArbitraryArgs,
	}
	f := c.Flags()
	f.StringArrayVar(&b.compare, "compare", nil, "a target, as the arguments are")
	f.StringSliceVar(&b.scenarios, "scenario", []string{"chat"}, "what to measure: chat, large, stream, slow, embed, keepalive, or all")
	f.StringVar(&b.key, "key", "", "the key for targets without one of their own; env:NAME reads a variable")
	f.StringVar(&b.plan.Model, "model", upstream.Model, "the model to ask for")
	f.StringVar(&b.answers, "answers", "exact", "exact: targets end at the bundled upstream, and every byte is checked; any: only the shape")
	f.IntVarP(&b.connections, "connections", "c", 0, "connections, instead of the scenario's number")
	f.Float64Var(&b.rate, "rate", 0, "requests that are due a second (open loop); 0 asks again after each answer (closed loop)")
	f.IntVar(&b.chunks, "chunks", 0, "chunks of each stream, instead of the scenario's number")
	f.DurationVar(&b.gap, "gap", 0, "time between the chunks of slow streams, instead of the scenario's")
	f.IntVar(&b.plan.Rounds, "rounds", 3, "how often every target has its turn")
	f.DurationVarP(&b.plan.Duration, "duration", "d", 3*time.Second, "how long each turn is measured")
	f.DurationVar(&b.plan.Warmup, "warmup", 500*time.Millisecond, "how long each turn runs before")
	f.DurationVar(&b.plan.Timeout, "timeout", 10*time.Second, "how long to wait for an answer, or the next chunk of a stream")
	f.StringVar(&b.upstream, "upstream", "", "run the bundled upstream on this host:port meanwhile, in this process")
	f.StringVar(&b.json, "json", "", "write the report to this file as JSON")
	f.StringVar(&b.svg, "svg", "", "write a plot of the latencies to this file")
	f.StringVar(&b.ca, "ca", "", "trust the certificates in this PEM file, and no others")
	f.BoolVar(&b.insecure, "insecure", false, "do not check the certificates of targets")
	c.RunE = func(c *cobra.Command, args []string) error { return b.run(c.Context(), args) }
	c.AddCommand(benchUpstreamCommand(env))
	return c
}

// benchUpstreamCommand is the bundled upstream in a process of its own, so that
// it can be pinned to a CPU.
func benchUpstreamCommand(env Env) *cobra.Command {
	c := &cobra.Command{
		Use: "upstream", Short: "Run the bundled upstream, to point gateways at", Args: noArgs,
		Long: "Upstream serves the answers that bench checks, at as little cost as can be: POST /v1/chat/completions and /v1/embeddings for the model \"bench\", and GET /v1/models. It runs until it is interrupted.",
	}
	listen := c.Flags().String("listen", "127.0.0.1:9100", "host:port to serve on; port 0 takes any free one")
	cert := c.Flags().String("tls-cert", "", "serve TLS with this certificate (PEM)")
	key := c.Flags().String("tls-key", "", "and its key")
	c.RunE = func(c *cobra.Command, _ []string) error {
		var lc net.ListenConfig
		l, err := lc.Listen(c.Context(), "tcp", *listen)
		if err != nil {
			return fmt.Errorf("listening: %w", err)
		}
		scheme := "http"
		if *cert != "" || *key != "" {
			pair, err := tls.LoadX509KeyPair(*cert, *key)
			if err != nil {
				return errors.Join(fmt.Errorf("reading the certificate: %w", err), l.Close())
			}
			scheme = "https"
			l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"http/1.1"}})
		}
		fmt.Fprintf(env.Stdout, "serving the model %q at %s://%s/v1\n", upstream.Model, scheme, l.Addr())
		return upstream.New().Serve(c.Context(), l)
	}
	return c
}

func (b *benchmark) run(ctx context.Context, args []string) error {
	if err := b.prepare(args); err != nil {
		return &usageError{err: err}
	}
	if err := b.trust(); err != nil {
		return err
	}
	if b.upstream != "" {
		stop, err := b.serve(ctx)
		if err != nil {
			return err
		}
		defer stop()
	}
	line := &liveLine{out: b.env.Stderr, on: isTerminal(b.env.Stderr)}
	b.plan.Progress = line.show
	report, err := bench.Run(ctx, b.plan)
	line.clear()
	if err != nil {
		return err
	}
	if err := b.write(report); err != nil {
		return err
	}
	if report.Wrong() > 0 {
		return errWrongAnswers
	}
	return nil
}

// prepare makes the plan out of flags and arguments.
func (b *benchmark) prepare(args []string) error {
	fallback, err := bench.Key(b.key, b.env.LookupEnv)
	if err != nil {
		return err
	}
	for _, text := range append(b.compare, args...) {
		t, err := bench.ParseTarget(text, b.env.LookupEnv)
		if err != nil {
			return err
		}
		if t.Key.IsZero() {
			t.Key = fallback
		}
		b.plan.Targets = append(b.plan.Targets, t)
	}
	if len(b.plan.Targets) == 0 {
		return errors.New("there is no target: name the endpoints to measure, such as http://127.0.0.1:8080/v1")
	}
	switch b.answers {
	case "exact":
	case "any":
		b.plan.AnyAnswer = true
	default:
		return fmt.Errorf("--answers is %q, but must be exact or any", b.answers)
	}
	if b.plan.Scenarios, err = bench.Choose(b.scenarios); err != nil {
		return err
	}
	for i := range b.plan.Scenarios {
		b.adapt(&b.plan.Scenarios[i])
	}
	return nil
}

// adapt puts the numbers of flags in the place of the scenario's.
func (b *benchmark) adapt(s *bench.Scenario) {
	s.Rate = b.rate
	if b.connections != 0 {
		s.Connections = b.connections
	}
	if s.Question.Kind != exam.Stream {
		return
	}
	if b.chunks != 0 {
		s.Question.Chunks = b.chunks
	}
	if b.gap != 0 && s.Question.Gap != 0 {
		s.Question.Gap = b.gap
	}
	s.Title = fmt.Sprintf("streams of %d chunks at full speed", s.Question.Chunks)
	if s.Question.Gap > 0 {
		s.Title = fmt.Sprintf("streams of %d chunks, %v apart", s.Question.Chunks, s.Question.Gap)
	}
}

// trust makes the TLS configuration.
func (b *benchmark) trust() error {
	b.plan.TLS = &tls.Config{InsecureSkipVerify: b.insecure}
	if b.ca == "" {
		return nil
	}
	pem, err := os.ReadFile(b.ca)
	if err != nil {
		return fmt.Errorf("reading certificates: %w", err)
	}
	b.plan.TLS.RootCAs = x509.NewCertPool()
	if !b.plan.TLS.RootCAs.AppendCertsFromPEM(pem) {
		return fmt.Errorf("%s holds no certificate in PEM", b.ca)
	}
	return nil
}

// serve runs the bundled upstream until stop is called.
func (b *benchmark) serve(ctx context.Context) (stop func(), err error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", b.upstream)
	if err != nil {
		return nil, fmt.Errorf("listening for the upstream: %w", err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	server := upstream.New()
	wg.Go(func() { _ = server.Serve(ctx, l) }) // what it fails with shows in every answer
	return func() {
		cancel()
		wg.Wait()
	}, nil
}

// write prints the report and writes the files that were asked for.
func (b *benchmark) write(r *bench.Report) error {
	if err := r.Table(b.env.Stdout); err != nil {
		return fmt.Errorf("printing the report: %w", err)
	}
	if b.json != "" {
		text, err := r.JSON()
		if err != nil {
			return fmt.Errorf("encoding the report: %w", err)
		}
		if err := os.WriteFile(b.json, text, 0o644); err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
	}
	if b.svg != "" {
		if err := os.WriteFile(b.svg, r.SVG(), 0o644); err != nil {
			return fmt.Errorf("writing the plot: %w", err)
		}
	}
	return nil
}

// liveLine is the line of a terminal that says what happens now.
type liveLine struct {
	out  io.Writer
	on   bool
	last int
}

func (l *liveLine) show(s bench.Slice, p load.Progress) {
	if !l.on {
		return
	}
	n, what := p.Done, "requests"
	if p.Chunks > 0 {
		n, what = p.Chunks, "chunks"
	}
	text := fmt.Sprintf("%s, round %d: %s %.0f %s/s", s.Scenario, s.Round, s.Target, float64(n)/p.Elapsed.Seconds(), what)
	if bad := p.Wrong + p.Failed; bad > 0 {
		text += fmt.Sprintf(", %d wrong or failed", bad)
	}
	fmt.Fprintf(l.out, "\r%s%s", text, strings.Repeat(" ", max(l.last-len(text), 0)))
	l.last = len(text)
}

func (l *liveLine) clear() {
	if l.on && l.last > 0 {
		fmt.Fprintf(l.out, "\r%s\r", strings.Repeat(" ", l.last))
	}
}

// isTerminal tells whether somebody looks at what is written.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && info.Name() != os.DevNull && f.Name() != os.DevNull
}
