package app

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/gatehouse-ai/gatehouse/apikey"
	"github.com/gatehouse-ai/gatehouse/catalog"
	"github.com/gatehouse-ai/gatehouse/config"
	"github.com/gatehouse-ai/gatehouse/dialect"
	"github.com/gatehouse-ai/gatehouse/dialect/anthropic"
	"github.com/gatehouse-ai/gatehouse/dialect/ollama"
	"github.com/gatehouse-ai/gatehouse/dialect/openai"
	"github.com/gatehouse-ai/gatehouse/dialect/tei"
	"github.com/gatehouse-ai/gatehouse/health"
	"github.com/gatehouse-ai/gatehouse/limit"
	"github.com/gatehouse-ai/gatehouse/pick"
	"github.com/gatehouse-ai/gatehouse/relay"
	"github.com/gatehouse-ai/gatehouse/route"
	"github.com/gatehouse-ai/gatehouse/snapshot"
)

// Setup is what a generation is made of.
type Setup struct {
	Config    *config.Config
	Endpoints []*catalog.Endpoint
	Models    []catalog.Model
	Aliases   []catalog.Alias
}

// FromConfig returns the setup that a configuration describes.
func FromConfig(c *config.Config) *Setup {
	s := &Setup{Config: c}
	s.Endpoints, s.Models, s.Aliases = c.Catalog()
	return s
}

// dialects are the protocols that endpoints may speak.
func dialects() map[catalog.Dialect]dialect.Dialect {
	return map[catalog.Dialect]dialect.Dialect{
		catalog.OpenAI:    openai.Dialect{},
		catalog.Ollama:    ollama.Dialect{},
		catalog.Anthropic: anthropic.New(anthropic.Options{}),
		catalog.TEI:       tei.Dialect{},
	}
}

// build makes the next generation out of a setup, and carries over from the
// one before what must not be lost: clients with their connections and the
// health of endpoints that have not changed, the budget of retries and what has
// been taken of the limits of keys.
func (a *App) build(s *Setup, before *relay.Generation) (*relay.Generation, error) {
	created := a.started.Unix()
	for i := range s.Models {
		if s.Models[i].Created == 0 {
			s.Models[i].Created = created
		}
	}
	routes, err := route.New(s.Models, s.Aliases, s.Config.Fallback.UnknownModel)
	if err != nil {
		return nil, fmt.Errorf("the routes: %w", err)
	}
	var keys *apikey.Set
	if list := s.Config.Keys(); len(list) > 0 {
		if keys, err = apikey.NewSet(list); err != nil {
			return nil, fmt.Errorf("the keys: %w", err)
		}
	}
	snap := &snapshot.Snapshot{
		Generation: 1, Keys: keys, Routes: routes, Bounds: bounds(s.Config),
		Endpoints: make(map[*catalog.Endpoint]*snapshot.Endpoint, len(s.Endpoints)),
		Retries:   a.budget(s, before),
	}
	g := &relay.Generation{Snapshot: snap, Clients: make(relay.Clients, len(s.Endpoints))}
	var taken map[*apikey.Key]*limit.Bucket
	if before != nil {
		snap.Generation, taken = before.Generation+1, before.Limits
	}
	snap.Limits = snapshot.Limits(keys, s.Config.KeyLimits(), taken, time.Now())
	var errs []error
	for _, ep := range s.Endpoints {
		snap.Keyless = snap.Keyless || ep.Auth.Keyless
		if err := a.addEndpoint(g, ep, before); err != nil {
			errs = append(errs, err)
		}
	}
	return g, errors.Join(errs...)
}

// budget is the budget of retries: the one in use, unless its share has changed.
func (a *App) budget(s *Setup, before *relay.Generation) *pick.Budget {
	if before != nil && a.setup.Config.Retries.Budget == s.Config.Retries.Budget {
		return before.Retries
	}
	return pick.NewBudget(float64(s.Config.Retries.Budget), pick.DefaultMin)
}

// addEndpoint adds an endpoint to a generation, with what is known of it from
// the generation before.
func (a *App) addEndpoint(g *relay.Generation, ep *catalog.Endpoint, before *relay.Generation) error {
	d := a.dialects[ep.Dialect]
	if d == nil {
		return fmt.Errorf("endpoint %s: there is no dialect %q", ep.Name, ep.Dialect)
	}
	out := snapshot.NewEndpoint(ep, d, nil)
	g.Endpoints[ep] = out
	if before != nil {
		for old, was := range before.Endpoints {
			if reflect.DeepEqual(old, ep) {
				out.Health = was.Health
				if ep.TLS == (catalog.TLS{}) { // certificates are read again
					g.Clients[ep] = before.Clients[old]
				}
			}
		}
	}
	if out.Health == nil {
		out.Health = health.New(health.Config{OnChange: a.healthChanged(ep.Name)})
	}
	if g.Clients[ep] == nil {
		c, err := relay.NewClient(ep)
		if err != nil {
			return err
		}
		g.Clients[ep] = c
	}
	return nil
}

// healthChanged reports every change of an endpoint's health.
func (a *App) healthChanged(name string) func(health.View) {
	return func(v health.View) {
		up := v.Status == health.Closed
		a.metrics.EndpointUp(name, up)
		if up {
			a.log.Info("endpoint is healthy", "endpoint", name)
		} else if v.Status == health.Open {
			a.log.Warn("endpoint is not healthy", "endpoint", name, "reason", v.Reason, "retry_at", v.RetryAt.Format(time.RFC3339))
		}
	}
}

func bounds(c *config.Config) snapshot.Bounds {
	return snapshot.Bounds{
		ControlBody: int64(c.Limits.ControlBody),
		JSONBody:    int64(c.Limits.JSONBody),
		UploadBody:  int64(c.Limits.UploadBody),
		Answer:      int64(c.Limits.Answer),
		Attempts:    c.Retries.Attempts,
		KeepAlive:   c.Stream.KeepAlive,
		BodyRead:    c.Limits.BodyRead,
	}
}
