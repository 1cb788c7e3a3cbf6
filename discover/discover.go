package discover

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse-ai/gatehouse/catalog"
)

// Finder looks for engines and providers. Env is all that it must have.
type Finder struct {
	Env func(name string) (string, bool)
	// Client asks engines who they are. It should follow no redirects and use no
	// proxy, as the one that a nil Client stands for.
	Client *http.Client
	// Places are where to look for engines; nil means Places().
	Places []Place
	// Providers are whom to look for; nil means Providers().
	Providers []Provider
	// Own tells whether a host:port is the gateway's own, which is left alone.
	// nil means that none is.
	Own func(address string) bool
	// Patience bounds the questions to one place; 0 means two seconds.
	Patience time.Duration
	// Timeouts are those of every endpoint that is found.
	Timeouts catalog.Timeouts
	// Health is the check of every engine that is found. Providers are not
	// checked: what requests experience is enough.
	Health catalog.HealthCheck
}

// Result is what was found. Names of endpoints and of models are unique, and
// every alias is of a model.
type Result struct {
	Endpoints []*catalog.Endpoint
	Models    []catalog.Model
	Aliases   []catalog.Alias
	// Findings say what was found, what was not, and why, in the order in which
	// it was looked for.
	Findings []Finding
}

// Find looks at every place and for every provider. It asks engines at the same
// time and providers not at all. It returns when all have answered or the
// patience is over; without any engine that is at once.
func (f Finder) Find(ctx context.Context) Result {
	if f.Client == nil {
		client := newClient()
		defer client.CloseIdleConnections()
		f.Client = client
	}
	if f.Places == nil {
		f.Places = Places()
	}
	if f.Providers == nil {
		f.Providers = Providers()
	}
	if f.Own == nil {
		f.Own = func(string) bool { return false }
	}
	if f.Patience == 0 {
		f.Patience = 2 * time.Second
	}
	answers := make([]answer, len(f.Places))
	var wait sync.WaitGroup
	for i, p := range f.Places {
		wait.Go(func() { answers[i] = f.ask(ctx, p) })
	}
	wait.Wait()
	var r Result
	f.addEngines(&r, answers)
	f.addProviders(&r)
	return r
}

// newClient returns a client for questions to this machine.
func newClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{DialContext: (&net.Dialer{}).DialContext, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// addEngines turns answers into endpoints and models.
//
// A model has its name if no engine before has it. Names that several engines
// have are listed once more for each, behind the name of the engine, and what
// is not listed can be reached so too: an engine may get models after it has
// been found.
func (f Finder) addEngines(r *Result, answers []answer) {
	owners := map[string]int{} // how many engines have a model
	for _, a := range answers {
		for _, m := range a.models {
			owners[m.name]++
		}
	}
	taken := map[string]bool{} // names of models and aliases
	var short []catalog.Alias
	for _, a := range answers {
		if a.state != Found {
			r.Findings = append(r.Findings, a.finding(a.engine.name()))
			continue
		}
		e := f.engineEndpoint(a, r.Endpoints)
		r.Endpoints = append(r.Endpoints, e)
		finding := a.finding(e.Name)
		for _, m := range a.models {
			row := catalog.Model{
				Name: m.name, OwnedBy: e.Name, Created: m.created,
				Pool: []catalog.Target{{Endpoint: e, Model: m.name, Weight: 1}},
			}
			names := []string{m.name}
			if owners[m.name] > 1 {
				names = append(names, e.Name+"/"+m.name)
			}
			for _, name := range names {
				if taken[name] {
					continue
				}
				taken[name] = true
				row.Name = name
				r.Models = append(r.Models, row)
				finding.Models = append(finding.Models, name)
			}
			if base, ok := strings.CutSuffix(m.name, ":latest"); ok && a.engine == ollama && base != "" {
				short = append(short, catalog.Alias{Name: base, Of: m.name})
			}
		}
		r.Models = append(r.Models, behindName(e))
		r.Findings = append(r.Findings, finding)
	}
	for _, alias := range short {
		if !taken[alias.Name] {
			taken[alias.Name] = true
			r.Aliases = append(r.Aliases, alias)
		}
	}
}

// behindName returns the row that serves every model of an endpoint behind the
// endpoint's name.
func behindName(e *catalog.Endpoint) catalog.Model {
	return catalog.Model{
		Prefix: e.Name + "/", StripPrefix: true, OwnedBy: e.Name,
		Pool: []catalog.Target{{Endpoint: e, Weight: 1}},
	}
}

func (f Finder) engineEndpoint(a answer, before []*catalog.Endpoint) *catalog.Endpoint {
	name := a.engine.name()
	if slices.ContainsFunc(before, func(e *catalog.Endpoint) bool { return e.Name == name }) {
		_, port, _ := net.SplitHostPort(a.place.Address)
		name += "-" + port
	}
	e := &catalog.Endpoint{
		Name: name, URL: &url.URL{Scheme: "http", Host: a.place.Address, Path: "/v1"},
		Dialect: catalog.OpenAI, Auth: catalog.Auth{Mode: catalog.NoAuth}, Protocol: catalog.AutoProtocol,
		Timeouts: f.Timeouts, Health: f.Health,
	}
	if a.engine == ollama {
		e.URL.Path, e.Dialect = "", catalog.Ollama
	}
	return e
}
