package bench_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/bench"
	"github.com/gatehouse-ai/gatehouse/bench/exam"
	"github.com/gatehouse-ai/gatehouse/bench/hist"
	"github.com/gatehouse-ai/gatehouse/bench/load"
	"github.com/gatehouse-ai/gatehouse/bench/upstream"
)

var update = flag.Bool("update", false, "write the golden files anew")

func none(string) (string, bool) { return "", false }

func target(t *testing.T, text string) bench.Target {
	t.Helper()
	to, err := bench.ParseTarget(text, none)
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// engine runs the bundled upstream until the test ends and returns its URL.
func engine(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	server := upstream.New()
	go func() { ended <- server.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return "http://" + l.Addr().String() + "/v1"
}

func TestTargets(t *testing.T) {
	lookup := func(name string) (string, bool) { return "sk-env", name == "KEY" }
	for text, want := range map[string][4]string{
		"http://127.0.0.1:80/v1":         {"127.0.0.1:80", "http://127.0.0.1:80/v1", "", "0"},
		"gw=http://127.0.0.1/v1#sk-a@12": {"gw", "http://127.0.0.1/v1", "sk-a", "12"},
		"a b=https://h/v1@7":             {"a b", "https://h/v1", "", "7"},
		"x=http://h#sk=a/b@c":            {"x", "http://h", "sk=a/b@c", "0"},
		"http://h/v1#env:KEY":            {"h", "http://h/v1", "sk-env", "0"},
		"ftp://h":                        {"http:// or https://"},
		"h:80":                           {"http:// or https://"},
		"":                               {"http:// or https://"},
		"http://h/v1?key=1":              {"http:// or https://"},
		"http://user:sk-secret@h/v1":     {"http:// or https://"},
		"http://h/v1#env:NONE":           {"no variable NONE"},
		"name=http://h:sk-secret%zz/v1#sk-secret@12": {"cannot be read"},
	} {
		to, err := bench.ParseTarget(text, lookup)
		if want[1] == "" {
			if err == nil || !strings.Contains(err.Error(), want[0]) || strings.Contains(err.Error(), "sk-secret") {
				t.Errorf("%q: %v, want an error with %q and no key", text, err, want[0])
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		got := [4]string{to.Name, to.URL.String(), to.Key.Reveal(), strconv.Itoa(to.PID)}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzTarget(f *testing.F) {
	f.Add("gw=http://127.0.0.1/v1#sk-a@12")
	f.Add("@1#=")
	f.Fuzz(func(t *testing.T, text string) {
		if to, err := bench.ParseTarget(text, none); err == nil && (to.URL.Host == "" || to.PID < 0) {
			t.Errorf("%q: %+v", text, to)
		}
	})
}

func TestScenarios(t *testing.T) {
	all, err := bench.Choose([]string{"all"})
	if err != nil || len(all) != 6 {
		t.Fatalf("%d scenarios, %v", len(all), err)
	}
	for _, s := range all {
		q := s.Question
		q.Model = "m"
		if _, err := exam.New(q, false); err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
	}
	two, err := bench.Choose([]string{"embed", "chat"})
	if err != nil || len(two) != 2 || two[0].Name != "chat" {
		t.Errorf("%+v, %v", two, err)
	}
	if _, err := bench.Choose([]string{"chats"}); err == nil || !strings.Contains(err.Error(), "keepalive") {
		t.Errorf("an unknown scenario: %v", err)
	}
}

func TestPlansThatCannotBe(t *testing.T) {
	to := target(t, "http://127.0.0.1:1/v1")
	for want, p := range map[string]bench.Plan{
		"no target":   {Scenarios: bench.Scenarios(), Rounds: 1},
		"no scenario": {Targets: []bench.Target{to}, Rounds: 1},
		"called":      {Targets: []bench.Target{to, to}, Scenarios: bench.Scenarios(), Rounds: 1},
		"rounds":      {Targets: []bench.Target{to}, Scenarios: bench.Scenarios()},
		"takes":       {Targets: []bench.Target{to}, Scenarios: bench.Scenarios(), Rounds: 1000, Duration: time.Minute},
	} {
		if _, err := bench.Run(t.Context(), p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// plan is a quick comparison.
func plan(t *testing.T, targets ...bench.Target) bench.Plan {
	t.Helper()
	s, err := bench.Choose([]string{"chat"})
	if err != nil {
		t.Fatal(err)
	}
	s[0].Connections = 2
	return bench.Plan{Targets: targets, Scenarios: s, Model: "m", Rounds: 2, Duration: 40 * time.Millisecond, Timeout: 5 * time.Second}
}

func TestRoundsAreInterleavedAndRotated(t *testing.T) {
	var mu sync.Mutex
	var order []string
	server := func(name string) bench.Target {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			mu.Lock()
			if len(order) == 0 || order[len(order)-1] != name {
				order = append(order, name)
			}
			mu.Unlock()
			_, _ = io.WriteString(w, `{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}]}`)
		}))
		t.Cleanup(s.Close)
		return target(t, name+"="+s.URL+"/v1")
	}
	p := plan(t, server("a"), server("b"), server("c"))
	p.AnyAnswer = true
	r, err := bench.Run(t.Context(), p)
	if err != nil || r.Wrong() != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	if d := cmp.Diff([]string{"a", "b", "c", "b", "c", "a"}, order); d != "" {
		t.Errorf("the order (-want +got):\n%s", d)
	}
	if rows := r.Scenarios[0].Rows; len(rows) != 3 || rows[1].Target != "b" || len(rows[2].Rounds) != 2 {
		t.Errorf("%+v", rows)
	}
}

func TestAgainstTheUpstream(t *testing.T) {
	to := target(t, "direct="+engine(t))
	to.PID = os.Getpid()
	p := plan(t, to)
	p.Scenarios, p.Rounds, p.Model = bench.Scenarios(), 1, upstream.Model
	for i := range p.Scenarios {
		p.Scenarios[i].Connections = 4
		if p.Scenarios[i].Question.Gap > 0 {
			p.Scenarios[i].Question.Gap, p.Scenarios[i].Question.Chunks = time.Millisecond, 10
		}
	}
	p.Duration = 80 * time.Millisecond
	if runtime.GOOS != "linux" {
		p.Targets[0].PID = 0
	}
	r, err := bench.Run(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range r.Scenarios {
		row := s.Rows[0]
		if row.Wrong+row.Failed > 0 || (s.Streams && row.First == nil) || (!s.Streams && row.Latency == nil) {
			t.Errorf("%s: %+v, %v", s.Name, row, row.Problems)
		}
		if s.Name != "slow" && row.Jitter != nil {
			t.Errorf("%s: jitter %+v", s.Name, row.Jitter)
		}
		if p.Targets[0].PID > 0 && row.RSS == 0 {
			t.Errorf("%s: the memory of this process is unknown", s.Name)
		}
	}
	if len(r.Scenarios) != 6 {
		t.Errorf("%d scenarios", len(r.Scenarios))
	}
}

func TestAnInterruptedComparisonReportsWhatItHas(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := plan(t, target(t, "a="+engine(t)), target(t, "b="+engine(t)))
	p.Model, p.Duration = upstream.Model, load.MaxDuration
	p.Progress = func(_ bench.Slice, now load.Progress) {
		if now.Done > 0 {
			cancel()
		}
	}
	r, err := bench.Run(ctx, p)
	if err != nil || !r.Interrupted || len(r.Scenarios) != 1 || len(r.Scenarios[0].Rows) != 1 || r.Scenarios[0].Rows[0].Done == 0 || r.Wrong() != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	var b strings.Builder
	if err := r.Table(&b); err != nil || !strings.Contains(b.String(), "Interrupted") {
		t.Errorf("%s, %v", &b, err)
	}
}

func TestAProcessThatIsNone(t *testing.T) {
	to := target(t, "a="+engine(t)+"@4711")
	p := plan(t, to)
	p.Model, p.Proc = upstream.Model, fstest.MapFS{}
	if _, err := bench.Run(t.Context(), p); err == nil || !strings.Contains(err.Error(), "no process 4711") {
		t.Errorf("%v", err)
	}
}

// report is a report of known figures.
func report() *bench.Report {
	measured := func(scale time.Duration) *bench.Times {
		var h hist.Hist
		for i := range 1000 {
			h.Record(time.Duration(i+1) * scale)
		}
		return bench.TimesOf(&h)
	}
	return &bench.Report{
		Targets: []string{"direct", "gateway <&>"}, URLs: []string{"http://127.0.0.1:1/v1", "http://127.0.0.1:2/v1"},
		Rounds: 3, Duration: 3, System: "linux/amd64 go1.26", CPUs: 4, Interrupted: true,
		Scenarios: []bench.ScenarioReport{
			{Name: "chat", Title: "small chats", Connections: 64, Rate: 1000, Counts: "requests", Hints: []string{"the machine is not quiet"}, Rows: []bench.Row{
				{Target: "direct", PerSecond: 1000, Rounds: []float64{999, 1000, 1001}, Ratio: 1, Latency: measured(time.Microsecond), Late: measured(100), Done: 3000},
				{
					Target: "gateway <&>", PerSecond: 870.4, Rounds: []float64{870.4}, Ratio: 0.8704, Latency: measured(3 * time.Microsecond), Late: measured(100),
					CPU: 21.5, CPURatio: 1.1, CPUs: 1.95, RSS: 40_000_000, Done: 2611, Wrong: 2, Failed: 1,
					Problems: []load.Problem{{What: "wrong answer: the text is wrong", Count: 2}, {What: "status 502", Count: 1}},
				},
			}},
			{Name: "slow", Title: "slow streams", Connections: 500, Streams: true, Counts: "chunks", Rows: []bench.Row{
				{Target: "direct", PerSecond: 25000, Ratio: 1, First: measured(time.Microsecond), Gap: measured(20 * time.Microsecond), Jitter: measured(time.Microsecond), Chunks: 75000, Cut: 500},
			}},
		},
	}
}

func TestGoldenReports(t *testing.T) {
	r := report()
	var table strings.Builder
	if err := r.Table(&table); err != nil {
		t.Fatal(err)
	}
	text, err := r.JSON()
	if err != nil || !json.Valid(text) {
		t.Fatalf("%s, %v", text, err)
	}
	for name, got := range map[string]string{"report.txt": table.String(), "report.json": string(text), "report.svg": string(r.SVG())} {
		name = "testdata/" + name
		if *update {
			if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), got); d != "" {
			t.Errorf("%s differs (-want +got):\n%s", name, d)
		}
	}
	d := xml.NewDecoder(strings.NewReader(string(r.SVG())))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("the plot is not XML: %v", err)
		}
	}
	if r.Wrong() != 3 {
		t.Errorf("%d were wrong or missing, want 3", r.Wrong())
	}
}
