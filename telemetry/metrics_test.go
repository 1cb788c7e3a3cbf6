package telemetry_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/meter"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/record"
	"github.com/gatehouse-ai/gatehouse/telemetry"
)

// scrape reads the metrics as Prometheus does and returns the lines that begin
// with one of the names.
func scrape(t testing.TB, m *telemetry.Metrics, names ...string) []string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
		t.Fatalf("got %d %s: %s", w.Code, w.Header().Get("Content-Type"), w.Body)
	}
	var out []string
	for line := range strings.Lines(w.Body.String()) {
		if slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(line, n) }) {
			out = append(out, strings.TrimSpace(line))
		}
	}
	return out
}

// good is a request as most are.
func good() *record.Record {
	return &record.Record{
		ID: "req_1", ClientID: "mine", Start: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		First: 120 * time.Millisecond, Duration: 2 * time.Second,
		Method: "POST", Path: "/v1/chat/completions", Operation: string(op.ChatCompletion), Remote: "10.1.2.3:4567", Key: "alice",
		Model: "gpt-4o-mini", Route: "llama-3.1-8b", Endpoint: "gpu1", Upstream: "llama", Attempts: 1,
		Status: 200, Outcome: record.Complete, Stream: true, BytesIn: 100, BytesOut: 2000, Generation: 3,
		Usage: meter.Usage{Input: 10, Output: 20, CachedInput: 4, Reasoning: 5, Known: true},
	}
}

func with(change func(*record.Record)) *record.Record {
	r := good()
	change(r)
	return r
}

func TestDone(t *testing.T) {
	m := telemetry.NewMetrics("v1")
	m.Done(good())
	m.Done(good())
	m.Done(with(func(r *record.Record) {
		r.Attempts, r.Fallback, r.Endpoint = 3, true, "gpu2"
		r.Fault, r.Status, r.Outcome = fault.New(fault.UpstreamTimeout, "x"), 504, record.UpstreamError
		r.First, r.Duration, r.Usage = 0, 700*time.Second, meter.Usage{Input: 99}
	}))
	m.Done(&record.Record{Path: "/nothing", Method: "POST", Status: 404, Outcome: record.Refused, Fault: fault.New(fault.UnknownPath, "no")})

	want := []string{
		`gatehouse_fallbacks_total{route="llama-3.1-8b"} 1`,
		`gatehouse_faults_total{kind="unknown_path",source="client"} 1`,
		`gatehouse_faults_total{kind="upstream_timeout",source="upstream"} 1`,
		`gatehouse_request_bytes_total{operation="createChatCompletion",route="llama-3.1-8b"} 300`,
		`gatehouse_request_bytes_total{operation="unknown",route=""} 0`,
		`gatehouse_request_duration_seconds_bucket{operation="createChatCompletion",route="llama-3.1-8b",le="1"} 0`,
		`gatehouse_request_duration_seconds_bucket{operation="createChatCompletion",route="llama-3.1-8b",le="2.5"} 2`,
		`gatehouse_request_duration_seconds_bucket{operation="createChatCompletion",route="llama-3.1-8b",le="600"} 2`,
		`gatehouse_request_duration_seconds_bucket{operation="createChatCompletion",route="llama-3.1-8b",le="+Inf"} 3`,
		`gatehouse_request_duration_seconds_count{operation="createChatCompletion",route="llama-3.1-8b"} 3`,
		`gatehouse_request_duration_seconds_count{operation="unknown",route=""} 1`,
		`gatehouse_request_first_byte_seconds_count{operation="createChatCompletion",route="llama-3.1-8b"} 2`,
		`gatehouse_request_first_byte_seconds_sum{operation="createChatCompletion",route="llama-3.1-8b"} 0.24`,
		`gatehouse_requests_total{endpoint="",operation="unknown",outcome="refused",route="",status="404"} 1`,
		`gatehouse_requests_total{endpoint="gpu1",operation="createChatCompletion",outcome="complete",route="llama-3.1-8b",status="200"} 2`,
		`gatehouse_requests_total{endpoint="gpu2",operation="createChatCompletion",outcome="upstream_error",route="llama-3.1-8b",status="504"} 1`,
		`gatehouse_response_bytes_total{operation="createChatCompletion",route="llama-3.1-8b"} 6000`,
		`gatehouse_retries_total{route="llama-3.1-8b"} 2`,
		`gatehouse_tokens_total{direction="cached",endpoint="gpu1",route="llama-3.1-8b"} 8`,
		`gatehouse_tokens_total{direction="input",endpoint="gpu1",route="llama-3.1-8b"} 20`,
		`gatehouse_tokens_total{direction="output",endpoint="gpu1",route="llama-3.1-8b"} 40`,
		`gatehouse_tokens_total{direction="reasoning",endpoint="gpu1",route="llama-3.1-8b"} 10`,
	}
	got := scrape(t, m, "gatehouse_")
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("missing: %s", line)
		}
	}
	if t.Failed() {
		t.Log("got:\n" + strings.Join(got, "\n"))
	}
	for _, line := range got {
		if strings.Contains(line, `endpoint="gpu2"`) && strings.HasPrefix(line, "gatehouse_tokens") {
			t.Errorf("tokens that nobody reported: %s", line)
		}
	}
}

