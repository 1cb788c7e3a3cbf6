package discover

import (
	"net"
	"slices"
	"strings"

	"github.com/gatehouse-ai/gatehouse/apikey"
	"github.com/gatehouse-ai/gatehouse/catalog"
	"github.com/gatehouse-ai/gatehouse/secret"
	"github.com/gatehouse-ai/gatehouse/strictyaml"
)

// Provider is one row of the table of providers.
type Provider struct {
	Name    string
	KeyEnv  []string // variables that may hold its key; the first that is set counts
	URLEnv  string   // variable that may hold another base URL, "" if there is none
	URL     string
	Dialect catalog.Dialect
	// Prefixes are beginnings of names of models that mean the provider. Behind
	// its own name and a slash every name does.
	Prefixes []string
}

// Providers returns the table of providers. The caller may change it.
//
// A provider that serves the models of others has no prefix but its name, for
// the name of a model would not tell it from the rest.
func Providers() []Provider {
	return []Provider{
		{
			Name: "openai", KeyEnv: []string{"OPENAI_API_KEY"}, URLEnv: "OPENAI_BASE_URL", URL: "https://api.openai.com/v1",
			Prefixes: []string{
				"gpt-", "chatgpt-", "codex-", "computer-use-", "o1", "o3", "o4", "text-embedding-", "text-moderation-", "omni-moderation-",
				"dall-e-", "tts-", "whisper-", "davinci-", "babbage-",
			},
		},
		{
			Name: "anthropic", KeyEnv: []string{"ANTHROPIC_API_KEY"}, URLEnv: "ANTHROPIC_BASE_URL", URL: "https://api.anthropic.com",
			Dialect: catalog.Anthropic, Prefixes: []string{"claude-"},
		},
		{
			Name: "gemini", KeyEnv: []string{"GEMINI_API_KEY", "GOOGLE_API_KEY"}, URL: "https://generativelanguage.googleapis.com/v1beta/openai",
			Prefixes: []string{"gemini-"},
		},
		{
			Name: "mistral", KeyEnv: []string{"MISTRAL_API_KEY"}, URL: "https://api.mistral.ai/v1",
			Prefixes: []string{
				"mistral-", "ministral-", "open-mistral-", "open-mixtral-", "magistral-", "devstral-", "codestral-", "pixtral-", "voxtral-",
			},
		},
		{
			Name: "deepseek", KeyEnv: []string{"DEEPSEEK_API_KEY"}, URL: "https://api.deepseek.com/v1",
			Prefixes: []string{"deepseek-"},
		},
		{
			Name: "xai", KeyEnv: []string{"XAI_API_KEY"}, URL: "https://api.x.ai/v1",
			Prefixes: []string{"grok-"},
		},
		{
			Name: "cohere", KeyEnv: []string{"COHERE_API_KEY", "CO_API_KEY"}, URL: "https://api.cohere.ai/compatibility/v1",
			Prefixes: []string{"command-", "c4ai-", "embed-"},
		},
		{Name: "groq", KeyEnv: []string{"GROQ_API_KEY"}, URL: "https://api.groq.com/openai/v1"},
		{Name: "openrouter", KeyEnv: []string{"OPENROUTER_API_KEY"}, URL: "https://openrouter.ai/api/v1"},
		{Name: "together", KeyEnv: []string{"TOGETHER_API_KEY"}, URL: "https://api.together.xyz/v1"},
	}
}

// addProviders turns the environment into endpoints and models.
func (f Finder) addProviders(r *Result) {
	for _, p := range f.Providers {
		name, key := f.lookup(p.KeyEnv)
		finding := Finding{Name: p.Name, Where: name}
		e, why := f.providerEndpoint(p, name, key)
		switch {
		case key == "":
			finding.What = "not set"
		case why != "":
			finding.State, finding.What = Unusable, why
		case slices.ContainsFunc(r.Endpoints, func(other *catalog.Endpoint) bool { return other.Name == e.Name }):
			finding.State, finding.What = Unusable, "an endpoint has this name already"
		default:
			finding.State, finding.What = Found, e.URL.String()
			r.Endpoints = append(r.Endpoints, e)
			for _, prefix := range p.Prefixes {
				r.Models = append(r.Models, catalog.Model{
					Prefix: prefix, OwnedBy: p.Name,
					Pool: []catalog.Target{{Endpoint: e, Weight: 1}},
				})
				finding.Models = append(finding.Models, prefix+"*")
			}
			r.Models = append(r.Models, behindName(e))
			finding.Models = append(finding.Models, p.Name+"/*")
		}
		r.Findings = append(r.Findings, finding)
	}
}

// lookup returns the first of some variables that is set and not empty, or the
// name of the first and "".
func (f Finder) lookup(names []string) (name, value string) {
	for _, name := range names {
		if value, _ := f.Env(name); strings.TrimSpace(value) != "" {
			return name, strings.TrimSpace(value)
		}
	}
	return names[0], ""
}

// providerEndpoint returns the endpoint of a provider, or why there is none. No
// reason quotes a variable.
func (f Finder) providerEndpoint(p Provider, keyEnv, key string) (*catalog.Endpoint, string) {
	base := p.URL
	if p.URLEnv != "" {
		if _, other := f.lookup([]string{p.URLEnv}); other != "" {
			base = other
		}
	}
	var u strictyaml.URL
	switch err := u.UnmarshalText([]byte(base)); {
	case strings.HasPrefix(key, apikey.Prefix):
		return nil, keyEnv + " holds a key of a gatehouse"
	case strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }):
		return nil, keyEnv + " has characters that cannot be sent in a header"
	case err != nil:
		return nil, p.URLEnv + ": " + err.Error()
	case f.Own(net.JoinHostPort(u.Dial())):
		return nil, p.URLEnv + " is this gateway"
	}
	dialect := p.Dialect
	if dialect == "" {
		dialect = catalog.OpenAI
	}
	return &catalog.Endpoint{
		Name: p.Name, URL: &u.URL, Dialect: dialect, Protocol: catalog.AutoProtocol, Timeouts: f.Timeouts,
		Auth: catalog.Auth{Mode: catalog.Replace, Key: secret.New(key)},
	}, ""
}
