package standings

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/gatehouse-ai/gatehouse/bench"
	"github.com/gatehouse-ai/gatehouse/test/bench/peer"
)

// Marks around what Insert writes.
const (
	begin = "<!-- The results of the last run; written by the benchmark. -->\n"
	end   = "<!-- The end of the results. -->\n"
)

// Insert puts Markdown between the marks of a page, or makes it the page if
// that has none.
func Insert(page, text string) string {
	before, rest, ok := strings.Cut(page, begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return text
	}
	return before + begin + "\n" + text + "\n" + end + after
}

// Markdown returns the report for people.
func (r *Report) Markdown() string {
	var b strings.Builder
	m := &r.Machine
	fmt.Fprintf(&b, "%s, on %d × %s with %s, Linux %s, %s; load before: %s. %s. %s of %g s each.\n\n",
		r.When, m.CPUs, m.CPU, m.Memory, m.Kernel, m.Go, m.Load, m.Pinned, plural(r.Settings.Rounds, "round"), r.Settings.Duration)
	r.goals(&b)
	r.targets(&b)
	for i := range r.Phases {
		r.Phases[i].markdown(&b)
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func (r *Report) goals(b *strings.Builder) {
	if len(r.Goals) == 0 {
		return
	}
	b.WriteString("### Goals\n\n| scenario@cores | goal | measured | met |\n| --- | --- | --- | --- |\n")
	for _, g := range r.Goals {
		met := "no"
		if g.Met {
			met = "yes"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", g.Scenario, g.Wanted, g.Measured, met)
	}
	b.WriteByte('\n')
}

func (r *Report) targets(b *strings.Builder) {
	b.WriteString("### Who was measured\n\n| target | what | version |\n| --- | --- | --- |\n")
	for _, t := range r.Targets {
		fmt.Fprintf(b, "| %s | %s | %s |\n", t.Name, t.Title, t.Version)
	}
	b.WriteByte('\n')
	for _, m := range r.Missing {
		fmt.Fprintf(b, "Not measured, since it is not installed: %s (%s).\n\n", m.Name, m.Needs)
	}
}

// column is a column of a phase's table.
type column struct {
	head  string
	value func(p *Phase, r *bench.Row) string
}

// markdown writes the table of a phase.
func (p *Phase) markdown(b *strings.Builder) {
	cores := "2 cores"
	if p.Cores != 2 {
		cores = plural(p.Cores, "core")
	}
	fmt.Fprintf(b, "### %s\n\n%s%s; %d connections, targets on %s", p.Key, strings.ToUpper(p.Title[:1]), p.Title[1:], p.Connections, cores)
	if p.Rate > 0 {
		fmt.Fprintf(b, ", %g due a second", p.Rate)
	}
	if p.TLS {
		b.WriteString(", TLS on both sides")
	}
	b.WriteString(".\n\n")
	columns := p.columns()
	heads, lines := []string{"target"}, []string{"---"}
	for _, c := range columns {
		heads, lines = append(heads, c.head), append(lines, "--:")
	}
	fmt.Fprintf(b, "| %s |\n| %s |\n", strings.Join(heads, " | "), strings.Join(lines, " | "))
	for i := range p.Rows {
		cells := []string{p.Rows[i].Target}
		for _, c := range columns {
			cells = append(cells, c.value(p, &p.Rows[i]))
		}
		fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | "))
	}
	b.WriteByte('\n')
	p.notes(b)
}

// columns returns what is told of each target.
func (p *Phase) columns() []column {
	c := []column{
		{p.Counts + "/s", func(_ *Phase, r *bench.Row) string { return number(r.PerSecond) }},
		{"× nginx", times(peer.Nginx)},
	}
	if p.row(peer.NginxFeat) != nil {
		c = append(c, column{"× nginx-feat", times(peer.NginxFeat)})
	}
	if p.Streams {
		c = append(c,
			column{"first p50 ms", func(_ *Phase, r *bench.Row) string { return ms(r.First, func(t *bench.Times) float64 { return t.P50 }) }},
			column{"first p99 ms", func(_ *Phase, r *bench.Row) string { return ms(r.First, func(t *bench.Times) float64 { return t.P99 }) }},
			column{"gap p99 ms", func(_ *Phase, r *bench.Row) string { return ms(r.Gap, func(t *bench.Times) float64 { return t.P99 }) }},
			column{"gap max ms", func(_ *Phase, r *bench.Row) string { return ms(r.Gap, func(t *bench.Times) float64 { return t.Max }) }},
		)
	} else {
		c = append(c,
			column{"p50 ms", func(_ *Phase, r *bench.Row) string {
				return ms(r.Latency, func(t *bench.Times) float64 { return t.P50 })
			}},
			column{"p99 ms", func(_ *Phase, r *bench.Row) string {
				return ms(r.Latency, func(t *bench.Times) float64 { return t.P99 })
			}},
		)
	}
	c = append(c,
		column{"CPU µs/" + strings.TrimSuffix(p.Counts, "s"), func(_ *Phase, r *bench.Row) string { return number(r.CPU) }},
		column{"CPUs", func(_ *Phase, r *bench.Row) string { return number(r.CPUs) }},
		column{"MB", func(_ *Phase, r *bench.Row) string { return number(float64(r.RSS) / 1e6) }},
	)
	if len(p.Rest) > 0 {
		c = append(c, column{"KB/stream", func(p *Phase, r *bench.Row) string { return number(p.perStream(r.Target) / 1000) }})
	}
	return append(c, column{"wrong", func(_ *Phase, r *bench.Row) string { return strconv.FormatInt(r.Wrong+r.Failed, 10) }})
}

// times returns a column of ratios to a target.
func times(target string) func(*Phase, *bench.Row) string {
	return func(p *Phase, r *bench.Row) string {
		base := p.row(target)
		if base == nil || base.PerSecond == 0 {
			return "-"
		}
		ratio := r.PerSecond / base.PerSecond
		if ratio < 0.1 {
			return number(ratio)
		}
		return strconv.FormatFloat(ratio, 'f', 2, 64)
	}
}

// notes writes what a reader must know of the table.
func (p *Phase) notes(b *strings.Builder) {
	for _, r := range p.Rows {
		for _, problem := range r.Problems {
			what := strings.ReplaceAll(problem.What, "|", "\\|")
			fmt.Fprintf(b, "- %s: %d × `%s`\n", r.Target, problem.Count, strings.ReplaceAll(what, "`", "'"))
		}
	}
	if len(p.Apart) > 0 {
		fmt.Fprintf(b, "- Measured apart, in one round after the others: %s.\n", strings.Join(p.Apart, ", "))
	}
	for _, h := range p.Hints {
		fmt.Fprintf(b, "- %s\n", h)
	}
	if text := b.String(); !strings.HasSuffix(text, "\n\n") {
		b.WriteByte('\n')
	}
}

// ms returns a quantile in milliseconds.
func ms(t *bench.Times, q func(*bench.Times) float64) string {
	return number(quantile(t, q) / 1000)
}

// number writes a figure with three digits, and all digits before the point.
func number(v float64) string {
	if v == 0 {
		return "-"
	}
	digits := max(0, 2-int(math.Floor(math.Log10(math.Abs(v)))))
	return strconv.FormatFloat(v, 'f', min(digits, 5), 64)
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
