package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/gatehouse-ai/gatehouse/internal/page"
	"github.com/gatehouse-ai/gatehouse/telemetry"
)

func main() { os.Exit(page.Main(os.Stderr, reference())) }

// reference is the page of the table.
func reference() page.Page {
	return page.Page{Path: "docs/reference/metrics.md", Command: "go run ./internal/metricsdoc", Content: render(telemetry.Table())}
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
