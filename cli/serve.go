package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-ai/gatehouse/app"
	"github.com/gatehouse-ai/gatehouse/config"
	"github.com/gatehouse-ai/gatehouse/demo"
	"github.com/gatehouse-ai/gatehouse/discover"
)

func serveCommand(env Env) *cobra.Command {
	c := &cobra.Command{
		Use:   "serve",
		Short: "Serve the models of a configuration, or of this machine",
		Long: `Serve runs the gateway. With --config it serves what the file says, and reloads
it when it changes or on SIGHUP. Without it, it looks for engines on this machine
and for providers whose keys are in the environment, and says what it has found.

SIGTERM and SIGINT drain: requests in flight may end, new ones are refused.`,
	}
	file := c.Flags().StringP("config", "c", "", "the configuration; without it one is found")
	listen := c.Flags().String("listen", "", "host:port to serve on, instead of the configuration's; port 0 takes any free one")
	profile := c.Flags().String("cpu-profile", "", "write a CPU profile to this file at the end, for go tool pprof and profile-guided builds")
	admin := c.Flags().String("admin", "", "host:port for operators, instead of the configuration's; off for none")
	c.Args = func(_ *cobra.Command, args []string) error {
		if len(args) > 0 {
			return &usageError{
				err:  fmt.Errorf("the argument %q is one too many", args[0]),
				hint: fmt.Sprintf("a configuration is named with --config: `gatehouse serve --config %s`", args[0]),
			}
		}
		return nil
	}
	c.RunE = func(c *cobra.Command, _ []string) error {
		s := &server{env: env, file: *file, listen: *listen, admin: *admin}
		return profiled(*profile, func() error { return s.run(c.Context()) })
	}
	return c
}

// server is one run of the command serve.
type server struct {
	env    Env
	file   string
	listen string
	admin  string
}

func (s *server) run(ctx context.Context) error {
	limit := limitMemory(s.env)
	if s.env.Loops > 0 {
		runtime.GOMAXPROCS(2 * s.env.Loops)
	}
	a, err := app.Start(app.Options{
		Load: func() (*app.Setup, error) { return s.load(ctx) }, Log: s.env.Stderr, Version: Version(), Loops: s.env.Loops,
	})
	if err != nil {
		return err
	}
	logLimit(a.Log(), limit)
	scheme := "http"
	if a.TLS() {
		scheme = "https"
	}
	for _, addr := range a.Addrs() {
		a.Log().Info("serving", "base_url", scheme+"://"+demo.Reachable(addr)+"/v1", "version", Version())
	}
	for _, addr := range a.AdminAddrs() {
		a.Log().Info("serving operators", "url", "http://"+demo.Reachable(addr))
	}
	for {
		select {
		case <-s.env.Reload:
			_ = a.Reload() // which has said what is wrong
		case err := <-a.Failed():
			a.Close()
			return err
		case <-ctx.Done():
			grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.Grace())
			defer cancel()
			if err := a.Shutdown(grace); err != nil {
				return fmt.Errorf("shutting down: %w", err)
			}
			return nil
		}
	}
}

// profiled calls f, and profiles it if there is a file for that.
func profiled(file string, f func() error) error {
	if file == "" {
		return f()
	}
	out, err := os.Create(file)
	if err != nil {
		return fmt.Errorf("the CPU profile: %w", err)
	}
	if err := pprof.StartCPUProfile(out); err != nil {
		return errors.Join(fmt.Errorf("the CPU profile: %w", err), out.Close())
	}
	err = f()
	pprof.StopCPUProfile()
	return errors.Join(err, out.Close())
}

// load returns the setup of the file, or of what is found.
func (s *server) load(ctx context.Context) (*app.Setup, error) {
	c := config.Default()
	var err error
	if s.file != "" {
		if c, err = config.Load(s.file); err != nil {
			return nil, err
		}
	}
	if s.listen != "" {
		if c, err = c.WithListen(s.listen); err != nil {
			return nil, err
		}
	}
	if s.admin != "" {
		if c, err = withAdmin(c, s.admin); err != nil {
			return nil, err
		}
	}
	if s.file == "" {
		return s.find(ctx, c)
	}
	return app.FromConfig(c), nil
}

// withAdmin returns the configuration with another address for operators.
func withAdmin(c *config.Config, address string) (*config.Config, error) {
	out := *c
	if out.Admin.Listen = address; address == "off" {
		out.Admin.Listen = ""
		return &out, nil
	}
	if _, _, err := net.SplitHostPort(address); err != nil {
		return nil, fmt.Errorf("the address %q for operators is neither host:port nor off", address)
	}
	return &out, nil
}

// find looks for engines and providers, and says what it has found.
func (s *server) find(ctx context.Context, c *config.Config) (*app.Setup, error) {
	if _, err := os.Stat(usualFile); err == nil {
		fmt.Fprintf(s.env.Stderr, "note: %[1]s in this folder is not read without --config %[1]s\n", usualFile)
	}
	found := discover.Finder{
		Env: s.env.LookupEnv, Places: s.env.Places,
		Own:      c.Owns,
		Timeouts: c.Timeouts.Catalog(), Health: config.DefaultHealth().Catalog(),
		Patience: 2 * time.Second,
	}.Find(ctx)
	for _, f := range found.Findings {
		fmt.Fprintln(s.env.Stderr, f.String()+names(f.Models))
	}
	if len(found.Endpoints) == 0 {
		return nil, errors.New("nothing to serve was found on this machine or in the environment.\nhint: start an engine such as Ollama, set a provider's key such as OPENAI_API_KEY, or write a configuration and name it with --config; `gatehouse demo` needs none of them")
	}
	return &app.Setup{Config: c, Endpoints: found.Endpoints, Models: found.Models, Aliases: found.Aliases}, nil
}

// names lists the first few names of models behind what was found.
func names(models []string) string {
	const most = 5
	switch {
	case len(models) == 0:
		return ""
	case len(models) > most:
		return ": " + strings.Join(models[:most], ", ") + ", …"
	}
	return ": " + strings.Join(models, ", ")
}

// OSEnv is the surroundings of the real program. Reload is the caller's.
func OSEnv() Env {
	return Env{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, LookupEnv: os.LookupEnv}
}
