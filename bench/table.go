package bench

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

// Table writes the report for people.
func (r *Report) Table(w io.Writer) error {
	var b strings.Builder
	for _, s := range r.Scenarios {
		s.table(&b)
	}
	if r.Interrupted {
		b.WriteString("Interrupted: this is what was measured until then.\n")
	}
	if n := r.Wrong(); n > 0 {
		fmt.Fprintf(&b, "%d answers were wrong or missing: the figures say nothing before that is mended.\n", n)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (s *ScenarioReport) table(b *strings.Builder) {
	fmt.Fprintf(b, "%s: %s, %d connections, ", s.Name, s.Title, s.Connections)
	if s.Rate > 0 {
		fmt.Fprintf(b, "open loop, %g due a second\n", s.Rate)
	} else {
		b.WriteString("closed loop\n")
	}
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	head := []string{"target", s.Counts + "/s", "ratio"}
	if s.Streams {
		head = append(head, "first p50", "p99", "gap p50", "p99", "max", "jitter p99")
	} else {
		head = append(head, "p50", "p90", "p99", "p99.9", "max")
	}
	if s.Rate > 0 {
		head = append(head, "late p99")
	}
	head = append(head, "CPU/"+strings.TrimSuffix(s.Counts, "s"), "ratio", "CPUs", "MB", "own CPUs", "wrong", "failed")
	fmt.Fprintln(t, strings.Join(head, "\t")+"\t")
	for _, r := range s.Rows {
		fmt.Fprintln(t, strings.Join(r.cells(s), "\t")+"\t")
	}
	t.Flush() //nolint:errcheck // a Builder takes everything
	for _, r := range s.Rows {
		for _, p := range r.Problems {
			fmt.Fprintf(b, "  %s: %d × %s\n", r.Target, p.Count, p.What)
		}
	}
	for _, h := range s.Hints {
		fmt.Fprintf(b, "  note: %s\n", h)
	}
	b.WriteByte('\n')
}

// cells returns the cells of a row of the table.
func (r *Row) cells(s *ScenarioReport) []string {
	none := func(v float64, format string) string {
		if v == 0 {
			return "-"
		}
		return fmt.Sprintf(format, v)
	}
	c := []string{r.Target, fmt.Sprintf("%.0f", r.PerSecond), none(r.Ratio, "%.2f")}
	t := func(t *Times) Times {
		if t == nil {
			return Times{}
		}
		return *t
	}
	if s.Streams {
		first, gap := t(r.First), t(r.Gap)
		c = append(c, duration(first.P50), duration(first.P99), duration(gap.P50), duration(gap.P99), duration(gap.Max), duration(t(r.Jitter).P99))
	} else {
		l := t(r.Latency)
		c = append(c, duration(l.P50), duration(l.P90), duration(l.P99), duration(l.P999), duration(l.Max))
	}
	if s.Rate > 0 {
		c = append(c, duration(t(r.Late).P99))
	}
	cpus := "-"
	if r.CPU > 0 {
		cpus = fmt.Sprintf("%.2f", r.CPUs)
	}
	return append(c, none(r.CPU, "%.1f µs"), none(r.CPURatio, "%.2f"), cpus, none(float64(r.RSS)/1e6, "%.0f"), none(r.GeneratorCPU, "%.2f"), strconv.FormatInt(r.Wrong, 10), strconv.FormatInt(r.Failed, 10))
}

// duration shows microseconds with three digits.
func duration(us float64) string {
	switch {
	case us == 0:
		return "-"
	case us < 1000:
		return fmt.Sprintf("%.3g µs", us)
	case us < 999_500:
		return fmt.Sprintf("%.3g ms", us/1000)
	}
	return fmt.Sprintf("%.3g s", us/1e6)
}
