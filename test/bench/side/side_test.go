package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gatehouse-ai/gatehouse/bench"
	"github.com/gatehouse-ai/gatehouse/test/bench/peer"
	"github.com/gatehouse-ai/gatehouse/test/bench/standings"
)

// TestAMomentOfEverything runs the whole benchmark for a moment: the real
// gateways, phases of each kind, the report.
func TestAMomentOfEverything(t *testing.T) {
	if _, err := exec.LookPath("nginx"); err != nil {
		t.Skip("nginx is not installed: `test/deps` installs it")
	}
	dir := t.TempDir()
	page, report := filepath.Join(dir, "page.md"), filepath.Join(dir, "report.json")
	var stdout, stderr bytes.Buffer
	err := command(t.Context(), []string{
		"-rounds", "1", "-duration", "60ms", "-warmup", "20ms", "-starts", "1", "-repeats", "0", "-connections", "4", "-tls", "-slow-peers=false",
		"-only", "start,chat@2,latency,stream@1,slow,embed@1,tls-chat@2", "-markdown", page, "-json", report,
	}, &stdout, &stderr)
	if err != nil {
		t.Fatalf("%v\n%s%s", err, &stderr, &stdout)
	}
	text, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	var r standings.Report
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, p := range r.Phases {
		keys = append(keys, p.Key)
		for _, name := range []string{peer.Direct, peer.Nginx, peer.Gatehouse} {
			if !slices.ContainsFunc(p.Rows, hasFigures(name)) {
				t.Errorf("%s: nothing was measured of %s: %+v", p.Key, name, p.Rows)
			}
		}
	}
	if want := "chat@2 latency@2 stream@1 slow@2 embed@1 tls-chat@2"; strings.Join(keys, " ") != want {
		t.Errorf("phases %v, want %s", keys, want)
	}
	if len(r.Goals) < 5 || r.Start == nil || r.Start.Binary == 0 {
		t.Errorf("goals %v, start %+v", r.Goals, r.Start)
	}
	written, err := os.ReadFile(page)
	if err != nil || string(written) != stdout.String() || !strings.Contains(stdout.String(), "### tls-chat@2") {
		t.Errorf("the page is %s (%v)\nbut what was printed is %s", written, err, &stdout)
	}
	if strings.Contains(string(written)+string(text), peer.ClientKey()) {
		t.Error("a key is in the report")
	}
}

// hasFigures returns whether a row is of a target that answered, be it after the
// end of the moment.
func hasFigures(target string) func(r bench.Row) bool {
	return func(r bench.Row) bool { return r.Target == target && (r.Latency != nil || r.Chunks > 0) }
}

func TestAnInterruptionEndsEverything(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := command(ctx, []string{"-targets", "revproxy"}, io.Discard, io.Discard); err == nil {
		t.Error("it went on although it was interrupted")
	}
}

func TestCommandLine(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"argument":         {[]string{"all"}, "one too many"},
		"rounds":           {[]string{"-rounds", "0"}, "above 0"},
		"unknown phase":    {[]string{"-only", "chat@2,tea"}, `no phase "tea"`},
		"TLS without -tls": {[]string{"-only", "tls-chat@2"}, "with -tls"},
		"unknown target":   {[]string{"-targets", "apache"}, `no target "apache"`},
		"no binary":        {[]string{"-gatehouse", "/nothing/here"}, "no such file"},
	} {
		err := command(t.Context(), test.args, io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q in it", name, err, test.want)
		}
	}
}

func TestPhases(t *testing.T) {
	for _, test := range []struct {
		o    options
		want string
	}{
		{options{}, "chat@2 chat@1 large@2 large@1 latency@2 stream@1 stream@2 slow@2 embed@2 embed@1 keepalive@2"},
		{options{cores: 1}, "chat@1 large@1 stream@1 embed@1"},
		{options{only: "chat,start"}, "chat@2 chat@1"},
		{options{only: "start"}, ""},
		{options{only: "tls-chat@1,many", tls: true, many: 5000}, "many@2 tls-chat@1"},
	} {
		ps, err := phases(&test.o)
		if err != nil {
			t.Fatal(err)
		}
		keys := make([]string, len(ps))
		for i, p := range ps {
			keys[i] = p.key
		}
		if got := strings.Join(keys, " "); got != test.want {
			t.Errorf("%+v: %s, want %s", test.o, got, test.want)
		}
	}
}

