package telemetry

import (
	"math"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/gatehouse-ai/gatehouse/logline"
)

const (
	other    = "other" // the value of a label beyond the bound of a metric
	maxLabel = 128     // bytes of the value of a label
)

// family is one metric of the table with all its series. Those of a gauge have
// their values in gauges; those of other metrics are numbered, and shards have
// cells for them: see MetricsShard.
type family struct {
	row    Metric
	bounds []int64              // of the buckets of a histogram, in nanoseconds
	gauges *prometheus.GaugeVec // of a gauge

	mu   sync.Mutex
	seen map[string]int // the numbers of the series, by their label values
	list []labels       // of the series, by number; it only grows
	full func(bool)     // told when the bound is met, and when it is no more
}

// labels are the label values of a series.
type labels struct {
	values  []string
	created time.Time
}

func newFamily(row Metric, full func(bool)) *family {
	f := &family{row: row, seen: map[string]int{}, full: full}
	for _, seconds := range row.Buckets {
		f.bounds = append(f.bounds, int64(math.Round(seconds*1e9)))
	}
	if row.Type == Gauge {
		f.gauges = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: row.Name, Help: row.Help}, row.Labels)
	}
	return f
}

// number returns the number of the series of the label values, which are in
// the order of the row's labels. If the metric is full it is the series of
// "other" for what the configuration bounds.
func (f *family) number(values ...string) int {
	clean(values)
	f.mu.Lock()
	defer f.mu.Unlock()
	if i, ok := f.seen[join(values)]; ok {
		return i
	}
	if f.row.Series > 0 && len(f.seen) >= f.row.Series {
		for i, name := range f.row.Labels {
			if (name == labelRoute || name == labelEndpoint || name == labelKey) && values[i] != "" {
				values[i] = other
			}
		}
		if i, ok := f.seen[join(values)]; ok {
			return i
		}
	}
	for i, v := range values {
		values[i] = strings.Clone(v) // it may be in a buffer that is used again
	}
	f.list = append(f.list, labels{values: values, created: time.Now()})
	f.add(values)
	return len(f.list) - 1
}

// add remembers the last series of the list, or that of a gauge.
func (f *family) add(values []string) {
	f.seen[strings.Clone(join(values))] = len(f.list) - 1
	if len(f.seen) == f.row.Series {
		f.full(true)
	}
}

// all returns the labels of all series.
func (f *family) all() []labels {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.list
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

// admit tells whether a gauge may have a series of these label values.
func (f *family) admit(values []string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.seen[join(values)]; ok {
		return true
	}
	if f.row.Series > 0 && len(f.seen) >= f.row.Series {
		return false
	}
	f.add(values)
	return true
}

// join makes one text of label values. They are valid UTF-8, which has no byte
// 0xff.
func join(values []string) string { return strings.Join(values, "\xff") }

// clean makes values fit for labels: valid UTF-8 of bounded length.
func clean(values []string) {
	for i, v := range values {
		values[i] = strings.ToValidUTF8(logline.Clip(v, maxLabel), "\uFFFD")
	}
}
