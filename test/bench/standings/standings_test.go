package standings_test

import (
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/bench"
	"github.com/gatehouse-ai/gatehouse/bench/load"
	"github.com/gatehouse-ai/gatehouse/test/bench/standings"
)

var update = flag.Bool("update", false, "write the golden files anew")

func times(p50, p99, longest float64) *bench.Times {
	return &bench.Times{Count: 1, P50: p50, P99: p99, Max: longest}
}

// sample returns a report with a phase of each kind.
func sample() *standings.Report {
	r := &standings.Report{
		When:     "1 January 2030",
		Machine:  standings.Machine{CPU: "Some CPU", CPUs: 4, Memory: "25 GB", Kernel: "6.1", Go: "go1.26", Load: "0.1 0.1 0.1", Pinned: "The load on 3"},
		Settings: standings.Settings{Rounds: 4, Duration: 2},
		Targets:  []standings.Target{{Name: "direct", Title: "the upstream itself"}, {Name: "nginx", Title: "nginx", Version: "1.22.1"}},
		Missing:  []standings.Missing{{Name: "portkey", Needs: "test/deps bench"}},
		Start:    &standings.Start{Times: []float64{30, 250, 20}, Binary: 61_000_000},
		Phases: []standings.Phase{
			{Key: "chat@2", Cores: 2, ScenarioReport: bench.ScenarioReport{Title: "small chats", Connections: 64, Counts: "requests", Rows: []bench.Row{
				{Target: "direct", PerSecond: 150_000, Latency: times(400, 900, 1000)},
				{Target: "nginx", PerSecond: 100_000, Latency: times(600, 1500, 2000), CPU: 20, CPUs: 1.9, RSS: 30e6},
				{Target: "nginx-feat", PerSecond: 90_000, Latency: times(650, 1500, 2000), CPU: 22, CPUs: 1.9, RSS: 33e6},
				{Target: "gatehouse", PerSecond: 110_000, Latency: times(550, 1600, 2000), CPU: 21, CPUs: 1.9, RSS: 20e6},
				{Target: "litellm", PerSecond: 200, Latency: times(250_000, 300_000, 300_000), CPU: 9000, CPUs: 1.9, RSS: 900e6, Failed: 2, Problems: []load.Problem{{What: "status 500: a | b `c`", Count: 2}}},
			}, Hints: []string{"the machine was not quiet"}}, Apart: []string{"litellm"}},
			{Key: "latency@2", Cores: 2, ScenarioReport: bench.ScenarioReport{Title: "small chats", Connections: 64, Rate: 1000, Counts: "requests", Rows: []bench.Row{
				{Target: "direct", PerSecond: 1000, Latency: times(100, 200, 300)},
				{Target: "nginx", PerSecond: 1000, Latency: times(150, 190, 300), CPU: 30},
				{Target: "gatehouse", PerSecond: 1000, Latency: times(140, 210, 300), CPU: 20},
			}}},
			{Key: "stream@1", Cores: 1, ScenarioReport: bench.ScenarioReport{Title: "streams", Streams: true, Connections: 32, Counts: "chunks", Rows: []bench.Row{
				{Target: "nginx", PerSecond: 300_000, First: times(5000, 10_000, 1), CPU: 3},
				{Target: "gatehouse", PerSecond: 330_000, First: times(4000, 9_000, 1), CPU: 2.5, Wrong: 1},
			}}},
			{Key: "slow@2", Cores: 2, Rest: map[string]int64{"nginx": 20e6, "gatehouse": 16e6}, ScenarioReport: bench.ScenarioReport{Title: "slow streams", Streams: true, Connections: 500, Counts: "chunks", Rows: []bench.Row{
				{Target: "direct", PerSecond: 25_000, First: times(80, 300, 1), Gap: times(20_000, 20_300, 21_000)},
				{Target: "nginx", PerSecond: 25_000, First: times(100, 500, 1), Gap: times(20_000, 20_500, 22_000), CPU: 20, RSS: 30e6},
				{Target: "gatehouse", PerSecond: 25_000, First: times(100, 500, 1), Gap: times(20_000, 20_500, 43_000), CPU: 22, RSS: 21e6},
			}}},
			{Key: "tls-chat@2", Cores: 2, TLS: true, ScenarioReport: bench.ScenarioReport{Title: "small chats", Connections: 64, Counts: "requests", Rows: []bench.Row{
				{Target: "gatehouse", PerSecond: 50_000, Latency: times(1, 2, 3)},
			}}},
		},
	}
	r.Goals = standings.Judge(r)
	return r
}

