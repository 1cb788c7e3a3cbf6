package config

import (
	"crypto/tls"
	"log/slog"
	"maps"
	"net/url"
	"slices"
	"time"

	"github.com/gatehouse-ai/gatehouse/apikey"
	"github.com/gatehouse-ai/gatehouse/catalog"
	"github.com/gatehouse-ai/gatehouse/limit"
	"github.com/gatehouse-ai/gatehouse/strictyaml"
)

// Catalog returns the endpoints, the models that they serve and the aliases, in
// the order of the file. Each call makes new ones.
func (c *Config) Catalog() (endpoints []*catalog.Endpoint, models []catalog.Model, aliases []catalog.Alias) {
	byName := make(map[string]*catalog.Endpoint, len(c.Endpoints))
	for i := range c.Endpoints {
		e := c.Endpoints[i].catalog()
		byName[e.Name] = e
		endpoints = append(endpoints, e)
	}
	for _, m := range c.Models {
		if m.Alias != "" {
			aliases = append(aliases, catalog.Alias{Name: m.Alias, Of: m.Of})
			continue
		}
		row := catalog.Model{
			Name: m.Name, Prefix: m.Prefix, Pattern: m.Pattern,
			StripPrefix: m.StripPrefix, OwnedBy: m.OwnedBy,
		}
		for _, t := range m.Endpoints {
			row.Pool = append(row.Pool, catalog.Target{Endpoint: byName[t.Name], Model: t.Model, Weight: t.Weight})
		}
		models = append(models, row)
	}
	return endpoints, models, aliases
}

// Keys returns the API keys, in the order of the file.
func (c *Config) Keys() []apikey.Key {
	keys := make([]apikey.Key, len(c.APIKeys))
	for i, k := range c.APIKeys {
		keys[i] = apikey.Key{Name: k.Name, Digest: k.Hash, Models: slices.Clone(k.Models)}
	}
	return keys
}

// KeyLimits returns the rate limits of the keys that have any, by the name of
// the key. It is nil if none has.
func (c *Config) KeyLimits() map[string]limit.Spec {
	var specs map[string]limit.Spec
	for _, k := range c.APIKeys {
		spec := limit.Spec{Requests: limit.PerMinute(k.Limits.RequestsPerMinute), Tokens: limit.PerMinute(k.Limits.TokensPerMinute)}
		if spec.Zero() {
			continue
		}
		if specs == nil {
			specs = make(map[string]limit.Spec)
		}
		specs[k.Name] = spec
	}
	return specs
}

func (e *Endpoint) catalog() *catalog.Endpoint {
	address := url.URL{Scheme: e.URL.Scheme, Host: e.URL.Host, Path: e.URL.Path, RawPath: e.URL.RawPath}
	out := &catalog.Endpoint{
		Name: e.Name, URL: &address, Dialect: catalog.Dialect(e.Dialect), Protocol: catalog.Protocol(e.Protocol),
		Auth:     catalog.Auth{Mode: catalog.AuthMode(e.Auth.Mode), Key: e.Auth.Key, Keyless: e.Auth.Keyless},
		Timeouts: e.Timeouts.Catalog(),
		TLS: catalog.TLS{
			CAFile: string(e.TLS.CAFile), CertFile: string(e.TLS.CertFile),
			KeyFile: string(e.TLS.KeyFile), ServerName: e.TLS.ServerName,
		},
		Health: e.Health.Catalog(),
	}
	for _, name := range slices.Sorted(maps.Keys(e.Headers)) {
		out.Headers = append(out.Headers, catalog.HeaderField{Name: name, Value: e.Headers[name]})
	}
	return out
}

// Catalog returns the timeouts as an endpoint has them.
func (t Timeouts) Catalog() catalog.Timeouts {
	return catalog.Timeouts{Connect: t.Connect, Header: t.Header, FirstToken: t.FirstToken, Idle: t.Idle, Total: t.Total}
}

// byKey returns the timeouts by their keys in the file.
func (t *Timeouts) byKey() map[string]*time.Duration {
	return map[string]*time.Duration{
		"connect": &t.Connect, "header": &t.Header, "first_token": &t.FirstToken, "idle": &t.Idle, "total": &t.Total,
	}
}

// Catalog returns the check as an endpoint has it.
func (h Health) Catalog() catalog.HealthCheck {
	return catalog.HealthCheck{Path: h.Path, Interval: h.Interval, Timeout: h.Timeout}
}

// DefaultHealth returns the check of an endpoint that says nothing about it.
func DefaultHealth() Health {
	var h Health
	strictyaml.SetDefaults(&h)
	return h
}

// Number returns the version as crypto/tls calls it.
func (v TLSVersion) Number() uint16 {
	if v == "1.3" {
		return tls.VersionTLS13
	}
	return tls.VersionTLS12
}

// Slog returns the level as log/slog calls it.
func (l LogLevel) Slog() slog.Level {
	switch l {
	case "debug":
		return slog.LevelDebug
	case "warn":
		return slog.LevelWarn
	case "error":
		return slog.LevelError
	}
	return slog.LevelInfo
}
