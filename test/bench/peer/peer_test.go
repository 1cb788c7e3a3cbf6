package peer_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-ai/gatehouse/apikey"
	"github.com/gatehouse-ai/gatehouse/config"
	"github.com/gatehouse-ai/gatehouse/test/bench/peer"
	"github.com/gatehouse-ai/gatehouse/test/bench/rig"
)

func site(t *testing.T, secured bool) *peer.Site {
	t.Helper()
	s := &peer.Site{Dir: t.TempDir(), Root: "../../..", Bin: "bin", CPUs: []int{1, 2}, Cores: 2, Port: 4711, Admin: 4712, Upstream: "127.0.0.1:9100"}
	if secured {
		var err error
		if s.TLS, err = rig.MakeCertificates(s.Dir, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// TestEveryGatewayIsSetUp looks at what every gateway needs to be told, whether
// it is installed or not.
func TestEveryGatewayIsSetUp(t *testing.T) {
	names := map[string]bool{}
	for _, g := range peer.All() {
		if names[g.Name] || g.Name == peer.Direct || g.Title == "" {
			t.Errorf("%s: its name is taken, or it has no title", g.Name)
		}
		names[g.Name] = true
		if !g.Installed("../../..") && g.Needs == "" {
			t.Errorf("%s is not installed, and nobody says how", g.Name)
		}
		for _, secured := range []bool{false, true} {
			if secured && !g.TLS {
				continue
			}
			s := site(t, secured)
			c, err := g.Command(s)
			if err != nil {
				t.Fatal(err)
			}
			if c.Name != g.Name || c.Dir != s.Dir || len(c.CPUs) != 2 || len(c.Args) == 0 {
				t.Errorf("%s: command %+v", g.Name, c)
			}
			text := strings.Join(append(c.Args, c.Env...), " ") + configuration(t, s.Dir)
			want := []string{"4711", "127.0.0.1:9100"}
			if secured {
				want = append(want, s.TLS.Authority)
			}
			for _, w := range want {
				if !strings.Contains(text, w) {
					t.Errorf("%s is not told %s: %s", g.Name, w, text)
				}
			}
			if strings.Contains(text, "<no value>") {
				t.Errorf("%s: something has no value: %s", g.Name, text)
			}
		}
	}
}

// configuration returns the files that were written for a gateway.
func configuration(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(text)
	}
	return b.String()
}

func TestGatehouseHasEverythingOn(t *testing.T) {
	for _, g := range peer.All() {
		if g.Name != peer.Gatehouse && g.Name != peer.GatehouseHTTP {
			continue
		}
		s := site(t, true)
		if _, err := g.Command(s); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(filepath.Join(s.Dir, "gatehouse.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		keys, err := apikey.NewSet(c.Keys())
		if err != nil {
			t.Fatal(err)
		}
		key := keys.Lookup(peer.ClientKey())
		if key == nil || len(c.Keys()) != 100 || len(c.KeyLimits()) != 100 {
			t.Errorf("%s: the client's key is known: %v; %d keys, %d with limits", g.Name, key != nil, len(c.Keys()), len(c.KeyLimits()))
		}
	}
}

func TestWhatIsMissingIsMissed(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for _, g := range peer.All() {
		if g.Installed(t.TempDir()) && g.Needs != "" {
			t.Errorf("%s is installed where nothing is", g.Name)
		}
		if v := g.Version(t.TempDir()); v != "" {
			t.Errorf("%s has version %q where nothing is installed", g.Name, v)
		}
	}
}

func TestVersionsArePinned(t *testing.T) {
	for _, g := range peer.All() {
		if !g.Slow {
			continue
		}
		if v := g.Version("../../.."); !strings.Contains(v, ".") || strings.ContainsAny(v, "\"\n ") {
			t.Errorf("%s has version %q", g.Name, v)
		}
	}
}
