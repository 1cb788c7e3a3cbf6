package load

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/gatehouse-ai/gatehouse/bench/exam"
	"github.com/gatehouse-ai/gatehouse/secret"
)

// Bounds of one run.
const (
	MaxConnections = 20_000
	MaxRate        = 1_000_000
	MaxDuration    = 10 * time.Minute
)

// Spec says what to ask of whom, and how hard.
type Spec struct {
	URL   *url.URL // with the level: http://host:port/v1
	TLS   *tls.Config
	Key   secret.Value
	Paper *exam.Paper

	Connections int
	Rate        float64       // requests a second that are due; 0 for a closed loop
	Warmup      time.Duration // measured by nobody, marked all the same
	Duration    time.Duration
	Timeout     time.Duration // of one request; of a stream, of the wait for its next chunk

	Measured func() // called when the warm-up is over, if not nil
	Over     func() // called when the time is over, while connections are open, if not nil
}

// Check returns what is wrong with a specification.
func (s *Spec) Check() error {
	var errs []error
	if s.URL.Scheme != "http" && s.URL.Scheme != "https" || s.URL.Host == "" {
		errs = append(errs, fmt.Errorf("the target is %s, but must be an http:// or https:// URL", s.URL.Redacted()))
	}
	if s.URL.User != nil || s.URL.RawQuery != "" || s.URL.Fragment != "" {
		errs = append(errs, errors.New("the URL of a target has a path at most: no user, query or fragment"))
	}
	if s.Connections < 1 || s.Connections > MaxConnections {
		errs = append(errs, fmt.Errorf("connections: %d, but must be from 1 to %d", s.Connections, MaxConnections))
	}
	if s.Rate < 0 || s.Rate > MaxRate {
		errs = append(errs, fmt.Errorf("rate: %g requests a second, but must be from 0 to %d", s.Rate, MaxRate))
	}
	if s.Duration <= 0 || s.Duration > MaxDuration || s.Warmup < 0 || s.Warmup > MaxDuration {
		errs = append(errs, fmt.Errorf("duration: %v after %v of warm-up, but must be above 0 and at most %v", s.Duration, s.Warmup, MaxDuration))
	}
	if s.Timeout <= 0 || s.Timeout > MaxDuration {
		errs = append(errs, fmt.Errorf("timeout: %v, but must be above 0 and at most %v", s.Timeout, MaxDuration))
	}
	if key := s.Key.Reveal(); strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		errs = append(errs, errors.New("a key has characters that no header may have"))
	}
	return errors.Join(errs...)
}

// message returns a whole request, and where in it the ids are.
func (s *Spec) message() (b []byte, first, last int) {
	body, first, last := s.Paper.Request()
	path := strings.TrimRight(s.URL.EscapedPath(), "/") + s.Paper.Path()
	b = fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nAccept: */*\r\nUser-Agent: gatehouse-bench\r\n", path, s.URL.Host)
	if key := s.Key.Reveal(); key != "" {
		b = append(b, "Authorization: Bearer "+key+"\r\n"...)
	}
	b = fmt.Appendf(b, "Content-Length: %d\r\n\r\n", len(body))
	head := len(b)
	return append(b, body...), head + first, head + last
}

// dial connects to the target.
func (s *Spec) dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, min(s.Timeout, 10*time.Second))
	defer cancel()
	port := s.URL.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[s.URL.Scheme]
	}
	d := net.Dialer{}
	c, err := d.DialContext(ctx, "tcp", net.JoinHostPort(s.URL.Hostname(), port))
	if err != nil || s.URL.Scheme == "http" {
		return c, err
	}
	cfg := &tls.Config{}
	if s.TLS != nil {
		cfg = s.TLS.Clone()
	}
	if cfg.ServerName == "" {
		cfg.ServerName = s.URL.Hostname()
	}
	cfg.NextProtos = []string{"http/1.1"}
	secured := tls.Client(c, cfg)
	if err := secured.HandshakeContext(ctx); err != nil {
		c.Close()
		return nil, fmt.Errorf("TLS: %w", err)
	}
	return secured, nil
}
