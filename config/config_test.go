package config_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.yaml.in/yaml/v4"

	"github.com/gatehouse-ai/gatehouse/apikey"
	"github.com/gatehouse-ai/gatehouse/catalog"
	"github.com/gatehouse-ai/gatehouse/config"
	"github.com/gatehouse-ai/gatehouse/limit"
	"github.com/gatehouse-ai/gatehouse/route"
	"github.com/gatehouse-ai/gatehouse/secret"
	"github.com/gatehouse-ai/gatehouse/strictyaml"
)

var update = flag.Bool("update", false, "write the golden files")

// canary is part of every secret of the tests.
const canary = "canary4711"

// setenv sets the variables that the files of testdata refer to.
func setenv(t testing.TB) {
	t.Helper()
	for _, name := range []string{"VLLM_KEY", "ANTHROPIC_API_KEY", "CANARY"} {
		t.Setenv(name, canary+"-of-"+name)
	}
	t.Setenv("BROKEN_KEY", canary+"\nX-Evil: 1")
	t.Setenv("EMPTY", "")
}

// TestFiles loads every file of testdata and compares what it makes of it with
// the golden file beside it: the mistakes, or that there are none, and the
// warnings.
func TestFiles(t *testing.T) {
	setenv(t)
	names, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(names) < 10 {
		t.Fatalf("%d files, %v", len(names), err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			c, err := config.Load(name)
			lines := []string{"no mistakes"}
			if err != nil {
				lines[0] = err.Error()
			} else {
				for _, w := range c.Warnings() {
					lines = append(lines, "warning: "+w.String())
				}
			}
			got := strings.ReplaceAll(strings.Join(lines, "\n")+"\n", "testdata/", "")
			golden := strings.TrimSuffix(name, ".yaml") + ".txt"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
			if strings.Contains(got, canary) {
				t.Error("a secret is in the message")
			}
		})
	}
}