func TestWhatMustNotBreakTheCounters(t *testing.T) {
	m := telemetry.NewMetrics("v1")
	m.Done(&record.Record{})
	m.Done(with(func(r *record.Record) {
		r.BytesIn, r.BytesOut, r.Attempts, r.Duration, r.First = -1, -1, -1, -time.Second, -time.Second
		r.Usage = meter.Usage{Input: -5, Output: 1 << 60, CachedInput: 9, Known: true}
		r.Fault = &fault.Error{Kind: 255}
	}))
	m.Done(with(func(r *record.Record) {
		r.Operation, r.Route, r.Endpoint, r.Outcome, r.Status = "evil\n\"", "bad\xff\xfe", strings.Repeat("é", 500), "made up", 477
	}))
	m.Done(with(func(r *record.Record) { r.Status = 1234 }))
	got := scrape(t, m, "gatehouse_requests_total", "gatehouse_faults_total{kind=\"internal\"")
	want := []string{
		`gatehouse_faults_total{kind="internal",source="gateway"} 1`,
		`gatehouse_requests_total{endpoint="",operation="unknown",outcome="unknown",route="",status="unknown"} 1`,
		`gatehouse_requests_total{endpoint="gpu1",operation="createChatCompletion",outcome="complete",route="llama-3.1-8b",status="200"} 1`,
		`gatehouse_requests_total{endpoint="gpu1",operation="createChatCompletion",outcome="complete",route="llama-3.1-8b",status="unknown"} 1`,
		`gatehouse_requests_total{endpoint="` + strings.Repeat("é", 62) + `…",operation="unknown",outcome="unknown",route="bad` + "\uFFFD" + `",status="4xx"} 1`,
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// deprecatedRequests is counted for operations that will go alone.
const deprecatedRequests = "gatehouse_deprecated_requests_total"

// Nothing that a client chooses freely may be a label.
func TestLabelsHaveNothingOfTheClients(t *testing.T) {
	m := telemetry.NewMetrics("v1")
	m.Done(with(func(r *record.Record) {
		r.ID, r.ClientID, r.Method, r.Path, r.Remote = "canary-id", "canary-client", "CANARY", "/canary", "canary-remote"
		r.Key, r.Model, r.Upstream = "canary-key", "canary-model", "canary-upstream"
		r.Fault = fault.Wrap(fault.Internal, errors.New("canary-cause"), "canary-message")
	}))
	for _, line := range scrape(t, m, "") {
		if strings.Contains(strings.ToLower(line), "canary") {
			t.Error(line)
		}
	}
}

func TestSeriesAreBounded(t *testing.T) {
	m := telemetry.NewMetrics("v1")
	if got := scrape(t, m, `gatehouse_metric_full{metric="gatehouse_request_duration`); !slices.Equal(got, []string{`gatehouse_metric_full{metric="gatehouse_request_duration_seconds"} 0`}) {
		t.Errorf("got %v", got)
	}
	const routes = 12_000
	for i := range routes {
		m.Done(with(func(r *record.Record) {
			r.Route, r.Endpoint, r.Attempts = fmt.Sprintf("model-%d", i), fmt.Sprintf("gpu%d", i%7), 2
		}))
	}
	m.Done(with(func(r *record.Record) { r.Route, r.Endpoint = "", "" }))
	m.Done(with(func(r *record.Record) { r.Route, r.Endpoint = "model-3", "gpu3" }))
	for _, row := range telemetry.Table() {
		if row.Series == 0 {
			continue
		}
		name := row.Name + "{"
		if row.Type == telemetry.Histogram {
			name = row.Name + "_count{"
		}
		lines := scrape(t, m, name)
		if len(lines) > row.Series+10 {
			t.Errorf("%s has %d series, at most %d are allowed", row.Name, len(lines), row.Series)
		}
		if row.Name == "gatehouse_endpoint_up" || row.Name == "gatehouse_fallbacks_total" || row.Name == deprecatedRequests {
			continue
		}
		if len(lines) < row.Series || !slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, `route="other"`) }) {
			t.Errorf("%s: further routes are not counted as other: %d series", row.Name, len(lines))
		}
	}
	want := []string{
		`gatehouse_requests_total{endpoint="",operation="createChatCompletion",outcome="complete",route="",status="200"} 1`,
		`gatehouse_requests_total{endpoint="gpu3",operation="createChatCompletion",outcome="complete",route="model-3",status="200"} 2`,
		`gatehouse_requests_total{endpoint="other",operation="createChatCompletion",outcome="complete",route="other",status="200"} 8000`,
		`gatehouse_metric_full{metric="gatehouse_requests_total"} 1`,
		`gatehouse_metric_full{metric="gatehouse_endpoint_up"} 0`,
	}
	got := scrape(t, m, "gatehouse_requests_total", "gatehouse_metric_full")
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("missing: %s", line)
		}
	}
}

