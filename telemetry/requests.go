package telemetry

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/record"
)

// unknown is the operation of a request whose path is none.
const unknown = "unknown"

// key is what the series of a request depend on, as the record has it.
type key struct {
	operation, route, endpoint string
	status                     int
	outcome                    record.Outcome
	usage                      bool
}

func keyOf(r *record.Record) key {
	return key{
		operation: r.Operation, route: r.Route, endpoint: r.Endpoint,
		status: r.Status, outcome: r.Outcome, usage: r.Usage.Known,
	}
}

// clone returns a key that may be kept: the texts of a record may be in a
// buffer that is used again.
func (k key) clone() key {
	k.operation, k.route, k.endpoint = strings.Clone(k.operation), strings.Clone(k.route), strings.Clone(k.endpoint)
	k.outcome = record.Outcome(strings.Clone(string(k.outcome)))
	return k
}

// series are the cells of one shard that a request counts in. Finding them by
// their label values takes far longer than counting, so they are kept.
type series struct {
	key               key
	requests          *uint64
	duration, first   []uint64
	bytesIn, bytesOut *uint64

	input, output, cached, reasoning *uint64 // if usage is known

	retries, fallbacks *uint64 // once there was one

	deprecated bool // the operation will go
}

// resolver finds the series of a key.
type resolver struct {
	families   map[string]*family
	operations map[string]bool // whether they are deprecated
	outcomes   map[record.Outcome]bool
	statuses   map[int]bool // that have a label of their own
	faults     [][2]string  // kind and source, by kind
	durations  []int64      // bounds of buckets
	firsts     []int64
}

func newResolver(families map[string]*family) resolver {
	r := resolver{
		families: families, operations: map[string]bool{}, outcomes: map[record.Outcome]bool{}, statuses: map[int]bool{},
		durations: families[nameDuration].bounds, firsts: families[nameFirst].bounds,
	}
	for _, o := range op.All() {
		r.operations[string(o.ID)] = o.Deprecated != nil
	}
	for _, o := range []record.Outcome{record.Complete, record.Refused, record.UpstreamError, record.ClientGone, record.UpstreamFailed, record.Stopped} {
		r.outcomes[o] = true
	}
	for _, row := range fault.Table() {
		r.statuses[row.Status] = true
		r.faults = append(r.faults, [2]string{row.Name, string(row.Source)})
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

// resolve finds the series of a key for a shard.
func (r *resolver) resolve(k key, s *MetricsShard) *series {
	operation, outcome := k.operation, string(k.outcome)
	deprecated, known := r.operations[operation]
	if !known {
		operation = unknown
	}
	if !r.outcomes[k.outcome] {
		outcome = unknown
	}
	out := &series{
		key: k.clone(), deprecated: deprecated,
		requests: s.counter(r.families[nameRequests], operation, k.route, k.endpoint, r.status(k.status), outcome),
		duration: s.cell(r.families[nameDuration], operation, k.route),
		first:    s.cell(r.families[nameFirst], operation, k.route),
		bytesIn:  s.counter(r.families[nameBytesIn], operation, k.route),
		bytesOut: s.counter(r.families[nameBytesOut], operation, k.route),
	}
	if k.usage {
		tokens := r.families[nameTokens]
		out.input = s.counter(tokens, k.route, k.endpoint, input)
		out.output = s.counter(tokens, k.route, k.endpoint, output)
		out.cached = s.counter(tokens, k.route, k.endpoint, cached)
		out.reasoning = s.counter(tokens, k.route, k.endpoint, reasoning)
	}
	return out
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