func parse(t testing.TB, text string) *config.Config {
	t.Helper()
	c, err := config.Parse("", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDefault(t *testing.T) {
	c := config.Default()
	want := &config.Config{
		Listen:   config.Addresses{"127.0.0.1:8080"},
		Front:    config.AutoFront,
		TLS:      config.TLS{MinVersion: "1.2"},
		Admin:    config.Admin{Listen: "127.0.0.1:9090"},
		Timeouts: config.Timeouts{Connect: 5 * time.Second, Header: 10 * time.Minute, FirstToken: 5 * time.Minute, Idle: 2 * time.Minute},
		Retries:  config.Retries{Attempts: 3, Budget: 0.1},
		Limits: config.Limits{
			JSONBody: 32 << 20, UploadBody: 512 << 20, ControlBody: 1 << 20, HeaderBytes: 64 << 10,
			Answer: 64 << 20, BodyRead: 10 * time.Minute,
		},
		Stream:   config.Stream{KeepAlive: 15 * time.Second},
		Shutdown: config.Shutdown{Grace: 30 * time.Second},
		Log:      config.Log{Format: config.AutoFormat, Level: "info"},
	}
	if diff := cmp.Diff(want, c, cmpopts.IgnoreUnexported(config.Config{})); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
	if endpoints, models, aliases := c.Catalog(); len(endpoints)+len(models)+len(aliases)+len(c.Keys())+len(c.Files())+len(c.Warnings()) > 0 {
		t.Error("the default has something in it")
	}
	if h := config.DefaultHealth(); h != (config.Health{Interval: 10 * time.Second, Timeout: 3 * time.Second}) {
		t.Errorf("%+v", h)
	}
	if c.TLS.Enabled() || !c.Admin.Enabled() || c.TLS.MinVersion.Number() != tls.VersionTLS12 || config.TLSVersion("1.3").Number() != tls.VersionTLS13 {
		t.Error("TLS is off, admin is on")
	}
}

func TestCatalog(t *testing.T) {
	setenv(t)
	c, err := config.Load("testdata/issue.yaml")
	if err != nil {
		t.Fatal(err)
	}
	endpoints, models, aliases := c.Catalog()
	timeouts := catalog.Timeouts{Connect: 5 * time.Second, Header: 10 * time.Minute, FirstToken: 5 * time.Minute, Idle: 2 * time.Minute}
	check := catalog.HealthCheck{Interval: 10 * time.Second, Timeout: 3 * time.Second}
	want := []*catalog.Endpoint{
		{Name: "gpu1", Dialect: catalog.OpenAI, Auth: catalog.Auth{Mode: catalog.Replace, Key: secret.New(canary + "-of-VLLM_KEY")}},
		{Name: "laptop", Dialect: catalog.Ollama, Auth: catalog.Auth{Mode: catalog.NoAuth}},
		{Name: "claude", Dialect: catalog.Anthropic, Auth: catalog.Auth{Mode: catalog.Replace, Key: secret.New(canary + "-of-ANTHROPIC_API_KEY")}},
		{Name: "corp", Dialect: catalog.OpenAI, Auth: catalog.Auth{Mode: catalog.Passthrough}},
	}
	urls := []string{"http://10.0.0.5:8000/v1", "http://127.0.0.1:11434", "https://api.anthropic.com", "https://llm.corp.example/v1"}
	for i, e := range want {
		e.Protocol, e.Timeouts, e.Health = catalog.AutoProtocol, timeouts, check
		if got := endpoints[i].URL.String(); got != urls[i] {
			t.Errorf("%s is at %s, want %s", e.Name, got, urls[i])
		}
		e.URL = endpoints[i].URL
	}
	sameSecrets := cmp.Comparer(func(a, b secret.Value) bool { return a.Reveal() == b.Reveal() })
	if diff := cmp.Diff(want, endpoints, sameSecrets); diff != "" {
		t.Errorf("endpoints: want -, got +:\n%s", diff)
	}
	wantModels := []catalog.Model{
		{Name: "llama-3.1-8b", Pool: []catalog.Target{{Endpoint: endpoints[0], Weight: 1}, {Endpoint: endpoints[1], Model: "llama3.1:8b", Weight: 1}}},
		{Prefix: "claude-", Pool: []catalog.Target{{Endpoint: endpoints[2], Weight: 1}}},
		{Prefix: "corp/", StripPrefix: true, Pool: []catalog.Target{{Endpoint: endpoints[3], Weight: 1}}},
	}
	if diff := cmp.Diff(wantModels, models, cmp.Comparer(func(a, b *catalog.Endpoint) bool { return a == b })); diff != "" {
		t.Errorf("models: want -, got +:\n%s", diff)
	}
	if diff := cmp.Diff([]catalog.Alias{{Name: "gpt-4o-mini", Of: "llama-3.1-8b"}}, aliases); diff != "" {
		t.Errorf("aliases: want -, got +:\n%s", diff)
	}
	if again, _, _ := c.Catalog(); again[0] == endpoints[0] || again[0].URL == endpoints[0].URL {
		t.Error("two calls share an endpoint")
	}
	if c.Fallback.UnknownModel != "llama-3.1-8b" {
		t.Errorf("fallback: %q", c.Fallback.UnknownModel)
	}
}

func TestEndpointInherits(t *testing.T) {
	setenv(t)
	endpoints, _, _ := parse(t, `
endpoints:
  - name: a
    url: https://a.example/base%2Fpath/
    timeouts: {connect: 1s, idle: 0s}
    headers: {X-B: b, X-A: "${env:CANARY}"}
    tls: {server_name: b.example}
    health: {path: /up, interval: 0s}
    protocol: http1
    auth: {mode: passthrough, keyless: true}
timeouts: {connect: 2s, header: 3s, total: 4s}
`).Catalog()
	e := endpoints[0]
	want := catalog.Timeouts{Connect: time.Second, Header: 3 * time.Second, FirstToken: 5 * time.Minute, Total: 4 * time.Second}
	if diff := cmp.Diff(want, e.Timeouts); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
	if e.URL.String() != "https://a.example/base%2Fpath" {
		t.Errorf("url: %s", e.URL)
	}
	if len(e.Headers) != 2 || e.Headers[0].Name != "X-A" || e.Headers[0].Value.Reveal() != canary+"-of-CANARY" || e.Headers[1].Value.Reveal() != "b" {
		t.Errorf("headers: %v", e.Headers)
	}
	if e.TLS.ServerName != "b.example" || e.Health != (catalog.HealthCheck{Path: "/up", Timeout: 3 * time.Second}) || e.Protocol != catalog.HTTP1 ||
		e.Auth.Mode != catalog.Passthrough || !e.Auth.Keyless {
		t.Errorf("%+v", e)
	}
}

func TestKeys(t *testing.T) {
	setenv(t)
	c := parse(t, `
listen: :8080
keys:
  - {name: ci, hash: "`+apikey.Hash("one").String()+`"}
  - {name: alice, key: "${env:CANARY}", models: [gpt-*, claude]}
models: [{name: claude, endpoints: [a]}]
endpoints: [{name: a, url: "https://a.example"}]
`)
	want := []apikey.Key{
		{Name: "ci", Digest: apikey.Hash("one")},
		{Name: "alice", Digest: apikey.Hash(canary + "-of-CANARY"), Models: []string{"gpt-*", "claude"}},
	}
	if diff := cmp.Diff(want, c.Keys()); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
	if !c.APIKeys[1].Key.IsZero() {
		t.Error("the text of a key was kept")
	}
	if _, err := apikey.NewSet(c.Keys()); err != nil {
		t.Error(err)
	}
}

func TestKeyLimits(t *testing.T) {
	setenv(t)
	key := func(n int) string { return `hash: "` + apikey.Hash(strconv.Itoa(n)).String() + `"` }
	c := parse(t, `
keys:
  - {name: both, `+key(1)+`, limits: {requests_per_minute: 600, tokens_per_minute: 100000}}
  - {name: tokens, `+key(2)+`, limits: {tokens_per_minute: 9223372036854775807}}
  - {name: none, `+key(3)+`}
  - {name: empty, `+key(4)+`, limits: {}}
`)
	want := map[string]limit.Spec{
		"both":   {Requests: limit.PerMinute(600), Tokens: limit.PerMinute(100_000)},
		"tokens": {Tokens: limit.PerMinute(math.MaxInt64)},
	}
	if diff := cmp.Diff(want, c.KeyLimits()); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
	if specs := config.Default().KeyLimits(); specs != nil {
		t.Errorf("%v", specs)
	}
}

func TestAdmin(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "127.0.0.1:9090",
		"admin:\n  # listen: x":          "127.0.0.1:9090",
		"admin: {listen: 127.0.0.1:1}":   "127.0.0.1:1",
		"admin: 127.0.0.1:1":             "127.0.0.1:1",
		"admin: off":                     "",
		`admin: {listen: "off"}`:         "",
		`admin: {listen: ""}`:            "",
		"admin: {listen: 'localhost:0'}": "localhost:0",
		"listen: :0\nkeys: [{name: a, key: '${env:CANARY}'}]\nadmin: {listen: ':0'}": ":0",
	} {
		setenv(t)
		c := parse(t, text)
		if c.Admin.Listen != want || c.Admin.Enabled() != (want != "") {
			t.Errorf("%q: %q, %v", text, c.Admin.Listen, c.Admin.Enabled())
		}
	}
}

func TestOwns(t *testing.T) {
	setenv(t)
	c := parse(t, "listen: ['127.0.0.1:1', '[::1]:2', ':3', '10.0.0.1:4', '127.0.0.1:0']\nadmin: 127.0.0.1:5\nkeys: [{name: a, key: '${env:CANARY}'}]")
	for address, want := range map[string]bool{
		"127.0.0.1:1": true, "localhost:1": true, "0.0.0.0:1": true, "[::ffff:127.0.0.1]:1": true,
		"127.0.0.2:1": false, "[::1]:1": false, "127.0.0.1:2": false, "10.0.0.1:1": false, "127.0.0.1:9": false,
		"[::1]:2": true, "LocalHost:2": true, "127.0.0.1:3": true, "[::]:3": true, "10.9.9.9:3": false,
		"10.0.0.1:4": true, "127.0.0.1:4": false, "127.0.0.1:5": true, "127.0.0.1:0": false, "nonsense": false,
	} {
		if got := c.Owns(address); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
}

func TestShare(t *testing.T) {
	for text, want := range map[string]float64{"10%": 0.1, "0.25": 0.25, "0": 0, "1": 1, "100%": 1, "0%": 0, "150%": -1, "1.5": -1, "-1": -1, "NaN": -1, "x": -1, "%": -1, "": -1} {
		var s config.Share
		err := s.UnmarshalText([]byte(text))
		if want < 0 && err == nil || want >= 0 && (err != nil || float64(s) != want) {
			t.Errorf("%q: %v, %v", text, s, err)
		}
	}
}

func TestLogLevel(t *testing.T) {
	for _, text := range config.LogLevel("").Values() {
		if got := config.LogLevel(text).Slog(); !strings.EqualFold(got.String(), text) {
			t.Errorf("%s is %s", text, got)
		}
	}
	if config.LogLevel("").Slog() != slog.LevelInfo {
		t.Error("the zero level is not info")
	}
}

// certificate writes a certificate that signs itself, and its key.
func certificate(t *testing.T, cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(
		os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600),
		os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600),
	)
	if err != nil {
		t.Fatal(err)
	}
}

