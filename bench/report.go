package bench

import (
	"encoding/json"
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"

	"github.com/gatehouse-ai/gatehouse/bench/exam"
	"github.com/gatehouse-ai/gatehouse/bench/hist"
	"github.com/gatehouse-ai/gatehouse/bench/load"
	"github.com/gatehouse-ai/gatehouse/bench/plot"
)

// Report is what a comparison has found. Its JSON is a promise to nobody yet.
type Report struct {
	Targets     []string         `json:"targets"`
	URLs        []string         `json:"urls"`
	Rounds      int              `json:"rounds"`
	Duration    float64          `json:"seconds_per_slice"`
	Interrupted bool             `json:"interrupted"`
	System      string           `json:"system"`
	CPUs        int              `json:"cpus"`
	Scenarios   []ScenarioReport `json:"scenarios"`
}

// ScenarioReport is what was found in one scenario.
type ScenarioReport struct {
	Name        string   `json:"name"`
	Title       string   `json:"title"`
	Connections int      `json:"connections"`
	Rate        float64  `json:"due_per_second,omitempty"`
	Streams     bool     `json:"streams"`
	Counts      string   `json:"counts"` // what per_second counts
	Rows        []Row    `json:"results"`
	Hints       []string `json:"hints,omitempty"`
}

// Row is what was found of one target.
type Row struct {
	Target    string    `json:"target"`
	PerSecond float64   `json:"per_second"`
	Rounds    []float64 `json:"per_second_by_round"`
	Ratio     float64   `json:"ratio,omitempty"` // of the medians of the rounds, to the first target

	Latency *Times `json:"latency,omitempty"`
	First   *Times `json:"first_chunk,omitempty"`
	Gap     *Times `json:"gap,omitempty"`
	Jitter  *Times `json:"jitter,omitempty"`
	Late    *Times `json:"late,omitempty"`

	CPU          float64 `json:"cpu_us_per_request,omitempty"` // of the target; of a chunk in streams
	CPURatio     float64 `json:"cpu_ratio,omitempty"`
	CPUs         float64 `json:"cpus,omitempty"` // that it kept busy
	RSS          int64   `json:"rss_bytes,omitempty"`
	GeneratorCPU float64 `json:"generator_cpus,omitempty"` // what this process itself kept busy

	Done     int64          `json:"done"`
	Chunks   int64          `json:"chunks,omitempty"`
	Wrong    int64          `json:"wrong"`
	Failed   int64          `json:"failed"`
	Cut      int64          `json:"cut,omitempty"`
	Problems []load.Problem `json:"problems,omitempty"`
}

// Times are quantiles, in microseconds.
type Times struct {
	Count  uint64       `json:"count"`
	Mean   float64      `json:"mean_us"`
	P50    float64      `json:"p50_us"`
	P90    float64      `json:"p90_us"`
	P99    float64      `json:"p99_us"`
	P999   float64      `json:"p999_us"`
	Max    float64      `json:"max_us"`
	points []plot.Point // for the drawing
}

// report makes the report of what was measured.
func (p *Plan) report(tallies [][]tally, interrupted bool) *Report {
	r := &Report{
		Rounds: p.Rounds, Duration: p.Duration.Seconds(), Interrupted: interrupted,
		System: runtime.GOOS + "/" + runtime.GOARCH + " " + runtime.Version(), CPUs: runtime.NumCPU(),
	}
	for _, t := range p.Targets {
		r.Targets = append(r.Targets, t.Name)
		r.URLs = append(r.URLs, t.URL.String())
	}
	for i, s := range p.Scenarios {
		sr := ScenarioReport{
			Name: s.Name, Title: s.Title, Connections: s.Connections, Rate: s.Rate,
			Streams: s.Question.Kind == exam.Stream, Counts: "requests",
		}
		if sr.Streams {
			sr.Counts = "chunks"
		}
		for k := range p.Targets {
			t := &tallies[i][k]
			if len(t.rates) == 0 && t.Failed == 0 && t.Wrong == 0 {
				continue // the interruption came before
			}
			sr.Rows = append(sr.Rows, row(p.Targets[k].Name, s, t))
		}
		if len(sr.Rows) > 0 {
			sr.compare(r.Targets[0])
			r.Scenarios = append(r.Scenarios, sr)
		}
	}
	return r
}

