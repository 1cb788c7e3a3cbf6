package telemetry

import (
	"math"

	"github.com/prometheus/client_golang/prometheus"
)

// collector gives Prometheus the series of a counter or a histogram, added up
// over all shards.
type collector struct {
	family *family
	shards *shards[MetricsShard]
}

func (c *collector) desc() *prometheus.Desc {
	return prometheus.NewDesc(c.family.row.Name, c.family.row.Help, c.family.row.Labels, nil)
}

// Describe is part of prometheus.Collector.
func (c *collector) Describe(ch chan<- *prometheus.Desc) { ch <- c.desc() }

// Collect is part of prometheus.Collector.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	desc, list, words := c.desc(), c.family.all(), c.family.words()
	sums := make([]uint64, len(list)*words)
	for _, s := range c.shards.all() {
		s.addTo(sums, c.family)
	}
	for i, l := range list {
		sum := sums[i*words : (i+1)*words]
		if c.family.row.Type == Histogram {
			ch <- c.histogram(desc, l, sum)
			continue
		}
		ch <- prometheus.MustNewConstMetricWithCreatedTimestamp(desc, prometheus.CounterValue, float64(sum[0]), l.created, l.values...)
	}
}

// histogram returns a histogram of the sum of cells.
func (c *collector) histogram(desc *prometheus.Desc, l labels, sum []uint64) prometheus.Metric {
	buckets := make(map[float64]uint64, len(c.family.row.Buckets))
	var count uint64
	for i, bound := range c.family.row.Buckets {
		count += sum[i]
		buckets[bound] = count
	}
	count += sum[len(sum)-2]
	seconds := math.Float64frombits(sum[len(sum)-1]) / 1e9
	return prometheus.MustNewConstHistogramWithCreatedTimestamp(desc, count, seconds, buckets, l.created, l.values...)
}