func TestConfigMetrics(t *testing.T) {
	m := telemetry.NewMetrics("v1")
	if got := scrape(t, m, "gatehouse_config"); got != nil {
		t.Errorf("before any configuration: %v", got)
	}
	at := time.UnixMilli(1767323045250)
	m.SetConfig("abc", true, at, 7)
	first := scrape(t, m, "gatehouse_config")
	if len(first) != 4 || !slices.Contains(first, "gatehouse_config_last_reload_success 1") ||
		!slices.Contains(first, "gatehouse_config_last_reload_success_timestamp_seconds 1.76732304525e+09") ||
		!slices.Contains(first, "gatehouse_config_generation 7") {
		t.Errorf("got %v", first)
	}
	m.SetConfig("bad", false, at.Add(time.Hour), 8)
	for i, line := range scrape(t, m, "gatehouse_config") {
		if want := strings.Replace(first[i], "_success 1", "_success 0", 1); line != want {
			t.Errorf("after a bad one: got %s, want %s", line, want)
		}
	}
	m.SetConfig("def", true, at, 9)
	if got := scrape(t, m, "gatehouse_config_hash"); got[0] == first[1] {
		t.Errorf("another configuration has the same hash: %v, %v", got, first)
	}
	m.SetConfig("abc", true, at, 7)
	if diff := cmp.Diff(first, scrape(t, m, "gatehouse_config")); diff != "" {
		t.Errorf("the same configuration again: %s", diff)
	}
}

func TestEndpointUp(t *testing.T) {
	m := telemetry.NewMetrics("v1")
	m.EndpointUp("gpu1", true)
	m.EndpointUp("gpu2", true)
	m.EndpointUp("gpu2", false)
	want := []string{`gatehouse_endpoint_up{endpoint="gpu1"} 1`, `gatehouse_endpoint_up{endpoint="gpu2"} 0`}
	if diff := cmp.Diff(want, scrape(t, m, "gatehouse_endpoint_up")); diff != "" {
		t.Error(diff)
	}
	m.RetainEndpoints([]string{"gpu1", "gpu3"})
	if diff := cmp.Diff(want[:1], scrape(t, m, "gatehouse_endpoint_up")); diff != "" {
		t.Error(diff)
	}
	// Full: no endpoint speaks for another. Places become free again.
	for i := range 2000 {
		m.EndpointUp(fmt.Sprint("e", i), true)
	}
	full := `gatehouse_metric_full{metric="gatehouse_endpoint_up"}`
	lines := scrape(t, m, "gatehouse_endpoint_up", full)
	if len(lines) != 1001 || lines[1000] != full+" 1" || slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, "other") }) {
		t.Errorf("got %d lines, the last is %s", len(lines), lines[len(lines)-1])
	}
	m.RetainEndpoints(nil)
	m.EndpointUp("gpu9", true)
	if diff := cmp.Diff([]string{`gatehouse_endpoint_up{endpoint="gpu9"} 1`, full + " 0"}, scrape(t, m, "gatehouse_endpoint_up", full)); diff != "" {
		t.Error(diff)
	}
}

