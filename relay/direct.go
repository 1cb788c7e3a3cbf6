package relay

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"slices"

	"github.com/gatehouse-ai/gatehouse/catalog"
)

// Direct tells whether requests may go to the endpoint in HTTP/1.1 over a
// connection that a caller makes with Dial, instead of through Run.
func (c *Client) Direct() bool { return c.direct }

// direct tells whether anything about an endpoint needs net/http: another
// protocol, a proxy on the way, or fields that are checked there.
func direct(ep *catalog.Endpoint) bool {
	if ep.Protocol == catalog.H2C || ep.Protocol == catalog.HTTP2 {
		return false
	}
	if proxy, err := http.ProxyFromEnvironment(&http.Request{URL: ep.URL}); err != nil || proxy != nil {
		return false
	}
	plain := func(s string) bool {
		return !slices.ContainsFunc([]byte(s), func(c byte) bool { return c < 0x20 && c != '\t' || c == 0x7f })
	}
	for _, h := range ep.Headers {
		if !plain(h.Name) || !plain(h.Value.Reveal()) {
			return false
		}
	}
	ascii := !slices.ContainsFunc([]byte(ep.URL.Host), func(c byte) bool { return c <= 0x20 || c >= 0x7f })
	return ascii && plain(ep.Auth.Key.Reveal())
}

// Dial connects to the endpoint, within its time for that. What its TLS needs
// is left to the caller.
func (c *Client) Dial(ctx context.Context) (net.Conn, error) {
	host := c.endpoint.URL.Host
	if c.endpoint.URL.Port() == "" {
		port := "80"
		if c.endpoint.URL.Scheme == "https" {
			port = "443"
		}
		host = net.JoinHostPort(c.endpoint.URL.Hostname(), port)
	}
	return c.dialer.DialContext(ctx, "tcp", host)
}

// TLS is how the endpoint is spoken to in HTTP/1.1 over TLS, or nil for one
// without TLS.
func (c *Client) TLS() *tls.Config {
	if c.endpoint.URL.Scheme != "https" {
		return nil
	}
	out := c.tls.Clone()
	out.NextProtos = []string{"http/1.1"}
	if out.ServerName == "" {
		out.ServerName = c.endpoint.URL.Hostname()
	}
	return out
}

// Host is the Host of requests to the endpoint.
func (c *Client) Host() string { return c.endpoint.URL.Host }
