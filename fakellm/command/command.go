package command

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/gatehouse-ai/gatehouse/fakellm"
)

// words is a flag that may be given several times.
type words []string

// String joins the values.
func (w *words) String() string { return strings.Join(*w, ",") }

// Set adds a value.
func (w *words) Set(s string) error { *w = append(*w, s); return nil }

// Main is the command fakellm: it serves one engine until ctx is done, and
// returns the exit status.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("fakellm", flag.ContinueOnError)
	flags.SetOutput(stderr)
	var (
		models     words
		listen     = flags.String("listen", "127.0.0.1:9000", "`address` to listen on; port 0 is a free one")
		dialect    = flags.String("dialect", "openai", "`name` of the protocol: openai, ollama, anthropic or tei")
		key        = flags.String("key", "", "`key` that clients must send")
		script     = flags.String("script", "", "`file` with a script, JSON")
		anyModel   = flags.Bool("any-model", false, "accept any model name")
		dimensions = flags.Int("dimensions", 1536, "size of embeddings")
		limit      = flags.Int("context", 32768, "most tokens of input and output together")
	)
	flags.Var(&models, "model", "`name` of a model; give it once for each model, or not at all for any name")
	flags.Usage = func() {
		fmt.Fprintln(stderr, "fakellm simulates an inference engine.\n\nUsage: fakellm [flags]")
		flags.PrintDefaults()
	}
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case flags.NArg() > 0:
		return failed(stderr, fmt.Errorf("%q is no flag", flags.Arg(0)), "run fakellm -h to see the flags")
	}
	d, err := fakellm.ParseDialect(*dialect)
	if err != nil {
		return failed(stderr, err, "set --dialect")
	}
	options := []fakellm.Option{fakellm.Models(models...), fakellm.Key(*key), fakellm.Dimensions(*dimensions), fakellm.Context(*limit), fakellm.Keep(0)}
	if *anyModel {
		options = append(options, fakellm.AnyModel())
	}
	e := fakellm.New(d, options...)
	if *script != "" {
		plan, err := readPlanFile(*script)
		if err != nil {
			return failed(stderr, err, "the fields are those of Script in package fakellm")
		}
		e.Set(plan.Every)
		e.Queue(plan.Queue...)
	}
	s, err := fakellm.Listen(ctx, e, fakellm.At(*listen))
	if err != nil {
		return failed(stderr, err, "choose another address with --listen")
	}
	defer s.Close()
	fmt.Fprintf(stdout, "fakellm: %s engine with %s at %s\n", d, strings.Join(e.Models(), ", "), s.URL)
	<-ctx.Done()
	return 0
}

func readPlanFile(name string) (fakellm.Plan, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return fakellm.Plan{}, fmt.Errorf("opening the script: %w", err)
	}
	return fakellm.ReadPlan(bytes.NewReader(b))
}

func failed(stderr io.Writer, err error, hint string) int {
	fmt.Fprintf(stderr, "error: %v\nhint: %s\n", err, hint)
	return 1
}
