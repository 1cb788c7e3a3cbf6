package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/gatehouse-ai/gatehouse/apikey"
	"github.com/gatehouse-ai/gatehouse/config"
	"github.com/gatehouse-ai/gatehouse/demo"
	"github.com/gatehouse-ai/gatehouse/discover"
	"github.com/gatehouse-ai/gatehouse/strictyaml"
)

// Env is what the program finds around it.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	LookupEnv      func(string) (string, bool)
	Reload         <-chan struct{} // a value for every SIGHUP
	// Places are where serve looks for engines; nil means the usual ones.
	Places []discover.Place
	// ReadFile reads what the system says of itself; nil means the system's own
	// files.
	ReadFile func(name string) ([]byte, error)
	// Loops is how many event loops serve has, each with a processor of its own
	// while it is busy; serve then doubles GOMAXPROCS, which is the whole
	// process's. 0 leaves both as they are.
	Loops int
}

// usualFile is what configurations are called.
const usualFile = "gatehouse.yaml"

// Exit statuses.
const (
	ok       = 0
	failure  = 1
	misusage = 2
)

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
	var mistakes *strictyaml.Error
	switch {
	case err == nil:
		return ok
	case errors.As(err, &mistakes): // each line says where
		fmt.Fprintln(env.Stderr, mistakes)
		return failure
	case errors.As(err, &usage):
		hint := usage.hint
		if hint == "" {
			hint = "`gatehouse --help` lists the commands, `gatehouse COMMAND --help` their flags"
		}
		fmt.Fprintf(env.Stderr, "error: %v\nhint: %s\n", usage.err, hint)
		return misusage
	}
	fmt.Fprintf(env.Stderr, "error: %v\n", err)
	if hint := hintFor(err); hint != "" {
		fmt.Fprintf(env.Stderr, "hint: %s\n", hint)
	}
	return failure
}

// hintFor says what to do about an error that the system has given.
func hintFor(err error) string {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return "another program has this port; stop it or take another port (--listen, for operators --admin; port 0 takes any free one)"
	case errors.Is(err, syscall.EACCES) && strings.Contains(err.Error(), "bind:"):
		return "ports below 1024 are for root; take another one with --listen"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "the address must be one of this machine's own"
	}
	return ""
}

// usageError is a mistake on the command line itself.
type usageError struct {
	err  error
	hint string // "" is the general one
}

func (e *usageError) Error() string { return e.err.Error() }

func command(env Env) *cobra.Command {
	root := &cobra.Command{
		Use:   "gatehouse",
		Short: "One OpenAI-compatible endpoint in front of every model that a team uses",
		Long: `One OpenAI-compatible endpoint in front of every model that a team uses.

To look around, run ` + "`gatehouse demo`" + `. To serve for real, run ` + "`gatehouse serve`" + `, which
finds engines on this machine, or ` + "`gatehouse serve --config gatehouse.yaml`" + `.`,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
		SilenceErrors: true, SilenceUsage: true,
	}
	root.Args = noCommand(root)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return &usageError{err: err, hint: fmt.Sprintf("`%s --help` lists the flags", c.CommandPath())}
	})
	root.AddCommand(serveCommand(env), checkCommand(env), demoCommand(env), keyCommand(env), versionCommand(env))
	root.AddCommand(benchCommand(env))
	for _, c := range root.Commands() {
		if c.Args == nil {
			c.Args = noArgs
		}
	}
	root.SetHelpCommand(helpCommand(root))
	return root
}

// noCommand refuses what is not one of the commands below parent.
func noCommand(parent *cobra.Command) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		e := &usageError{err: fmt.Errorf("there is no command %q", parent.CommandPath()+" "+args[0])}
		parent.SuggestionsMinimumDistance = 2
		if s := parent.SuggestionsFor(args[0]); len(s) > 0 {
			e.hint = fmt.Sprintf("did you mean `%s %s`?", parent.CommandPath(), s[0])
		}
		return e
	}
}

// helpCommand is the command help, which refuses what it cannot explain.
func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "Explain a command",
		RunE: func(_ *cobra.Command, args []string) error {
			c, rest, err := root.Find(args)
			if err == nil && len(rest) > 0 {
				return noCommand(c)(c, rest)
			}
			if err != nil {
				return err
			}
			return c.Help()
		},
	}
}

func noArgs(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &usageError{err: fmt.Errorf("the argument %q is one too many", args[0])}
	}
	return nil
}

func checkCommand(env Env) *cobra.Command {
	c := &cobra.Command{Use: "check [FILE]", Short: "Check a configuration and report every mistake in it"}
	file := c.Flags().StringP("config", "c", usualFile, "the configuration to check")
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
		cfg, err := config.Load(*file)
		if err != nil {
			return err
		}
		for _, w := range cfg.Warnings() {
			fmt.Fprintf(env.Stderr, "warning: %s\n", w)
		}
		endpoints, models, aliases := cfg.Catalog()
		fmt.Fprintf(env.Stdout, "%s is valid: %s, %s, %s, %s\n", *file,
			count(len(endpoints), "endpoint", "endpoints"), count(len(models), "model", "models"),
			count(len(aliases), "alias", "aliases"), count(len(cfg.Keys()), "key", "keys"))
		return nil
	}
	return c
}

// count writes a number of things.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
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
	c := &cobra.Command{Use: "key", Short: "Make API keys for the configuration"}
	c.Args = noCommand(c)
	c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	fresh := &cobra.Command{
		Use: "new", Short: "Make a key: the key for its holder, its hash for the configuration", Args: noArgs,
	}
	name := fresh.Flags().String("name", "NAME", "what logs and metrics call the key")
	fresh.RunE = func(*cobra.Command, []string) error {
		key := apikey.Generate()
		fmt.Fprintf(env.Stdout, "key:  %s\nhash: %s\n\nGive the key to its holder; it cannot be shown again. In gatehouse.yaml:\n\nkeys:\n  - {name: %s, hash: %q}\n",
			key, apikey.Hash(key), scalar(*name), apikey.Hash(key))
		return nil
	}
	c.AddCommand(fresh)
	return c
}

// scalar writes a text as a value in YAML, in quotes unless it is a plain word.
func scalar(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r)
	}
	word := s != "" && strings.IndexFunc(s, unicode.IsLetter) == 0 && !strings.ContainsFunc(s, func(r rune) bool { return !plain(r) })
	switch strings.ToLower(s) {
	case "true", "false", "null", "yes", "no", "on", "off":
		word = false
	}
	if word {
		return s
	}
	return strconv.Quote(s)
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
