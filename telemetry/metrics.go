package telemetry

import (
	"hash/fnv"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/gatehouse-ai/gatehouse/record"
)

// Metrics counts what the gateway does, for Prometheus. It has a registry of
// its own, so a process may have several. All methods may be called from any
// number of goroutines.
type Metrics struct {
	registry *prometheus.Registry
	families map[string]*family // by name
	resolver resolver
	shards   *shards[MetricsShard]

	mu        sync.Mutex
	endpoints map[string]bool                            // that EndpointUp was told of
	callbacks map[string]*atomic.Pointer[func() float64] // by name of the gauge
}

// NewMetrics returns the metrics of the table, and those of the Go runtime and
// the process. The version is the gateway's.
func NewMetrics(version string) *Metrics {
	m := &Metrics{
		registry:  prometheus.NewRegistry(),
		families:  map[string]*family{},
		endpoints: map[string]bool{},
		callbacks: map[string]*atomic.Pointer[func() float64]{},
	}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, row := range Table() {
		if row.Callback {
			continue
		}
		f := newFamily(row, func(full bool) { m.set(nameFull, truth(full), row.Name) })
		m.families[row.Name] = f
		if f.gauges != nil {
			m.registry.MustRegister(f.gauges)
		}
	}
	for name, f := range m.families {
		if f.row.Series > 0 {
			m.set(nameFull, 0, name)
		}
	}
	m.set(nameBuild, 1, version, runtime.Version())
	m.resolver = newResolver(m.families)
	m.shards = newShards(runtime.GOMAXPROCS(0), func() *MetricsShard { return newMetricsShard(&m.resolver) })
	for _, f := range m.families {
		if f.gauges == nil {
			m.registry.MustRegister(&collector{family: f, shards: m.shards})
		}
	}
	m.GaugeFunc(nameInFlight, "", m.inFlight)
	return m
}

// Handler serves the metrics in the formats that Prometheus reads.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
}

// Shard returns the part of the metrics that is for event loop i alone: loops
// that have one each do not wait for each other. What is counted there is in
// the metrics like anything else.
func (m *Metrics) Shard(i int) *MetricsShard { return m.shards.at(i) }

// Done counts a request that has ended. The record is not kept.
func (m *Metrics) Done(r *record.Record) {
	s := m.shards.borrow()
	s.Done(r)
	m.shards.put(s)
}

// InFlight tells that delta more requests are being served, or fewer.
func (m *Metrics) InFlight(delta int) {
	s := m.shards.borrow()
	s.InFlight(delta)
	m.shards.put(s)
}

func (m *Metrics) inFlight() float64 {
	var n int64
	for _, s := range m.shards.all() {
		n += s.inFlight.Load()
	}
	return float64(n)
}

// SetConfig tells how a configuration that was read turned out: ok if it is in
// use now, since at and as the given generation. If not the gauges go on
// describing the one before, and only say that the reload failed.
func (m *Metrics) SetConfig(hash string, ok bool, at time.Time, generation uint64) {
	m.set(nameReloadOK, truth(ok))
	if !ok {
		return
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(hash))            // never fails
	m.set(nameHash, float64(h.Sum64()>>16)) // 48 bits: a float64 has them all
	m.set(nameReloadTime, float64(at.UnixMilli())/1000)
	m.set(nameGeneration, float64(generation))
}

// EndpointUp tells whether requests are sent to an endpoint.
func (m *Metrics) EndpointUp(name string, up bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.endpoints[name] = true
	m.set(nameUp, truth(up), name)
}

// RetainEndpoints forgets the endpoints that EndpointUp was told of, except for
// those of the configuration in use.
func (m *Metrics) RetainEndpoints(names []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	keep := map[string]bool{}
	for _, n := range names {
		keep[n] = true
	}
	for n := range m.endpoints {
		if !keep[n] {
			delete(m.endpoints, n)
			m.families[nameUp].drop(n)
		}
	}
}

// GaugeFunc adds a gauge whose value f gives whenever the metrics are read, or
// a counter if the table says that it is one. f MUST NOT block, and may be
// called from several goroutines. A second call with the same name replaces f.
// The help of a metric that the table has is the table's.
//
// GaugeFunc panics if the name is none that a metric can have, or is that of a
// metric with series of its own: that is a mistake in the program.
func (m *Metrics) GaugeFunc(name, help string, f func() float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c := m.callbacks[name]; c != nil {
		c.Store(&f)
		return
	}
	c := &atomic.Pointer[func() float64]{}
	c.Store(&f)
	value := func() float64 { return (*c.Load())() }
	var made prometheus.Collector
	switch row := rowOf(name); {
	case row == nil:
		made = prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value)
	case row.Type == Counter:
		made = prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: row.Help}, value)
	default:
		made = prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: row.Help}, value)
	}
	m.registry.MustRegister(made)
	m.callbacks[name] = c
}

// set gives a gauge of the table a value.
func (m *Metrics) set(name string, value float64, labels ...string) {
	if g := m.families[name].gauge(labels...); g != nil {
		g.Set(value)
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
