package relay

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/gatehouse-ai/gatehouse/catalog"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/snapshot"
)

// Client is the connections to one endpoint. It may be used by any number of
// goroutines.
type Client struct {
	endpoint  *catalog.Endpoint
	transport *http.Transport
	dialer    *net.Dialer
	tls       *tls.Config // of the endpoint's own
	direct    bool
}

// Clients are the clients of a generation's endpoints.
type Clients map[*catalog.Endpoint]*Client

// Generation is a snapshot with the clients of its endpoints.
type Generation struct {
	*snapshot.Snapshot
	Clients Clients
}

// NewClient makes the client of an endpoint. It reads the files of the
// endpoint's TLS, and fails if one of them cannot be used.
func NewClient(ep *catalog.Endpoint) (*Client, error) {
	tlsConfig, err := clientTLS(ep.TLS)
	if err != nil {
		return nil, fmt.Errorf("endpoint %s: %w", ep.Name, err)
	}
	dialer := &net.Dialer{Timeout: ep.Timeouts.Connect, KeepAlive: 30 * time.Second}
	t := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        tlsConfig,
		TLSHandshakeTimeout:    ep.Timeouts.Connect,
		ResponseHeaderTimeout:  ep.Timeouts.Header,
		ExpectContinueTimeout:  time.Second,
		IdleConnTimeout:        90 * time.Second,
		MaxIdleConnsPerHost:    1024,
		MaxResponseHeaderBytes: 256 << 10,
		DisableCompression:     true,
		ReadBufferSize:         16 << 10,
		WriteBufferSize:        16 << 10,
		Protocols:              protocols(ep.Protocol),
	}
	return &Client{endpoint: ep, transport: t, dialer: dialer, tls: tlsConfig, direct: direct(ep)}, nil
}

func protocols(p catalog.Protocol) *http.Protocols {
	var out http.Protocols
	switch p {
	case catalog.H2C:
		out.SetUnencryptedHTTP2(true)
	case catalog.HTTP1:
		out.SetHTTP1(true)
	case catalog.HTTP2:
		out.SetHTTP2(true)
	case catalog.AutoProtocol:
		out.SetHTTP1(true)
		out.SetHTTP2(true)
	}
	return &out
}

// clientTLS is how an endpoint's certificate is checked and ours is shown.
func clientTLS(c catalog.TLS) (*tls.Config, error) {
	out := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.ServerName}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("the certificate authorities cannot be read: %w", err)
		}
		out.RootCAs = x509.NewCertPool()
		if !out.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s has no certificate in PEM", c.CAFile)
		}
	}
	if c.CertFile != "" {
		cert, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("the certificate for the endpoint cannot be used: %w", err)
		}
		out.Certificates = []tls.Certificate{cert}
	}
	return out, nil
}

// CloseIdle closes the connections that no request uses. A client that is no
// longer part of a generation is closed by it once its requests have ended.
func (c *Client) CloseIdle() { c.transport.CloseIdleConnections() }

// Check asks the endpoint whether it is alive: it is if it answers at all with
// a status below 500. Whether the credential or the path is the right one is
// not for a check to say.
func (c *Client) Check(ctx context.Context, ep *snapshot.Endpoint) error {
	u := *ep.URL
	u.Path = ep.CheckPath()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return fmt.Errorf("the URL of the check: %w", err)
	}
	if ep.Auth.Mode == catalog.Replace {
		f := ep.Dialect.Credential(ep.Auth.Key.Reveal())
		req.Header.Set(f.Name, f.Value)
	}
	for _, f := range ep.Headers {
		req.Header.Set(f.Name, f.Value.Reveal())
	}
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		return fault.Wrap(fault.UpstreamUnreachable, err, "The check had no answer.")
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // so that the connection can be used again
	if resp.StatusCode >= 500 {
		return fault.New(fault.UpstreamError, "The check was answered with status %d.", resp.StatusCode)
	}
	return nil
}
