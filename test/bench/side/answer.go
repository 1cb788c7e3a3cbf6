package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-ai/gatehouse/test/bench/peer"
	"github.com/gatehouse-ai/gatehouse/test/bench/rig"
	"github.com/gatehouse-ai/gatehouse/test/bench/standings"
)

// patience is how long a gateway may take until it answers. Some have a lot of
// Python to load.
const patience = 2 * time.Minute

// answers waits until a target answers.
func (l *lab) answers(ctx context.Context, t *target) error {
	client, err := l.client()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return t.process.Wait(ctx, func(ctx context.Context) error { return ask(ctx, client, t.url) })
}

// client returns a client that connects anew for each request, so that it
// leaves nothing behind in a target.
func (l *lab) client() (*http.Client, error) {
	transport := &http.Transport{DisableKeepAlives: true}
	if l.tls != nil {
		pem, err := os.ReadFile(l.tls.Authority)
		if err != nil {
			return nil, fmt.Errorf("reading the certificate of the authority: %w", err)
		}
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(pem)
		transport.TLSClientConfig = &tls.Config{RootCAs: pool}
	}
	return &http.Client{Transport: transport, Timeout: 30 * time.Second}, nil
}

// ask asks one question, to which the answer must be of status 200.
func ask(ctx context.Context, client *http.Client, url string) error {
	body := strings.NewReader(`{"model":"bench","messages":[{"role":"user","content":"Hello"}]}`)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/chat/completions", body)
	if err != nil {
		return fmt.Errorf("asking: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+peer.ClientKey())
	answer, err := client.Do(r)
	if err != nil {
		return err //nolint:wrapcheck // it says whom
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d: %.200s", answer.StatusCode, text)
	}
	return nil
}

// start measures how long Gatehouse takes from nothing to its first answer.
func (l *lab) start(ctx context.Context) error {
	wanted := list(l.o.only)
	g := l.find(peer.Gatehouse)
	if g == nil || l.o.starts == 0 || len(wanted) > 0 && !slices.Contains(wanted, "start") {
		return nil
	}
	p := &phase{key: "start", cores: 2}
	cpus := rig.Split(l.cpus, p.cores)
	direct, err := l.upstream(ctx, p, cpus)
	if err != nil {
		return err
	}
	defer l.bench.Stop(direct.process)
	info, err := os.Stat(l.bin("gatehouse"))
	if err != nil {
		return fmt.Errorf("looking at what was built: %w", err)
	}
	out := &standings.Start{Binary: info.Size()}
	for range l.o.starts {
		began := time.Now()
		t, err := l.gateway(ctx, p, cpus, direct, g)
		if err != nil {
			return err
		}
		out.Times = append(out.Times, float64(time.Since(began))/float64(time.Millisecond))
		l.bench.Stop(t.process)
	}
	l.report.Start = out
	return nil
}

// find returns the gateway with a name, nil if it is not measured.
func (l *lab) find(name string) *peer.Gateway {
	for i := range l.gateways {
		if l.gateways[i].Name == name {
			return &l.gateways[i]
		}
	}
	return nil
}
