package telemetry

import (
	"hash/maphash"
	"net/http"
	"strconv"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/record"
)

// unknown is the operation of a request whose path is none.
const unknown = "unknown"

// Done counts a request that has ended.
func (m *Metrics) Done(r *record.Record) {
	k := key{
		operation: r.Operation, route: r.Route, endpoint: r.Endpoint,
		status: r.Status, outcome: r.Outcome, usage: r.Usage.Known,
	}
	s := m.cache.get(k)
	if s == nil {
		s = m.resolver.resolve(k)
		m.cache.put(s)
	}
	s.requests.Inc()
	s.duration.Observe(max(0, r.Duration.Seconds()))
	if r.First > 0 {
		s.first.Observe(r.First.Seconds())
	}
	s.bytesIn.Add(float64(max(0, r.BytesIn)))
	s.bytesOut.Add(float64(max(0, r.BytesOut)))
	if k.usage {
		u, _ := r.Usage.Clamp()
		s.input.Add(float64(u.Input))
		s.output.Add(float64(u.Output))
		s.cached.Add(float64(u.CachedInput))
		s.reasoning.Add(float64(u.Reasoning))
	}
	m.rare(r)
}

// rare counts what most requests do not have.
func (m *Metrics) rare(r *record.Record) {
	if r.Attempts > 1 {
		m.families[nameRetries].counter(r.Route).Add(float64(r.Attempts - 1))
	}
	if r.Fallback {
		m.families[nameFallbacks].counter(r.Route).Inc()
	}
	if r.Fault != nil {
		m.faults[r.Fault.Kind.Row().Kind].Inc()
	}
}

// key is what the series of a request depend on, as the record has it.
type key struct {
	operation, route, endpoint string
	status                     int
	outcome                    record.Outcome
	usage                      bool
}

// series are the metrics that one request counts in. Finding them by their
// label values takes far longer than counting, so they are kept.
type series struct {
	key               key
	requests          prometheus.Counter
	duration, first   prometheus.Observer
	bytesIn, bytesOut prometheus.Counter

	input, output, cached, reasoning prometheus.Counter // if usage is known
}

// resolver finds the series of a key.
type resolver struct {
	families   map[string]*family
	operations map[string]bool
	outcomes   map[record.Outcome]bool
	statuses   map[int]bool // that have a label of their own
}

func newResolver(families map[string]*family) resolver {
	r := resolver{families: families, operations: map[string]bool{}, outcomes: map[record.Outcome]bool{}, statuses: map[int]bool{}}
	for _, o := range op.All() {
		r.operations[string(o.ID)] = true
	}
	for _, o := range []record.Outcome{record.Complete, record.Refused, record.UpstreamError, record.ClientGone, record.UpstreamFailed, record.Stopped} {
		r.outcomes[o] = true
	}
	for _, row := range fault.Table() {
		r.statuses[row.Status] = true
	}
	for _, s := range []int{ // further ones that engines and providers answer with
		http.StatusOK, http.StatusCreated, http.StatusAccepted, http.StatusNoContent, http.StatusPaymentRequired,
		http.StatusNotAcceptable, http.StatusConflict, http.StatusGone, http.StatusUnprocessableEntity,
		http.StatusFailedDependency, http.StatusNotImplemented, statusOverloaded,
	} {
		r.statuses[s] = true
	}
	return r
}

// statusOverloaded is what Anthropic's API answers when it has too much to do.
const statusOverloaded = 529

func (r *resolver) resolve(k key) *series {
	operation, outcome := k.operation, string(k.outcome)
	if !r.operations[operation] {
		operation = unknown
	}
	if !r.outcomes[k.outcome] {
		outcome = unknown
	}
	s := &series{
		key:      k,
		requests: r.families[nameRequests].counter(operation, k.route, k.endpoint, r.status(k.status), outcome),
		duration: r.families[nameDuration].histogram(operation, k.route),
		first:    r.families[nameFirst].histogram(operation, k.route),
		bytesIn:  r.families[nameBytesIn].counter(operation, k.route),
		bytesOut: r.families[nameBytesOut].counter(operation, k.route),
	}
	if k.usage {
		tokens := r.families[nameTokens]
		s.input = tokens.counter(k.route, k.endpoint, input)
		s.output = tokens.counter(k.route, k.endpoint, output)
		s.cached = tokens.counter(k.route, k.endpoint, cached)
		s.reasoning = tokens.counter(k.route, k.endpoint, reasoning)
	}
	return s
}

// status returns the label of a status: the code if it is a usual one, else its
// class, so that an upstream that makes up codes makes no series.
func (r *resolver) status(code int) string {
	switch {
	case r.statuses[code]:
		return strconv.Itoa(code)
	case code >= 100 && code <= 599:
		return strconv.Itoa(code/100) + "xx"
	}
	return unknown
}

// cache remembers the series of the keys that were last used. It is a table of
// bounded size where each key has two places, so it needs neither locks nor
// upkeep; a key that was pushed out is resolved again.
type cache struct {
	seed   maphash.Seed
	places [cacheSize]atomic.Pointer[series]
}

const cacheSize = 1 << 12

func newCache() *cache { return &cache{seed: maphash.MakeSeed()} }

// of returns the two places of a key.
func (c *cache) of(k key) (first, second *atomic.Pointer[series]) {
	h := maphash.Comparable(c.seed, k)
	return &c.places[h%cacheSize], &c.places[h>>32%cacheSize]
}

// get returns the series of a key, or nil.
func (c *cache) get(k key) *series {
	first, second := c.of(k)
	if s := first.Load(); s != nil && s.key == k {
		return s
	}
	if s := second.Load(); s != nil && s.key == k {
		return s
	}
	return nil
}

// put remembers s. What is in its first place moves to the second.
func (c *cache) put(s *series) {
	first, second := c.of(s.key)
	if old := first.Load(); old != nil {
		second.Store(old)
	}
	first.Store(s)
}