func row(name string, s Scenario, t *tally) Row {
	r := Row{
		Target: name, Rounds: t.rates, PerSecond: median(t.rates),
		Latency: TimesOf(&t.Latency), First: TimesOf(&t.First), Gap: TimesOf(&t.Gap), Jitter: TimesOf(&t.Jitter), Late: TimesOf(&t.Late),
		RSS: t.rss, Done: t.Done, Chunks: t.Chunks, Wrong: t.Wrong, Failed: t.Failed, Cut: t.Cut, Problems: t.Problems,
	}
	if n := count(s, &t.Result); t.cpuOK && n > 0 {
		r.CPU = micros(t.cpu) / float64(n)
	}
	if t.wall > 0 {
		r.CPUs = t.cpu.Seconds() / t.wall.Seconds()
		r.GeneratorCPU = t.own.Seconds() / t.wall.Seconds()
	}
	return r
}

// compare fills in the ratios to the first target, and what a reader must know
// before believing the figures.
func (s *ScenarioReport) compare(first string) {
	base := s.Rows[0]
	for i := range s.Rows {
		r := &s.Rows[i]
		if base.Target == first {
			r.Ratio = ratio(r.PerSecond, base.PerSecond)
			r.CPURatio = ratio(r.CPU, base.CPU)
		}
		if r.Late != nil && r.Latency != nil && r.Late.P50 > r.Latency.P50/2 {
			s.Hints = append(s.Hints, fmt.Sprintf("%s: half of the latency or more is waiting to be sent (p50 %s late): too few connections for this rate, or too few CPUs for the generator", r.Target, duration(r.Late.P50)))
		}
		if low, high := slices.Min(append(r.Rounds, math.Inf(1))), slices.Max(append(r.Rounds, 0)); len(r.Rounds) > 1 && low < 0.8*high && s.Rate == 0 {
			s.Hints = append(s.Hints, fmt.Sprintf("%s: its rounds differ by more than a fifth (%.0f to %.0f a second): the machine is not quiet", r.Target, low, high))
		}
	}
}

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// median returns the middle of some values, which one noisy round does not move.
func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	v = slices.Sorted(slices.Values(v))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// TimesOf returns the quantiles of a histogram, nil of an empty one.
func TimesOf(h *hist.Hist) *Times {
	n := h.Count()
	if n == 0 {
		return nil
	}
	q := func(share float64) float64 { return micros(h.Quantile(share)) }
	t := &Times{Count: n, Mean: micros(h.Mean()), P50: q(0.5), P90: q(0.9), P99: q(0.99), P999: q(0.999), Max: micros(h.Max())}
	for nines := 0.0; nines <= 5 && math.Pow(10, nines) <= float64(n); nines += 0.1 {
		share := 1 - math.Pow(10, -nines)
		t.points = append(t.points, plot.Point{Share: share, Time: h.Quantile(share)})
	}
	return t
}

// Wrong returns how many answers were wrong or missing.
func (r *Report) Wrong() int64 {
	var n int64
	for _, s := range r.Scenarios {
		for _, row := range s.Rows {
			n += row.Wrong + row.Failed
		}
	}
	return n
}

// JSON returns the report for programs.
func (r *Report) JSON() ([]byte, error) {
	b, err := json.MarshalIndent(r, "", "  ")
	return append(b, '\n'), err
}

// SVG draws the latencies: of streams, those of the first chunk.
func (r *Report) SVG() []byte {
	panels := make([]plot.Panel, 0, len(r.Scenarios))
	for _, s := range r.Scenarios {
		p := plot.Panel{Title: s.Name + ": " + s.Title}
		if s.Streams {
			p.Title += ", to the first chunk"
		}
		for _, row := range s.Rows {
			t := row.Latency
			if s.Streams {
				t = row.First
			}
			l := plot.Line{Name: row.Target}
			if t != nil {
				l.Points = t.points
			}
			p.Lines = append(p.Lines, l)
		}
		panels = append(panels, p)
	}
	return plot.SVG("Latency", panels)
}
