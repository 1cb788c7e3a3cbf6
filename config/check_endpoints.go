package config

import (
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/gatehouse-ai/gatehouse/catalog"
	"github.com/gatehouse-ai/gatehouse/hostport"
	"github.com/gatehouse-ai/gatehouse/strictyaml"
)

func (k *checker) checkEndpoints() {
	k.endpoints = map[string]int{}
	for i := range k.Endpoints {
		e, path := &k.Endpoints[i], strictyaml.Index("endpoints", i)
		k.checkEndpointName(strictyaml.Field(path, "name"), e.Name)
		k.unique(path, "name", "endpoints", k.endpoints, e.Name, i)
		k.inherit(e, strictyaml.Field(path, "timeouts"))
		k.checkURL(e, strictyaml.Field(path, "url"))
		k.checkAuth(e, path)
		k.checkEndpointTLS(e, path)
		k.checkHeaders(e, path)
		if p := e.Health.Path; p != "" && (p[0] != '/' || strings.ContainsFunc(p, func(r rune) bool { return r <= ' ' || r > '~' })) {
			k.Mistakef(strictyaml.Field(path, "health.path"), "it begins at the root of the server: /health", "wanted a path of a URL, got %q", p)
		}
		if e.Health.Interval > 0 && e.Health.Timeout == 0 && !k.Wrong(strictyaml.Field(path, "health")) {
			k.Mistakef(strictyaml.Field(path, "health.timeout"), "interval: 0s switches checks off", "wanted a timeout above 0s")
		}
	}
}

// inherit gives an endpoint the timeouts of the file where it has none of its
// own.
func (k *checker) inherit(e *Endpoint, path string) {
	for key, d := range e.Timeouts.byKey() {
		if !k.Given(strictyaml.Field(path, key)) {
			*d = *k.Timeouts.byKey()[key]
		}
	}
}

// checkEndpointName checks a name that is also part of names of models.
func (k *checker) checkEndpointName(path, name string) {
	if !k.Given(path) || k.Wrong(path) {
		return
	}
	const most = 64
	good := name != "" && len(name) <= most && !strings.ContainsFunc(name, func(r rune) bool { return !isLetterOrDigit(r) && !strings.ContainsRune("._-", r) })
	if !good || !isLetterOrDigit(rune(name[0])) {
		k.Mistakef(path, "", "wanted letters, digits and . _ - between them, at most %d, got %q", most, name)
	}
}