func TestJudge(t *testing.T) {
	want := []standings.Goal{
		{Scenario: "chat@2", Wanted: "throughput: at least 1 × nginx", Measured: "1.10 × (110000 to 100000/s)", Met: true},
		{Scenario: "chat@2", Wanted: "throughput: at least 1.1 × nginx-feat", Measured: "1.22 × (110000 to 90000/s)", Met: true},
		{Scenario: "chat@2", Wanted: "throughput: at least 30 × litellm", Measured: "550.00 × (110000 to 200/s)", Met: true},
		{Scenario: "chat@2", Wanted: "CPU per request or chunk: at most 1 × nginx", Measured: "1.05 × (21.0 to 20.0 µs)"},
		{Scenario: "latency@2", Wanted: "added latency, p50: at most 1 × nginx", Measured: "0.80 × (40.0 to 50.0 µs)", Met: true},
		{Scenario: "latency@2", Wanted: "added latency, p99: at most 1.5 × nginx", Measured: "10.0 to -10.0 µs"},
		{Scenario: "stream@1", Wanted: "throughput: at least 1 × nginx", Measured: "1.10 × (330000 to 300000/s), 1 wrong or missing"},
		{Scenario: "stream@1", Wanted: "first chunk, p99: at most 1.5 × nginx", Measured: "0.90 × (9.00 to 10.0 ms), 1 wrong or missing"},
		{Scenario: "slow@2", Wanted: "the longest gap: at most 2 × direct", Measured: "2.05 × (43.0 to 21.0 ms)"},
		{Scenario: "slow@2", Wanted: "CPU per request or chunk: at most 1.1 × nginx", Measured: "1.10 × (22.0 to 20.0 µs)", Met: true},
		{Scenario: "slow@2", Wanted: "memory of a stream: at most 16 KB", Measured: "10.0 KB", Met: true},
		{Scenario: "start", Wanted: "the first answer within 100 ms", Measured: "30 ms", Met: true},
		{Scenario: "start", Wanted: "a binary of 60 MB at most", Measured: "61.0 MB"},
	}
	if diff := cmp.Diff(want, sample().Goals); diff != "" {
		t.Error(diff)
	}
	r := &standings.Report{Phases: []standings.Phase{{Key: "embed@2", ScenarioReport: bench.ScenarioReport{Rows: []bench.Row{
		{Target: "nginx", PerSecond: 10}, {Target: "gatehouse"},
	}}}}}
	if got := standings.Judge(r); len(got) != 1 || got[0].Met {
		t.Errorf("who answers nothing: %+v", got)
	}
	r.Phases[0].Rows[0].PerSecond, r.Phases[0].Rows[1].PerSecond = 0, 10
	if got := standings.Judge(r); len(got) != 1 || !got[0].Met {
		t.Errorf("beside one who answers nothing: %+v", got)
	}
	shrunk := sample()
	shrunk.Phases[3].Rest["gatehouse"] = 22e6 // what the chats had left was freed meanwhile
	if got := standings.Judge(shrunk)[10]; !got.Met || got.Measured != "-2.00 KB" {
		t.Errorf("of memory that shrank: %+v", got)
	}
	if got := standings.Judge(&standings.Report{}); len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

func TestMarkdown(t *testing.T) {
	const golden = "testdata/report.md"
	got := sample().Markdown()
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
		t.Error(diff)
	}
}

func TestInsert(t *testing.T) {
	const begin, end = "<!-- The results of the last run; written by the benchmark. -->\n", "<!-- The end of the results. -->\n"
	page := "# Page\n\n" + begin + "\nold\n\n" + end + "\nCaveats.\n"
	want := "# Page\n\n" + begin + "\nnew\n\n" + end + "\nCaveats.\n"
	if got := standings.Insert(page, "new\n"); got != want {
		t.Errorf("%q\nwant %q", got, want)
	}
	if got := standings.Insert(want, "new\n"); got != want {
		t.Errorf("the second time: %q", got)
	}
	for _, page := range []string{"", "something else", begin + "without an end"} {
		if got := standings.Insert(page, "new\n"); got != "new\n" {
			t.Errorf("into %q: %q", page, got)
		}
	}
}

func TestReport(t *testing.T) {
	r := sample()
	if got := r.Wrong(); got != 1 { // those of LiteLLM are its own affair
		t.Errorf("%d answers of Gatehouse were wrong, want 1", got)
	}
	text, err := r.JSON()
	if err != nil || !json.Valid(text) || !strings.Contains(string(text), `"key": "slow@2"`) {
		t.Errorf("%v: %s", err, text)
	}
}