func TestGauges(t *testing.T) {
	m := telemetry.NewMetrics("v1.2.3")
	m.InFlight(3)
	m.InFlight(-1)
	m.GaugeFunc(telemetry.MemoryInFlight, "not this help", func() float64 { return 1 })
	m.GaugeFunc(telemetry.MemoryInFlight, "", func() float64 { return 4096 })
	m.GaugeFunc("gatehouse_test", "A gauge of a test.", func() float64 { return 0.5 })
	got := scrape(t, m, "gatehouse_requests_in_flight", "gatehouse_memory", "gatehouse_test", "# HELP gatehouse_memory", "# HELP gatehouse_test")
	want := []string{
		"# HELP gatehouse_memory_in_flight_bytes Bytes of request and response bodies that are held in memory.",
		"gatehouse_memory_in_flight_bytes 4096",
		"gatehouse_requests_in_flight 2",
		"# HELP gatehouse_test A gauge of a test.",
		"gatehouse_test 0.5",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := scrape(t, m, "gatehouse_build_info"); len(got) != 1 || !strings.Contains(got[0], `version="v1.2.3"`) {
		t.Errorf("got %v", got)
	}
	if scrape(t, m, "go_goroutines") == nil || scrape(t, m, "process_start_time_seconds") == nil {
		t.Error("the runtime's or the process's metrics are missing")
	}
	for _, name := range []string{"bad\xff", "gatehouse_requests_total", "go_goroutines"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("a gauge may be called %q", name)
				}
			}()
			m.GaugeFunc(name, "x", func() float64 { return 0 })
		}()
	}
}

