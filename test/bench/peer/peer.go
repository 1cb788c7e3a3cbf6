package peer

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/gatehouse-ai/gatehouse/test/bench/rig"
)

//go:embed conf
var configurations embed.FS

// Names of the targets that others are compared with.
const (
	Direct    = "direct"
	Nginx     = "nginx"
	NginxFeat = "nginx-feat"
	LiteLLM   = "litellm"
	Gatehouse = "gatehouse"
	// GatehouseHTTP is Gatehouse through net/http.
	GatehouseHTTP = "gatehouse-http"
)

// Key is one that a gateway accepts from clients.
type Key struct {
	Name string
	Text string
	Hash string // of Text, as Gatehouse stores it
}

// Keys returns the keys of the benchmark. Every gateway that checks keys knows
// all of them.
func Keys() []Key {
	keys := make([]Key, 100)
	for i := range keys {
		digest := sha256.Sum256(fmt.Appendf(nil, "benchmark %d", i))
		text := "sk-bench-" + hex.EncodeToString(digest[:20])
		sum := sha256.Sum256([]byte(text))
		keys[i] = Key{Name: fmt.Sprintf("team-%02d", i), Text: text, Hash: "sha256:" + hex.EncodeToString(sum[:])}
	}
	return keys
}

// ClientKey returns the key that the load presents.
func ClientKey() string { return Keys()[57].Text }

// Site is where a gateway runs, and in front of what.
type Site struct {
	Dir      string // of this gateway alone
	Root     string // of the repository: what is installed is in its .cache
	Bin      string // where gatehouse and revproxy have been built
	CPUs     []int  // where it is pinned to; nowhere if empty
	Cores    int    // how many of them: workers, threads
	Port     int
	Admin    int    // a further port, for those with a listener for operators
	Upstream string // host:port
	TLS      *rig.Certificates
	Front    string // of Gatehouse, if not its default
}

// Gateway is something to measure.
type Gateway struct {
	Name  string
	Title string
	TLS   bool   // it can be measured with TLS on both sides
	Slow  bool   // so slow that a short look is enough, and slow to start
	Needs string // how to install what it needs

	// Installed tells whether it can run.
	Installed func(root string) bool
	version   func(root string) string
	start     func(s *Site) (rig.Command, error)
}

// All returns every gateway, in the order of the tables.
func All() []Gateway {
	return []Gateway{
		{
			Name: Nginx, Title: "nginx that only forwards, with a pool of connections and without a log", TLS: true,
			Needs: "apt-get install nginx-light", Installed: program("nginx"), version: says("nginx", "-v"), start: nginx("nginx.conf"),
		},
		{
			Name: NginxFeat, Title: "nginx with a map of 100 keys, a limit of requests per key, request ids and a JSON access log",
			Needs: "apt-get install nginx-light", Installed: program("nginx"), start: nginx("nginx-feat.conf"),
		},
		{
			Name: "haproxy", Title: "HAProxy that only forwards, with a pool of connections", TLS: true,
			Needs: "apt-get install haproxy", Installed: program("haproxy"), version: says("haproxy", "-v"), start: haproxy,
		},
		{
			Name: "revproxy", Title: "httputil.ReverseProxy of Go's standard library, which only forwards",
			Installed: func(string) bool { return true }, start: revproxy,
		},
		{
			Name: LiteLLM, Title: "LiteLLM's proxy with one model and one key, a worker a core", Slow: true,
			Needs: "test/deps bench", Installed: cached("litellm/bin/litellm"), version: pinned("test/bench/litellm/requirements.txt", "litellm=="), start: litellm,
		},
		{
			Name: "portkey", Title: "Portkey's gateway on Node.js, one process as it comes", Slow: true,
			Needs: "test/deps bench", Installed: cached("portkey/node_modules/@portkey-ai/gateway/build/start-server.js"),
			version: pinned("test/bench/portkey/package.json", `"@portkey-ai/gateway": "`), start: portkey,
		},
		{
			Name: Gatehouse, Title: "Gatehouse with everything on: 100 hashed keys, routing, usage, access log, metrics", TLS: true,
			Installed: func(string) bool { return true }, start: gatehouse(""),
		},
		{
			Name: GatehouseHTTP, Title: "the same Gatehouse with net/http in the place of its own front",
			Needs: "a Gatehouse whose configuration has the key `front`", Installed: configurable("front"), start: gatehouse("net/http"),
		},
	}
}

