package cli

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-ai/gatehouse/app"
	"github.com/gatehouse-ai/gatehouse/config"
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
	listen := c.Flags().String("listen", "", "host:port to serve on, instead of the configuration's")
	c.RunE = func(c *cobra.Command, _ []string) error {
		s := &server{env: env, file: *file, listen: *listen}
		return s.run(c.Context())
	}
	return c
}

// server is one run of the command serve.
type server struct {
	env    Env
	file   string
	listen string
}

func (s *server) run(ctx context.Context) error {
	a, err := app.Start(app.Options{Load: func() (*app.Setup, error) { return s.load(ctx) }, Log: s.env.Stderr, Version: Version()})
	if err != nil {
		return err
	}
	scheme := "http"
	if a.TLS() {
		scheme = "https"
	}
	for _, addr := range a.Addrs() {
		a.Log().Info("serving", "base_url", scheme+"://"+addr+"/v1", "version", Version())
	}
	for _, addr := range a.AdminAddrs() {
		a.Log().Info("serving operators", "url", "http://"+addr)
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

// load returns the setup of the file, or of what is found.
func (s *server) load(ctx context.Context) (*app.Setup, error) {
	if s.file == "" {
		return s.find(ctx)
	}
	c, err := load(s.env, s.file)
	if err != nil {
		return nil, err
	}
	if s.listen != "" {
		if c, err = c.WithListen(s.listen); err != nil {
			return nil, err
		}
	}
	return app.FromConfig(c), nil
}

// find looks for engines and providers, and says what it has found.
func (s *server) find(ctx context.Context) (*app.Setup, error) {
	c := config.Default()
	if s.listen != "" {
		var err error
		if c, err = c.WithListen(s.listen); err != nil {
			return nil, err
		}
	}
	found := discover.Finder{
		Env:      s.env.LookupEnv,
		Own:      c.Owns,
		Timeouts: c.Timeouts.Catalog(), Health: config.DefaultHealth().Catalog(),
		Patience: 2 * time.Second,
	}.Find(ctx)
	for _, f := range found.Findings {
		fmt.Fprintln(s.env.Stderr, f)
	}
	if len(found.Endpoints) == 0 {
		return nil, fmt.Errorf("nothing to serve was found on this machine or in the environment.\nhint: start an engine such as Ollama, set a provider's key such as OPENAI_API_KEY, or write a configuration and name it with --config; `gatehouse demo` needs none of them")
	}
	return &app.Setup{Config: c, Endpoints: found.Endpoints, Models: found.Models, Aliases: found.Aliases}, nil
}

// OSEnv is the surroundings of the real program. Reload is the caller's.
func OSEnv() Env {
	return Env{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, LookupEnv: os.LookupEnv}
}
