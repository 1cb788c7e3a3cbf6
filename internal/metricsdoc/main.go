package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gatehouse-ai/gatehouse/telemetry"
)

const page = "docs/reference/metrics.md"

func main() {
	if err := run(".", true); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// run writes the page below the root of the repository, or compares it with
// what it would write.
func run(root string, write bool) error {
	name := filepath.Join(root, filepath.FromSlash(page))
	want := render(telemetry.Table())
	if write {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		return os.WriteFile(name, want, 0o644)
	}
	got, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("%s is not what the table of metrics says: run `go run ./internal/metricsdoc`", page)
	}
	return nil
}

const intro = `# Metrics

<!-- Made from the table in telemetry/table.go by ` + "`go run ./internal/metricsdoc`" + `; do not edit. -->

The admin listener serves these at ` + "`/metrics`" + `, in the formats that Prometheus
reads, together with the Go runtime's (` + "`go_…`" + `) and the process's (` + "`process_…`" + `).

Labels are bounded: operations are those of the API (or ` + "`unknown`" + `), routes and
endpoints those of the configuration, statuses the usual codes (others are
counted by class, as ` + "`4xx`" + `). Keys, models as clients ask for them, paths and
addresses are never labels. The column of series says how many combinations of
labels a metric tells apart at most. Further routes and endpoints are counted as
` + "`other`" + `, and ` + "`gatehouse_metric_full`" + ` says that this happens.

| Name | Type | Labels | Series | Meaning |
| --- | --- | --- | --: | --- |
`

func render(table []telemetry.Metric) []byte {
	var b bytes.Buffer
	b.WriteString(intro)
	for _, m := range table {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", m.Name, m.Type, labels(m.Labels), bound(m.Series), cell(m.Help))
	}
	b.WriteString("\nThe upper bounds of the histograms' buckets, in seconds:\n\n")
	for _, m := range table {
		if m.Type == telemetry.Histogram {
			fmt.Fprintf(&b, "- `%s`: %s\n", m.Name, bounds(m.Buckets))
		}
	}
	return b.Bytes()
}

func labels(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "`" + strings.Join(names, "`, `") + "`"
}

func bound(series int) string {
	if series == 0 {
		return ""
	}
	return "≤ " + strconv.Itoa(series)
}

func bounds(buckets []float64) string {
	var out []string
	for _, f := range buckets {
		out = append(out, strconv.FormatFloat(f, 'g', -1, 64))
	}
	return strings.Join(out, ", ")
}

// cell keeps a text from ending its cell of the table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
