package gwtest

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse-ai/gatehouse/app"
	"github.com/gatehouse-ai/gatehouse/config"
	"github.com/gatehouse-ai/gatehouse/record"
)

// Key is the key that clients present, unless the configuration has keys of
// its own.
const Key = "sk-gh-test-0123456789abcdefghijklmnopqrstuvwxyzABCDE"

// TB is what a gateway needs of a test.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Cleanup(f func())
	TempDir() string
}

// Gateway is a running gateway.
type Gateway struct {
	URL   string // with the level: http://127.0.0.1:port/v1
	Root  string // without it
	Admin string // of the listener for operators
	File  string // the configuration
	App   *app.App

	tb      TB
	client  *http.Client
	log     buffer
	records chan *record.Record
}

// Start runs a gateway until the test ends. The configuration may leave out
// listen, admin, keys and log, and gets free ports, Key and a JSON log then.
func Start(tb TB, yaml string) *Gateway {
	tb.Helper()
	transport := &http.Transport{}
	tb.Cleanup(transport.CloseIdleConnections)
	g := &Gateway{tb: tb, client: &http.Client{Transport: transport}, File: filepath.Join(tb.TempDir(), "gatehouse.yaml"), records: make(chan *record.Record, 10_000)}
	g.Write(yaml)
	a, err := app.Start(app.Options{
		Load: func() (*app.Setup, error) {
			c, err := config.Load(g.File)
			if err != nil {
				return nil, err
			}
			return app.FromConfig(c), nil
		},
		Log: &g.log, Version: "test",
		Done: func(r *record.Record) {
			select {
			case g.records <- r.Clone():
			default: // nobody looks at so many
			}
		},
	})
	if err != nil {
		tb.Fatalf("starting the gateway: %v", err)
	}
	tb.Cleanup(a.Close)
	g.App = a
	scheme := "http://"
	if a.TLS() {
		scheme = "https://"
	}
	g.Root = scheme + a.Addrs()[0]
	g.URL = g.Root + "/v1"
	if admin := a.AdminAddrs(); len(admin) > 0 {
		g.Admin = "http://" + admin[0]
	}
	return g
}

// Write replaces the configuration. Call Reload to have it read at once.
func (g *Gateway) Write(yaml string) {
	g.tb.Helper()
	for key, line := range map[string]string{
		"listen:": "listen: 127.0.0.1:0", "admin:": "admin: 127.0.0.1:0",
		"keys:": "keys: [{name: test, key: " + Key + "}]", "log:": "log: {format: json, level: debug}",
	} {
		if !hasKey(yaml, key) {
			yaml = line + "\n" + yaml
		}
	}
	tmp := g.File + ".new"
	if err := os.WriteFile(tmp, []byte(yaml), 0o600); err != nil {
		g.tb.Fatalf("writing the configuration: %v", err)
	}
	if err := os.Rename(tmp, g.File); err != nil { // nobody reads half of it
		g.tb.Fatalf("writing the configuration: %v", err)
	}
}

func hasKey(yaml, key string) bool {
	return slices.ContainsFunc(strings.Split(yaml, "\n"), func(l string) bool { return strings.HasPrefix(l, key) })
}

// Reload has the configuration read again.
func (g *Gateway) Reload() error { return g.App.Reload() }

// Record waits for the record of the next request to end.
func (g *Gateway) Record() record.Record {
	g.tb.Helper()
	select {
	case r := <-g.records:
		return *r
	case <-time.After(10 * time.Second):
		g.tb.Fatalf("no request has ended")
		return record.Record{}
	}
}

// Log returns what the gateway has logged.
func (g *Gateway) Log() string {
	g.App.FlushLog()
	return g.log.String()
}

// Post sends a JSON body to a path below the level, with Key. The caller
// closes the body of the response.
func (g *Gateway) Post(ctx context.Context, path, body string) *http.Response {
	g.tb.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.URL+path, strings.NewReader(body))
	if err != nil {
		g.tb.Fatalf("%v", err)
		return nil
	}
	req.Header.Set("Authorization", "Bearer "+Key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := g.client.Do(req)
	if err != nil {
		g.tb.Fatalf("%v", err)
	}
	return resp
}

// buffer is a log that may be read while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