func TestTLS(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	certificate(t, in("a.crt"), in("a.key"))
	certificate(t, in("b.crt"), in("b.key"))
	if err := os.WriteFile(in("provider.key"), []byte("secret-of-provider\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	file := in("gatehouse.yaml")
	load := func(text string) (*config.Config, error) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return config.Load(file)
	}
	c, err := load(`
tls: {cert_file: a.crt, key_file: a.key, client_ca_file: b.crt, min_version: 1.3}
endpoints:
  - {name: a, url: "https://a.example", tls: {cert_file: b.crt, key_file: b.key, ca_file: a.crt}, auth: {key: "${file:provider.key}"}}
`)
	if err != nil {
		t.Fatal(err)
	}
	if c.TLS != (config.TLS{CertFile: strictyaml.Path(in("a.crt")), KeyFile: strictyaml.Path(in("a.key")), ClientCAFile: strictyaml.Path(in("b.crt")), MinVersion: "1.3"}) || !c.TLS.Enabled() {
		t.Errorf("%+v", c.TLS)
	}
	endpoints, _, _ := c.Catalog()
	if endpoints[0].TLS != (catalog.TLS{CAFile: in("a.crt"), CertFile: in("b.crt"), KeyFile: in("b.key")}) || endpoints[0].Auth.Key.Reveal() != "secret-of-provider" {
		t.Errorf("%+v", endpoints[0])
	}
	if diff := cmp.Diff([]string{in("a.crt"), in("a.key"), in("b.crt"), in("b.key"), file, in("provider.key")}, c.Files()); diff != "" {
		t.Errorf("files: want -, got +:\n%s", diff)
	}
	_, err = load("tls: {cert_file: a.crt, key_file: b.key}")
	want := file + ":1:18: tls.cert_file: the certificate and its key cannot be used: tls: private key does not match public key (both are PEM; the key is not encrypted and belongs to the first certificate)"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestLoadOfNoFile(t *testing.T) {
	_, err := config.Load(filepath.Join(t.TempDir(), "none.yaml"))
	if !errors.Is(err, fs.ErrNotExist) || strings.Count(err.Error(), "none.yaml") != 1 {
		t.Error(err)
	}
	if _, err := config.Load(t.TempDir()); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Error(err)
	}
}

// A secret is in nothing that is made from a configuration, in whatever form.
func TestSecretsAreNotPrinted(t *testing.T) {
	setenv(t)
	c := parse(t, `
keys: [{name: a, key: "${env:CANARY}"}, {name: b, key: canary4711-canary4711-canary4711}]
endpoints:
  - {name: a, url: "https://a.example", auth: {key: canary4711}, headers: {X-A: "${env:CANARY}", X-B: canary4711}}
`)
	endpoints, models, aliases := c.Catalog()
	var b bytes.Buffer
	for _, v := range []any{c, *c, c.APIKeys, c.Endpoints, c.Keys(), endpoints[0], *endpoints[0], models, aliases, c.Warnings()} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&b, verb+"\n", v)
		}
		slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "v", v)
		slog.New(slog.NewTextHandler(&b, nil)).Info("x", "v", v)
		if err := json.NewEncoder(&b).Encode(v); err != nil {
			t.Fatal(err)
		}
		text, err := yaml.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(text)
	}
	if s := b.String(); strings.Contains(s, canary) || strings.Contains(s, fmt.Sprintf("%x", canary)) {
		t.Errorf("a secret was printed:\n%s", s)
	}
	if len(c.Warnings()) != 3 { // two literal secrets, one unused endpoint
		t.Errorf("%v", c.Warnings())
	}
}