func isLetterOrDigit(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

// operations are ends of paths that people copy from examples of requests.
var operations = []string{"/chat/completions", "/completions", "/embeddings", "/responses", "/messages", "/api/chat", "/api/generate", "/api/embed"}

func (k *checker) checkURL(e *Endpoint, path string) {
	if k.Wrong(path) || !k.Given(path) {
		return
	}
	for _, o := range operations {
		if strings.HasSuffix(e.URL.Path, o) {
			k.Mistakef(path, "leave out "+o, "wanted the base URL, got that of an operation")
			return
		}
	}
	host, port := e.URL.Dial()
	if listener := k.own(hostport.Address{Host: host, Port: port}); listener != "" {
		k.Mistakef(path, "", "is the gateway itself: %s has port %s", listener, port)
	}
}

func (k *checker) checkAuth(e *Endpoint, path string) {
	a, path := &e.Auth, strictyaml.Field(path, "auth")
	if k.Wrong(path) {
		return
	}
	keyPath := strictyaml.Field(path, "key")
	hasKey := !a.Key.IsZero()
	if a.Mode == "" {
		a.Mode = AuthMode(catalog.NoAuth)
		if hasKey {
			a.Mode = AuthMode(catalog.Replace)
		}
	}
	mode := catalog.AuthMode(a.Mode)
	switch {
	case hasKey && mode != catalog.Replace:
		k.Mistakef(keyPath, "leave out the mode to send the key", "with the mode %s the key is never sent", a.Mode)
	case hasKey:
		k.checkCredential(keyPath, a.Key.Reveal())
	case mode == catalog.Replace:
		k.Mistakef(keyPath, `key: "${env:NAME}", or mode: none`, "the mode replace needs a key")
	}
	if a.Keyless && mode != catalog.Passthrough {
		k.Mistakef(strictyaml.Field(path, "keyless"), "", "needs the mode passthrough: otherwise nobody knows who the request is from")
	}
	if mode != catalog.NoAuth && e.URL.Scheme == "http" && !isPrivate(e.URL.Hostname()) && !k.Wrong(strictyaml.Field(path, "url")) {
		k.Warnf(strings.TrimSuffix(path, "auth")+"url", "use https", "credentials go to %s without encryption", e.URL.Hostname())
	}
}

// isPrivate tells whether a host is on this machine or, as far as its name or
// address says, on a network of the operator's own.
func isPrivate(host string) bool {
	ip, err := netip.ParseAddr(host)
	if err != nil {
		name := strings.ToLower(strings.TrimSuffix(host, "."))
		return !strings.Contains(name, ".") || slices.ContainsFunc(privateDomains, func(d string) bool { return strings.HasSuffix(name, d) })
	}
	ip = ip.Unmap()
	return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsUnspecified() || sharedSpace.Contains(ip)
}

// privateDomains are those that no public name ends in.
var privateDomains = []string{".localhost", ".local", ".internal", ".intranet", ".lan", ".home.arpa", ".svc", ".test"}

// sharedSpace are the addresses between carriers and their customers, which
// overlay networks use.
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")

func (k *checker) checkEndpointTLS(e *Endpoint, path string) {
	tlsPath := strictyaml.Field(path, "tls")
	k.checkPair(tlsPath, e.TLS.CertFile, e.TLS.KeyFile)
	k.checkCA(strictyaml.Field(tlsPath, "ca_file"), e.TLS.CAFile)
	if !hostport.Valid(e.TLS.ServerName) {
		k.Mistakef(strictyaml.Field(tlsPath, "server_name"), "", "wanted the name of a host, got %q", e.TLS.ServerName)
	}
	if e.TLS != (EndpointTLS{}) && e.URL.Scheme == "http" {
		k.Mistakef(tlsPath, "", "has no effect: the URL begins with http://")
	}
	if catalog.Protocol(e.Protocol) == catalog.H2C && e.URL.Scheme == "https" {
		k.Mistakef(strictyaml.Field(path, "protocol"), "http2 is HTTP/2 over TLS", "h2c is HTTP/2 without TLS, but the URL begins with https://")
	}
	if catalog.Protocol(e.Protocol) == catalog.HTTP2 && e.URL.Scheme == "http" {
		k.Mistakef(strictyaml.Field(path, "protocol"), "h2c is HTTP/2 without TLS", "http2 is HTTP/2 over TLS, but the URL begins with http://")
	}
}

// managedHeaders are those that the gateway writes itself.
var managedHeaders = []string{
	"connection", "content-encoding", "content-length", "content-type", "expect", "host", "keep-alive",
	"proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
	"x-request-id", "x-gatehouse-key",
}

func (k *checker) checkHeaders(e *Endpoint, path string) {
	headers := strictyaml.Field(path, "headers")
	seen := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(e.Headers)) {
		path, lower, text := strictyaml.Field(headers, name), strings.ToLower(name), e.Headers[name].Reveal()
		switch {
		case !isToken(name):
			k.Mistakef(path, "", "%q cannot be the name of a header", name)
		case seen[lower] != "":
			k.Mistakef(path, "", "is the same header as %s", seen[lower])
		case slices.Contains(managedHeaders, lower):
			k.Mistakef(path, "", "the gateway sends this header itself")
		case (lower == "authorization" || lower == "x-api-key") && catalog.AuthMode(e.Auth.Mode) != catalog.NoAuth:
			k.Mistakef(path, "take it out here or there", "auth sends this header already")
		case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) || strings.TrimSpace(text) != text:
			k.Mistakef(path, "", "the value has control characters, or spaces around it")
		case looksSecret(lower) && !k.Refers(path) && !k.Wrong(path):
			k.Warnf(path, "write ${env:NAME} or ${file:PATH} instead", "a secret stands in the file itself")
		}
		seen[lower] = name
	}
}

// looksSecret tells whether a header of this name mostly carries a secret.
func looksSecret(lower string) bool {
	return slices.ContainsFunc([]string{"authorization", "cookie", "key", "token", "secret", "password"}, func(s string) bool { return strings.Contains(lower, s) })
}

// isToken tells whether HTTP takes a text as the name of a header.
func isToken(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool { return !isLetterOrDigit(r) && !strings.ContainsRune("!#$%&'*+-.^_`|~", r) })
}