func TestFlags(t *testing.T) {
	o := &options{rounds: 4, duration: 2 * time.Second, warmup: 500 * time.Millisecond, many: 5000}
	for key, want := range map[string]string{
		"chat@2":    "--scenario chat --rounds 4 --duration 2s --warmup 500ms",
		"latency@2": "--scenario chat --rounds 4 --duration 2s --warmup 500ms --rate 1000",
		"slow@2":    "--scenario slow --rounds 2 --duration 4s --warmup 2s --gap 20ms",
		"many@2":    "--scenario slow --rounds 2 --duration 4s --warmup 2s --connections 5000 --chunks 50 --gap 100ms",
	} {
		one := *o
		one.only = key
		ps, err := phases(&one)
		if err != nil || len(ps) != 1 {
			t.Fatal(ps, err)
		}
		if got := strings.Join(ps[0].flags(o, o.rounds), " "); got != want {
			t.Errorf("%s: %s\nwant %s", key, got, want)
		}
	}
}

func TestMachine(t *testing.T) {
	m := machine(fstest.MapFS{
		"proc/cpuinfo":              {Data: []byte("processor\t: 0\nmodel name\t: Some CPU\nmodel name\t: Another\n")},
		"proc/meminfo":              {Data: []byte("MemTotal:       24000000 kB\n")},
		"proc/sys/kernel/osrelease": {Data: []byte("6.1\n")},
		"proc/loadavg":              {Data: []byte("0.5 0.4 0.3 1/2 3\n")},
	}, []int{0, 1, 2, 3})
	m.Go = ""
	if want := (standings.Machine{CPU: "Some CPU", CPUs: 4, Memory: "25 GB", Kernel: "6.1", Load: "0.5 0.4 0.3", Pinned: "The upstream on CPU 0, targets on 1,2, the load on 3"}); m != want {
		t.Errorf("%+v\nwant %+v", m, want)
	}
	m = machine(fstest.MapFS{}, []int{0})
	if m.CPU != "unknown" || m.Kernel != "unknown" || m.Memory != "unknown memory" || !strings.Contains(m.Pinned, "Too few") {
		t.Errorf("of a machine that says nothing: %+v", m)
	}
}

func TestDisturbed(t *testing.T) {
	busy, stolen, err := machineTimes("cpu  100 1 10 5000 7 2 3 40 0 0\ncpu0 1\n")
	if err != nil || busy != 1160*time.Millisecond || stolen != 400*time.Millisecond {
		t.Errorf("busy %v, stolen %v, %v", busy, stolen, err)
	}
	for _, bad := range []string{"", "cpu 1 2 3", "intr 1 2 3 4 5 6 7 8 9", "cpu a b c d e f g h"} {
		if _, _, err := machineTimes(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
	from := clock{at: time.Unix(0, 0)}
	for _, test := range []struct {
		to   clock
		want string
	}{
		{clock{busy: 11 * time.Second, own: 10 * time.Second}, ""},
		{clock{busy: 9 * time.Second, own: 10 * time.Second}, ""}, // the ticks of one were counted later
		{clock{busy: 14 * time.Second, own: 10 * time.Second}, "other programs took 10 %"},
		{clock{stolen: 2 * time.Second}, "its host gave 5 %"},
	} {
		test.to.at = time.Unix(10, 0)
		got := strings.Join(between(from, test.to, 4).hints(), "; ")
		if !strings.Contains(got, test.want) || (got == "") != (test.want == "") {
			t.Errorf("%+v: %q, want %q", test.to, got, test.want)
		}
	}
	if got := between(from, from, 4); got != (taken{}) {
		t.Errorf("within no time: %+v", got)
	}
}

func TestNoisyPhasesAreMeasuredAgain(t *testing.T) {
	for _, test := range []struct {
		shares  []float64
		repeats int
		want    int
	}{
		{[]float64{0.01}, 2, 1},
		{[]float64{0.5, 0.01}, 2, 2},
		{[]float64{0.5, 0.4, 0.4}, 2, 3},
		{[]float64{0.5}, 0, 1},
	} {
		l := &lab{o: &options{repeats: test.repeats}, stderr: io.Discard}
		n := 0
		if err := l.undisturbed(func() (float64, error) { n++; return test.shares[n-1], nil }); err != nil || n != test.want {
			t.Errorf("%v: measured %d times (%v), want %d", test.shares, n, err, test.want)
		}
	}
	l := &lab{o: &options{repeats: 2}, stderr: io.Discard}
	if err := l.undisturbed(func() (float64, error) { return 1, io.ErrUnexpectedEOF }); err == nil {
		t.Error("a failure was not told")
	}
}
