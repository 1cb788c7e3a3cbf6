package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/gatehouse-ai/gatehouse/apikey"
	"github.com/gatehouse-ai/gatehouse/app"
	"github.com/gatehouse-ai/gatehouse/config"
	"github.com/gatehouse-ai/gatehouse/fakellm"
)

// Options are what a demonstration is started with.
type Options struct {
	Listen  string    // host:port of the gateway; port 0 takes any free one
	JSON    bool      // print one JSON object instead of a text
	Out     io.Writer // where it is printed
	Log     io.Writer // where the gateway's log goes
	Version string
}

// Facts are what a user of the demonstration has to know.
type Facts struct {
	BaseURL  string   `json:"base_url"`
	AdminURL string   `json:"admin_url"`
	Key      string   `json:"key"`
	Models   []string `json:"models"`
}

// Reachable returns the host:port by which this machine reaches a listener: one
// that listens on every address is reached on loopback.
func Reachable(address string) string {
	host, port, err := net.SplitHostPort(address)
	ip, perr := netip.ParseAddr(host)
	if err == nil && (host == "" || perr == nil && ip.IsUnspecified()) {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return address
}

// models are the models of the demonstration, by the dialect of their engine.
func models() []string { return []string{"openai-demo", "ollama-demo", "claude-demo", "embed-demo"} }

// Run starts everything, prints how to use it, and serves until ctx ends.
func Run(ctx context.Context, o Options) error {
	if err := checkAddress(o.Listen); err != nil {
		return err
	}
	engines, stop, err := start(ctx)
	if err != nil {
		return err
	}
	defer stop()
	key := apikey.Generate()
	text := describe(o.Listen, apikey.Hash(key), engines)
	a, err := app.Start(app.Options{
		Load: func() (*app.Setup, error) {
			c, err := config.Parse("", []byte(text))
			if err != nil {
				return nil, fmt.Errorf("the demonstration's configuration: %w", err)
			}
			return app.FromConfig(c), nil
		},
		Log: o.Log, Version: o.Version,
	})
	if err != nil {
		return err
	}
	facts := Facts{BaseURL: "http://" + Reachable(a.Addrs()[0]) + "/v1", AdminURL: "http://" + a.AdminAddrs()[0], Key: key, Models: models()}
	if err := o.print(facts); err != nil {
		a.Close()
		return err
	}
	select {
	case <-ctx.Done():
	case err = <-a.Failed():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if e := a.Shutdown(grace); err == nil {
		err = e
	}
	return err
}

// checkAddress finds what is wrong with an address before the configuration
// does, whose text no user has seen.
func checkAddress(address string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("the address %q to listen on is not host:port, such as 127.0.0.1:8080", address)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("the port of the address %q to listen on is not one between 0 and 65535", address)
	}
	return nil
}

// start starts the engines, by the names of their endpoints.
func start(ctx context.Context) (urls map[string]string, stop func(), err error) {
	urls = map[string]string{}
	var servers []*fakellm.Server
	stop = func() {
		for _, s := range servers {
			s.Close()
		}
	}
	for name, e := range map[string]*fakellm.Engine{
		"openai":    fakellm.New(fakellm.OpenAI, fakellm.Models("demo-7b", "embed-demo")),
		"ollama":    fakellm.New(fakellm.Ollama, fakellm.Models("demo:7b")),
		"anthropic": fakellm.New(fakellm.Anthropic, fakellm.Models("claude-demo")),
	} {
		s, err := fakellm.Listen(ctx, e)
		if err != nil {
			stop()
			return nil, nil, fmt.Errorf("starting the simulated engine %s: %w", name, err)
		}
		servers = append(servers, s)
		urls[name] = s.URL
	}
	return urls, stop, nil
}

// describe writes the configuration of the demonstration.
func describe(listen string, hash apikey.Digest, urls map[string]string) string {
	return fmt.Sprintf(`
listen: %q
admin: 127.0.0.1:0
keys:
  - {name: demo, hash: %q}
endpoints:
  - {name: openai, url: "%s/v1"}
  - {name: ollama, url: %q, dialect: ollama}
  - {name: anthropic, url: %q, dialect: anthropic}
models:
  - {name: openai-demo, endpoints: [{name: openai, model: demo-7b}]}
  - {name: ollama-demo, endpoints: [{name: ollama, model: "demo:7b"}]}
  - {name: claude-demo, endpoints: [anthropic]}
  - {name: embed-demo, endpoints: [openai]}
log: {level: warn}
`, listen, hash.String(), urls["openai"], urls["ollama"], urls["anthropic"])
}

func (o Options) print(f Facts) error {
	if o.JSON {
		if err := json.NewEncoder(o.Out).Encode(f); err != nil {
			return fmt.Errorf("printing the facts: %w", err)
		}
		return nil
	}
	_, err := fmt.Fprintf(o.Out, `Gatehouse is serving three simulated engines that speak three protocols.

  base URL   %[1]s
  key        %[2]s
  models     openai-demo   an engine that speaks OpenAI's API
             ollama-demo   an engine that speaks Ollama's own API, translated
             claude-demo   an engine that speaks Anthropic's Messages API, translated
             embed-demo    embeddings
  metrics    %[3]s/metrics

Try it with curl:

  curl %[1]s/chat/completions -H 'Authorization: Bearer %[2]s' -H 'Content-Type: application/json' \
    -d '{"model": "ollama-demo", "stream": true, "messages": [{"role": "user", "content": "Hello!"}]}'

or with Python (pip install openai):

from openai import OpenAI
client = OpenAI(base_url="%[1]s", api_key="%[2]s")
answer = client.chat.completions.create(model="claude-demo", messages=[{"role": "user", "content": "Hello!"}])
print(answer.choices[0].message.content)

Press Ctrl-C to stop.
`, f.BaseURL, f.Key, f.AdminURL)
	if err != nil {
		return fmt.Errorf("printing how to use it: %w", err)
	}
	return nil
}
