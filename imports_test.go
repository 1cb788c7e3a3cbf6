package gatehouse_test

import (
	"testing"

	"github.com/gatehouse-ai/gatehouse/internal/house"
)

// pure returns the packages without I/O: from a parsed request to an answer
// they are functions of their input, so that any front can stand over them.
func pure() []string {
	return []string{
		"wire", "op", "fault", "secret", "catalog", "meter", "record", "dialect/...",
		"route", "pick", "health", "principal", "headers", "peek", "snapshot", "exchange", "envelope", "h1", "limit",
	}
}

// importRules says which imports are forbidden where, and why.
func importRules() []house.ImportRule {
	return []house.ImportRule{
		{
			Imports: []string{"net", "net/http/...", "net/rpc/...", "net/smtp", "crypto/tls", "os/...", "syscall/...", "io/ioutil"},
			In:      pure(), Linked: true, Except: []string{"dialect/dialecttest"}, // for tests
			Why: "the path of a request does no I/O; its driver does, or a caller hands the result in",
		},
		{
			Imports: []string{"log", "log/syslog"},
			In:      []string{"..."},
			Why:     "log with log/slog, through the logger that was handed in",
		},
		{
			Imports: []string{"io/ioutil"},
			In:      []string{"..."},
			Why:     "io and os have what it had",
		},
		{
			Imports: []string{"testing/...", "net/http/httptest"},
			In:      []string{"..."}, Except: []string{"gwtest/...", "dialect/dialecttest"},
			Why: "test code belongs in tests, and in packages named …test that tests import",
		},
		{
			Imports: []string{"unsafe", "C"},
			In:      []string{"..."}, Except: []string{"wire", "evloop"}, // a view of bytes as text; the address of a buffer for the kernel
			Why: "the binary is static and portable, and its memory is safe",
		},
		{
			Imports: []string{"expvar", "net/http/pprof"},
			In:      []string{"..."},
			Why:     "they register handlers for everybody when they are imported",
		},
		{
			Imports: []string{"math/rand"},
			In:      []string{"..."},
			Why:     "math/rand/v2 is better in every way, crypto/rand where it must not be guessed",
		},
	}
}

// useRules says which functions and variables are forbidden where, and why.
func useRules() []house.UseRule {
	return []house.UseRule{
		{
			Names: []string{"time.Now", "time.Since", "time.Until", "time.Sleep", "time.After", "time.AfterFunc", "time.Tick", "time.NewTimer", "time.NewTicker"},
			In:    pure(), Except: []string{"health"}, // its Watch waits between checks
			Why: "the time is an input of a decision: take it as a parameter",
		},
		{
			Names: []string{"time.Sleep"},
			In:    []string{"..."},
			Why:   "wait for what you wait for, with a timer that a context can end",
		},
		{
			Names: []string{"os.Exit"},
			In:    []string{"..."}, Except: []string{"cmd/...", "internal/...", "test/..."},
			Why: "only main may end the process; return an error or a code",
		},
		{
			Names: []string{"net/http.DefaultClient", "net/http.DefaultTransport", "net/http.DefaultServeMux", "net/http.Get", "net/http.Post", "net/http.Handle", "net/http.HandleFunc"},
			In:    []string{"..."},
			Why:   "they are shared by the whole process and have no bounds: use a value of your own",
		},
		{
			Names: []string{"log/slog.SetDefault", "log/slog.Default", "log/slog.Info", "log/slog.Warn", "log/slog.Error", "log/slog.Debug"},
			In:    []string{"..."},
			Why:   "use the logger that was handed in",
		},
	}
}

// dependencies says what production code may import of others. Modules that
// tests alone import need no row; docs/adr has the reason of each.
func dependencies() []house.Dependency {
	return []house.Dependency{
		{Module: "go.yaml.in/yaml/v4", In: []string{"strictyaml"}, Why: "one package reads YAML, strictly"},
		{Module: "github.com/spf13/cobra", In: []string{"cli"}, Why: "commands are the edge of the process"},
		{Module: "github.com/prometheus/client_golang", In: []string{"telemetry"}, Why: "one package knows how metrics are exposed"},
		{Module: "golang.org/x/sys", In: []string{"evloop"}, Why: "one package speaks to the kernel about sockets"},
		{Module: "github.com/oasdiff/oasdiff", In: []string{"internal/contract"}, Why: "one package tells breaks of the API, and the product does not link it"},
		{Module: "github.com/getkin/kin-openapi", In: []string{"internal/contract"}, Why: "oasdiff compares what it has read"},
		{Module: "github.com/google/go-cmp", In: []string{"dialect/dialecttest"}, Why: "it tells differences, to tests"},
	}
}

func TestImports(t *testing.T) {
	tree := load(t)
	for _, rule := range importRules() {
		report(t, rule.Check(tree))
	}
	for _, rule := range useRules() {
		report(t, rule.Check(tree))
	}
	report(t, house.CheckDependencies(tree, dependencies()))
}

// TestStandardLibraryOnly holds the words of the house to linking nothing else,
// so that a generator, a client or another front can use them for free.
func TestStandardLibraryOnly(t *testing.T) {
	tree := load(t)
	rule := house.ImportRule{
		Imports: []string{"github.com/...", "golang.org/...", "go.yaml.in/...", "k8s.io/..."},
		In:      []string{"op", "wire"}, Linked: true,
		Why: "op and wire link the standard library only",
	}
	report(t, rule.Check(tree))
}