// Whatever a file says, Parse does not panic, a mistake has a line, and what
// has none can be routed.
func FuzzParse(f *testing.F) {
	names, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(names) == 0 {
		f.Fatal(names, err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	setenv(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := config.Parse("testdata/fuzz.yaml", data)
		if err != nil {
			var e *strictyaml.Error
			if !errors.As(err, &e) || len(e.Mistakes) == 0 {
				t.Fatalf("%T %v", err, err)
			}
			for _, p := range e.Mistakes {
				if p.Line < 1 || p.Column < 1 || p.Message == "" {
					t.Errorf("%+v", p)
				}
			}
			if strings.Contains(err.Error(), canary) && !bytes.Contains(data, []byte(canary)) {
				t.Errorf("a secret is in the message: %v", err)
			}
			return
		}
		endpoints, models, aliases := c.Catalog()
		if len(endpoints) != len(c.Endpoints) || len(models)+len(aliases) != len(c.Models) {
			t.Error("rows were lost")
		}
		if _, err := route.New(models, aliases, c.Fallback.UnknownModel); err != nil {
			t.Errorf("cannot be routed: %v", err)
		}
		if _, err := apikey.NewSet(c.Keys()); err != nil {
			t.Errorf("the keys cannot be used: %v", err)
		}
	})
}
