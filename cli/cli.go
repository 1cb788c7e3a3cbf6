package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/gatehouse-ai/gatehouse/apikey"
	"github.com/gatehouse-ai/gatehouse/config"
	"github.com/gatehouse-ai/gatehouse/demo"
	"github.com/gatehouse-ai/gatehouse/strictyaml"
)

// Env is what the program finds around it.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	LookupEnv      func(string) (string, bool)
	Reload         <-chan struct{} // a value for every SIGHUP
}

// Exit statuses.
const (
	ok       = 0
	failure  = 1
	misusage = 2
)

// errMistakes means that the mistakes of a configuration have been printed.
var errMistakes = errors.New("the configuration has mistakes")

// Main runs the command that args name, without the program's name, until it
// ends or ctx does, and returns the exit status.
func Main(ctx context.Context, args []string, env Env) int {
	root := command(env)
	root.SetArgs(args)
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	err := root.ExecuteContext(ctx)
	var usage *usageError
	switch {
	case err == nil:
		return ok
	case errors.Is(err, errMistakes):
		return failure
	case errors.As(err, &usage):
		fmt.Fprintf(env.Stderr, "error: %v\nhint: `gatehouse --help` lists the commands, `gatehouse COMMAND --help` their flags\n", usage.err)
		return misusage
	}
	fmt.Fprintf(env.Stderr, "error: %v\n", err)
	return failure
}

// usageError is a mistake on the command line itself.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }

func command(env Env) *cobra.Command {
	root := &cobra.Command{
		Use:   "gatehouse",
		Short: "One OpenAI-compatible endpoint in front of every model that a team uses",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return &usageError{fmt.Errorf("there is no command %q", args[0])}
			}
			return nil
		},
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
		SilenceErrors: true, SilenceUsage: true,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	root.AddCommand(serveCommand(env), checkCommand(env), demoCommand(env), keyCommand(env), versionCommand(env))
	for _, c := range root.Commands() {
		if c.Args == nil {
			c.Args = noArgs
		}
	}
	return root
}

func noArgs(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &usageError{fmt.Errorf("the argument %q is one too many", args[0])}
	}
	return nil
}

func checkCommand(env Env) *cobra.Command {
	c := &cobra.Command{Use: "check [FILE]", Short: "Check a configuration and report every mistake in it"}
	file := c.Flags().StringP("config", "c", "gatehouse.yaml", "the configuration to check")
	c.Args = func(_ *cobra.Command, args []string) error {
		if len(args) > 1 {
			return noArgs(nil, args[1:])
		}
		return nil
	}
	c.RunE = func(_ *cobra.Command, args []string) error {
		if len(args) == 1 {
			*file = args[0]
		}
		cfg, err := load(env, *file)
		if err != nil {
			return err
		}
		for _, w := range cfg.Warnings() {
			fmt.Fprintf(env.Stderr, "warning: %s\n", w)
		}
		endpoints, models, aliases := cfg.Catalog()
		fmt.Fprintf(env.Stdout, "%s is valid: %d endpoints, %d models, %d aliases, %d keys\n", *file, len(endpoints), len(models), len(aliases), len(cfg.Keys()))
		return nil
	}
	return c
}

// load reads a configuration and prints its mistakes, one a line.
func load(env Env, file string) (*config.Config, error) {
	cfg, err := config.Load(file)
	var mistakes *strictyaml.Error
	if errors.As(err, &mistakes) {
		fmt.Fprintln(env.Stderr, mistakes)
		return nil, errMistakes
	}
	return cfg, err
}

func demoCommand(env Env) *cobra.Command {
	c := &cobra.Command{
		Use:   "demo",
		Short: "Serve three simulated engines, to look around",
		Long:  "Demo starts a gateway together with three simulated engines that speak three protocols, prints how to use it, and serves until it is interrupted. It needs nothing and leaves nothing behind.",
	}
	o := demo.Options{Out: env.Stdout, Log: env.Stderr, Version: Version()}
	c.Flags().StringVar(&o.Listen, "listen", "127.0.0.1:8080", "host:port to serve on; port 0 takes any free one")
	c.Flags().BoolVar(&o.JSON, "json", false, "print base_url, admin_url, key and models as one JSON object")
	c.RunE = func(c *cobra.Command, _ []string) error { return demo.Run(c.Context(), o) }
	return c
}

func keyCommand(env Env) *cobra.Command {
	c := &cobra.Command{Use: "key", Short: "Make API keys for the configuration", Args: noArgs}
	c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	make := &cobra.Command{
		Use: "new", Short: "Make a key: the key for its holder, its hash for the configuration", Args: noArgs,
	}
	name := make.Flags().String("name", "NAME", "what logs and metrics call the key")
	make.RunE = func(*cobra.Command, []string) error {
		key := apikey.Generate()
		fmt.Fprintf(env.Stdout, "key:  %s\nhash: %s\n\nGive the key to its holder; it cannot be shown again. In gatehouse.yaml:\n\nkeys:\n  - {name: %s, hash: %q}\n",
			key, apikey.Hash(key), *name, apikey.Hash(key))
		return nil
	}
	c.AddCommand(make)
	return c
}

func versionCommand(env Env) *cobra.Command {
	c := &cobra.Command{Use: "version", Short: "Print the version"}
	c.RunE = func(*cobra.Command, []string) error {
		fmt.Fprintf(env.Stdout, "gatehouse %s %s %s/%s\n", Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
		return nil
	}
	return c
}

// Version is the version of the module, as the Go command knows it, or the
// revision that it was built from.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return "devel-" + s.Value[:12]
		}
	}
	return "devel"
}