// Command returns how to run a gateway at a site, whose configuration it writes.
func (g *Gateway) Command(s *Site) (rig.Command, error) {
	c, err := g.start(s)
	if err != nil {
		return c, fmt.Errorf("setting up %s: %w", g.Name, err)
	}
	c.Name, c.Dir, c.CPUs = g.Name, s.Dir, s.CPUs
	return c, nil
}

// Version returns what is installed, empty of what is built here.
func (g *Gateway) Version(root string) string {
	if g.version == nil {
		return ""
	}
	return g.version(root)
}

// URL returns where a gateway at a site serves.
func (s *Site) URL() string {
	scheme := "http"
	if s.TLS != nil {
		scheme = "https"
	}
	return fmt.Sprintf("%s://127.0.0.1:%d/v1", scheme, s.Port)
}

// write fills in a template of conf and returns the path of the file.
func (s *Site) write(name string) (string, error) {
	t, err := template.New(name).Funcs(template.FuncMap{"affinity": affinity}).ParseFS(configurations, "conf/"+name)
	if err != nil {
		return "", fmt.Errorf("reading the template: %w", err)
	}
	var text bytes.Buffer
	if err := t.Execute(&text, struct {
		*Site
		Keys      []Key
		Superuser bool
	}{s, Keys(), os.Geteuid() == 0}); err != nil {
		return "", fmt.Errorf("filling in the template: %w", err)
	}
	path := filepath.Join(s.Dir, name)
	if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
		return "", fmt.Errorf("writing the configuration: %w", err)
	}
	return path, nil
}

// affinity returns the masks with which nginx pins a worker to each CPU.
func affinity(cpus []int) string {
	masks := make([]string, len(cpus))
	for i, n := range cpus {
		masks[i] = "1" + strings.Repeat("0", n)
	}
	return strings.Join(masks, " ")
}

// program tells whether a program is installed.
func program(name string) func(string) bool {
	return func(string) bool {
		_, err := exec.LookPath(name)
		return err == nil
	}
}

// installed returns where test/deps puts things.
func installed(root, path string) string { return filepath.Join(root, ".cache", "bench", path) }

// cached tells whether a file is there that test/deps installs.
func cached(path string) func(string) bool {
	return func(root string) bool {
		_, err := os.Stat(installed(root, path))
		return err == nil
	}
}

// configurable tells whether this Gatehouse's configuration has a key.
func configurable(key string) func(string) bool {
	return func(root string) bool {
		text, err := os.ReadFile(filepath.Join(root, "docs/reference/config.md"))
		return err == nil && bytes.Contains(text, []byte("\n| `"+key+"` |"))
	}
}

// says returns the first line of what a program says.
func says(name string, args ...string) func(string) string {
	return func(string) string {
		out, err := exec.Command(name, args...).CombinedOutput() //nolint:noctx // it only prints
		if err != nil {
			return ""
		}
		line, _, _ := strings.Cut(string(out), "\n")
		return strings.TrimPrefix(line, "nginx version: ")
	}
}

// pinned returns the version that follows a text in a list of what is installed.
func pinned(path, before string) func(string) string {
	return func(root string) string {
		text, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			return ""
		}
		_, rest, _ := strings.Cut("\n"+string(text), before)
		return strings.TrimSpace(rest[:max(strings.IndexAny(rest, "\"\n "), 0)])
	}
}
