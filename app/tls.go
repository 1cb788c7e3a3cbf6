package app

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"sync/atomic"

	"github.com/gatehouse-ai/gatehouse/config"
)

// certificate holds how the gateway shows itself to clients; a reload replaces
// it for connections to come.
type certificate struct{ current atomic.Pointer[tls.Config] }

func (c *certificate) store(t *tls.Config) { c.current.Store(t) }

// config asks for the current certificate with every connection.
func (c *certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"},
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			return c.current.Load(), nil
		},
	}
}

// loadCertificate reads the files of the listener's TLS. It returns nil where
// there are none.
func loadCertificate(c config.TLS) (*tls.Config, error) {
	if !c.Enabled() {
		return nil, nil //nolint:nilnil // no TLS is not an error
	}
	cert, err := tls.LoadX509KeyPair(string(c.CertFile), string(c.KeyFile))
	if err != nil {
		return nil, fmt.Errorf("the certificate of the listener: %w", err)
	}
	out := &tls.Config{
		MinVersion:   c.MinVersion.Number(),
		NextProtos:   []string{"h2", "http/1.1"},
		Certificates: []tls.Certificate{cert},
	}
	if c.ClientCAFile != "" {
		pem, err := os.ReadFile(string(c.ClientCAFile))
		if err != nil {
			return nil, fmt.Errorf("the certificate authorities of clients: %w", err)
		}
		out.ClientCAs = x509.NewCertPool()
		if !out.ClientCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("the certificate authorities of clients: %s has no certificate in PEM", c.ClientCAFile)
		}
		out.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return out, nil
}
