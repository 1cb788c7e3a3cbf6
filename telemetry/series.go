package telemetry

import (
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	other    = "other" // the value of a label beyond the bound of a metric
	maxLabel = 128     // bytes of the value of a label
)

// family is one metric of the table with all its series. Exactly one of the
// vectors is set.
type family struct {
	row        Metric
	counters   *prometheus.CounterVec
	gauges     *prometheus.GaugeVec
	histograms *prometheus.HistogramVec

	mu   sync.Mutex
	seen map[string]struct{} // the series that count against the row's bound
	full func(bool)          // told when the bound is met, and when it is no more
}

func newFamily(row Metric, full func(bool)) *family {
	f := &family{row: row, seen: map[string]struct{}{}, full: full}
	switch row.Type {
	case Counter:
		f.counters = prometheus.NewCounterVec(prometheus.CounterOpts{Name: row.Name, Help: row.Help}, row.Labels)
	case Histogram:
		f.histograms = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: row.Name, Help: row.Help, Buckets: row.Buckets}, row.Labels)
	case Gauge:
		f.gauges = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: row.Name, Help: row.Help}, row.Labels)
	}
	return f
}

func (f *family) collector() prometheus.Collector {
	switch {
	case f.counters != nil:
		return f.counters
	case f.histograms != nil:
		return f.histograms
	}
	return f.gauges
}

// counter returns the series of the label values, which are in the order of
// the row's labels.
func (f *family) counter(values ...string) prometheus.Counter {
	return f.counters.WithLabelValues(f.fold(values)...)
}

func (f *family) histogram(values ...string) prometheus.Observer {
	return f.histograms.WithLabelValues(f.fold(values)...)
}

// gauge returns nil if there are as many series as there may be: gauges of
// several things cannot be told together.
func (f *family) gauge(values ...string) prometheus.Gauge {
	clean(values)
	if !f.admit(values) {
		return nil
	}
	return f.gauges.WithLabelValues(values...)
}

// drop removes the series of a gauge.
func (f *family) drop(values ...string) {
	clean(values)
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.seen) == f.row.Series {
		f.full(false)
	}
	delete(f.seen, join(values))
	f.gauges.DeleteLabelValues(values...)
}

// fold returns the label values to count under: those given, or "other" for
// what the configuration bounds if the metric is full.
func (f *family) fold(values []string) []string {
	clean(values)
	if f.admit(values) {
		return values
	}
	for i, name := range f.row.Labels {
		if (name == labelRoute || name == labelEndpoint) && values[i] != "" {
			values[i] = other
		}
	}
	return values
}

// admit tells whether there may be a series of these label values.
func (f *family) admit(values []string) bool {
	if f.row.Series == 0 {
		return true
	}
	key := join(values)
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.seen[key]; ok {
		return true
	}
	if len(f.seen) >= f.row.Series {
		return false
	}
	f.seen[key] = struct{}{}
	if len(f.seen) == f.row.Series {
		f.full(true)
	}
	return true
}

// join makes one text of label values. They are valid UTF-8, which has no byte
// 0xff.
func join(values []string) string { return strings.Join(values, "\xff") }

// clean makes values fit for labels: valid UTF-8 of bounded length.
func clean(values []string) {
	for i, v := range values {
		values[i] = strings.ToValidUTF8(clip(v, maxLabel), "\uFFFD")
	}
}