// What is served is what the table has, no more and no less.
func TestTableIsWhatIsServed(t *testing.T) {
	m := telemetry.NewMetrics("v1")
	m.Done(with(func(r *record.Record) { r.Attempts, r.Fallback = 2, true }))
	m.SetConfig("abc", true, time.Unix(1, 0), 1)
	m.EndpointUp("gpu1", true)
	m.GaugeFunc(telemetry.MemoryInFlight, "", func() float64 { return 0 })
	m.GaugeFunc(telemetry.LogLinesDropped, "", func() float64 { return 0 })
	served := map[string]string{}
	for _, line := range scrape(t, m, "# ") {
		f := strings.SplitN(line, " ", 4)
		if strings.HasPrefix(f[2], "gatehouse_") {
			served[f[2]] += f[3] + "\n"
		}
	}
	table := map[string]string{}
	for _, row := range telemetry.Table() {
		if _, twice := table[row.Name]; twice {
			t.Errorf("%s stands twice", row.Name)
		}
		table[row.Name] = strings.ReplaceAll(row.Help, `\`, `\\`) + "\n" + string(row.Type) + "\n"
		if strings.HasSuffix(row.Name, "_total") != (row.Type == telemetry.Counter) {
			t.Errorf("%s: counters alone end in _total", row.Name)
		}
		if (row.Buckets != nil) != (row.Type == telemetry.Histogram) || !slices.IsSorted(row.Buckets) {
			t.Errorf("%s: buckets %v", row.Name, row.Buckets)
		}
		if bounded := slices.Contains(row.Labels, "route") || slices.Contains(row.Labels, "endpoint") || slices.Contains(row.Labels, "key"); bounded != (row.Series > 0) {
			t.Errorf("%s: labels %v, bound %d", row.Name, row.Labels, row.Series)
		}
	}
	if served[deprecatedRequests] == "" { // it has no series while no operation is deprecated
		delete(table, deprecatedRequests)
	}
	if diff := cmp.Diff(table, served); diff != "" {
		t.Error(diff)
	}
}

func TestMetricsAtOnce(t *testing.T) {
	m := telemetry.NewMetrics("v1")
	const workers, each, routes = 8, 2000, 50
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := range each {
				m.InFlight(1)
				m.Done(with(func(r *record.Record) { r.Route = fmt.Sprint("m", i%routes) }))
				m.InFlight(-1)
			}
		})
	}
	wg.Go(func() {
		for i := range 20 {
			m.EndpointUp("gpu1", i%2 == 0)
			m.RetainEndpoints(nil)
			m.GaugeFunc(telemetry.MemoryInFlight, "", func() float64 { return 0 })
			scrape(t, m, "gatehouse_")
		}
	})
	wg.Wait()
	lines := scrape(t, m, "gatehouse_requests_total")
	for _, line := range lines {
		if !strings.HasSuffix(line, fmt.Sprint("} ", workers*each/routes)) {
			t.Error(line)
		}
	}
	if len(lines) != routes {
		t.Errorf("%d series, want %d", len(lines), routes)
	}
}

func TestDoneDoesNotAllocate(t *testing.T) {
	m := telemetry.NewMetrics("v1")
	r := good()
	for range 1000 { // in every shard: the race detector has cores change theirs
		m.Done(r)
	}
	if n := testing.AllocsPerRun(100, func() { m.Done(r) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	rare := with(func(r *record.Record) { r.Attempts, r.Fallback, r.Fault = 2, true, fault.New(fault.Busy, "x") })
	s := m.Shard(0)
	s.Done(r)
	s.Done(rare)
	if n := testing.AllocsPerRun(100, func() {
		s.InFlight(1)
		s.Done(r) // in turns, so that neither is always the last
		s.Done(rare)
		s.InFlight(-1)
	}); n != 0 {
		t.Errorf("a shard: %v allocations", n)
	}
}

func TestShardsAreAddedUp(t *testing.T) {
	m := telemetry.NewMetrics("v1")
	const loops, each, routes = 4, 500, 600 // more routes than a histogram tells apart
	var wg sync.WaitGroup
	for i := range loops {
		wg.Go(func() {
			s := m.Shard(i)
			for j := range each {
				s.InFlight(1)
				s.Done(with(func(r *record.Record) {
					r.Route, r.Attempts, r.Fallback = fmt.Sprint("m", (i*each+j)%routes), 2, true
					r.Fault = fault.New(fault.Busy, "x")
				}))
			}
			m.InFlight(-each)
		})
	}
	wg.Wait()
	for name, want := range map[string]int{
		"gatehouse_requests_total{": loops * each, "gatehouse_request_duration_seconds_count{": loops * each,
		"gatehouse_request_duration_seconds_bucket{":  loops * each * 5, // of 2 s, in all buckets from 2.5 s on
		"gatehouse_request_first_byte_seconds_count{": loops * each, "gatehouse_request_bytes_total{": loops * each * 100,
		"gatehouse_response_bytes_total{": loops * each * 2000, `gatehouse_tokens_total{direction="output"`: loops * each * 20,
		"gatehouse_retries_total{": loops * each, "gatehouse_fallbacks_total{": loops * each, `gatehouse_faults_total{kind="busy"`: loops * each,
		"gatehouse_requests_in_flight": 0,
	} {
		sum := 0
		for _, line := range scrape(t, m, name) {
			if strings.HasPrefix(name, "gatehouse_request_duration_seconds_bucket") && !slices.ContainsFunc([]string{"2.5", "5", "10", "30", "+Inf"}, func(le string) bool { return strings.Contains(line, `le="`+le+`"`) }) {
				continue
			}
			n, err := strconv.ParseFloat(line[strings.LastIndexByte(line, ' ')+1:], 64)
			if err != nil {
				t.Fatal(err)
			}
			sum += int(n)
		}
		if sum != want {
			t.Errorf("%s: got %d, want %d", name, sum, want)
		}
	}
}

func BenchmarkMetricsDone(b *testing.B) {
	m := telemetry.NewMetrics("v1")
	b.Run("one", func(b *testing.B) {
		r := good()
		b.ReportAllocs()
		for b.Loop() {
			m.Done(r)
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			r := good()
			for pb.Next() {
				m.Done(r)
			}
		})
	})
	b.Run("shard", func(b *testing.B) {
		s, r := m.Shard(0), good()
		b.ReportAllocs()
		for b.Loop() {
			s.Done(r)
		}
	})
	b.Run("two-routes", func(b *testing.B) {
		s := m.Shard(0)
		records := []*record.Record{good(), with(func(r *record.Record) { r.Route = "another-model" })}
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			s.Done(records[i%2])
		}
	})
	b.Run("routes-10000", func(b *testing.B) {
		records := make([]*record.Record, 10_000)
		for i := range records {
			records[i] = with(func(r *record.Record) { r.Route = fmt.Sprint("model-", i) })
		}
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			m.Done(records[i%len(records)])
		}
	})
}
