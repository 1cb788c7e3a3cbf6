package telemetry

import (
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-ai/gatehouse/record"
)

// MetricsShard is a part of the metrics of requests, for the use of one event
// loop or of few goroutines. Its methods may be called from any number of them,
// but they wait for each other. Reading the metrics adds the shards up.
//
// A lock around plain numbers takes less time than a dozen atomic ones, and
// whoever reads them holds it for less than a microsecond at a time.
type MetricsShard struct {
	_ [spacing]byte

	inFlight atomic.Int64
	resolver *resolver

	mu     sync.Mutex
	last   *series             // that was counted in
	known  map[key]*series     // those that were counted in lately
	cells  map[*family]*column // what was counted
	faults []*uint64           // by kind
	free   []uint64            // room for cells, which no other shard has a part of

	_ [spacing]byte
}

const (
	// maxKnown is how many keys a shard remembers the series of. Others are
	// resolved again.
	maxKnown = 1 << 12
	// block is how many words of cells are made at a time, and how many are
	// read at a time.
	block = 512
)

// column has the cells of a family, by the numbers of their series; nil for
// those that a shard has counted nothing in. The cell of a counter is one
// number. That of a histogram has the number of values in each bucket, the last
// of which has no bound, then the bits of the float64 that is the sum of all
// values in nanoseconds.
type column [][]uint64

func newMetricsShard(r *resolver) *MetricsShard {
	s := &MetricsShard{resolver: r, known: map[key]*series{}, cells: map[*family]*column{}}
	for _, labels := range r.faults {
		s.faults = append(s.faults, s.counter(r.families[nameFaults], labels[0], labels[1]))
	}
	return s
}

// InFlight tells that delta more requests are being served, or fewer. A request
// may begin in one shard and end in another.
func (s *MetricsShard) InFlight(delta int) { s.inFlight.Add(int64(delta)) }

// Done counts a request that has ended. The record is not kept.
func (s *MetricsShard) Done(r *record.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.last
	if c == nil || c.key != keyOf(r) {
		c = s.find(keyOf(r))
		s.last = c
	}
	*c.requests++
	observe(c.duration, s.resolver.durations, max(0, r.Duration))
	if r.First > 0 {
		observe(c.first, s.resolver.firsts, r.First)
	}
	*c.bytesIn += uint64(max(0, r.BytesIn))
	*c.bytesOut += uint64(max(0, r.BytesOut))
	if r.Usage.Known {
		u, _ := r.Usage.Clamp()
		*c.input += uint64(u.Input)
		*c.output += uint64(u.Output)
		*c.cached += uint64(u.CachedInput)
		*c.reasoning += uint64(u.Reasoning)
	}
	if r.Attempts > 1 || r.Fallback || r.Fault != nil || c.deprecated {
		s.rare(c, r)
	}
}

// rare counts what most requests do not have.
func (s *MetricsShard) rare(c *series, r *record.Record) {
	if r.Attempts > 1 {
		if c.retries == nil {
			c.retries = s.counter(s.resolver.families[nameRetries], r.Route)
		}
		*c.retries += uint64(r.Attempts - 1)
	}
	if r.Fallback {
		if c.fallbacks == nil {
			c.fallbacks = s.counter(s.resolver.families[nameFallbacks], r.Route)
		}
		*c.fallbacks++
	}
	if c.deprecated {
		*s.counter(s.resolver.families[nameDeprecated], r.Operation, r.Key)++
	}
	if r.Fault != nil {
		*s.faults[r.Fault.Kind.Row().Kind]++
	}
}

// find returns the series of a key. If too many are known, any one of them is
// forgotten.
func (s *MetricsShard) find(k key) *series {
	if c := s.known[k]; c != nil {
		return c
	}
	if len(s.known) >= maxKnown {
		for old := range s.known {
			delete(s.known, old)
			break
		}
	}
	c := s.resolver.resolve(k, s)
	s.known[c.key] = c
	return c
}

// counter returns the cell of a counter.
func (s *MetricsShard) counter(f *family, values ...string) *uint64 { return &s.cell(f, values...)[0] }

// cell returns the cell of a series.
func (s *MetricsShard) cell(f *family, values ...string) []uint64 {
	i := f.number(values...)
	c := s.cells[f]
	if c == nil {
		c = &column{}
		s.cells[f] = c
	}
	for len(*c) <= i {
		*c = append(*c, nil)
	}
	if (*c)[i] == nil {
		n := f.words()
		if len(s.free) < n {
			s.free = make([]uint64, block)
		}
		(*c)[i], s.free = s.free[:n:n], s.free[n:]
	}
	return (*c)[i]
}

// words is how many numbers a cell of f has.
func (f *family) words() int {
	if f.row.Type == Histogram {
		return len(f.bounds) + 2
	}
	return 1
}

// addTo adds what the shard has counted in f to sums, which has a cell for
// each of the first series, one behind the other.
func (s *MetricsShard) addTo(sums []uint64, f *family) {
	words := f.words()
	at := block / words
	for from := 0; from*words < len(sums); from += at {
		to := min(from+at, len(sums)/words)
		s.mu.Lock()
		if c := s.cells[f]; c != nil {
			for i := from; i < min(to, len(*c)); i++ {
				if cell := (*c)[i]; cell != nil {
					add(sums[i*words:(i+1)*words], cell, f.row.Type == Histogram)
				}
			}
		}
		s.mu.Unlock()
	}
}

// add adds a cell to another.
func add(sum, cell []uint64, histogram bool) {
	if histogram {
		last := len(cell) - 1
		sum[last] = math.Float64bits(math.Float64frombits(sum[last]) + math.Float64frombits(cell[last]))
		sum, cell = sum[:last], cell[:last]
	}
	for i, n := range cell {
		sum[i] += n
	}
}

// observe counts a value in the cell of a histogram.
func observe(cell []uint64, bounds []int64, d time.Duration) {
	i := 0
	for i < len(bounds) && int64(d) > bounds[i] {
		i++
	}
	cell[i]++
	sum := &cell[len(cell)-1]
	*sum = math.Float64bits(math.Float64frombits(*sum) + float64(d))
}
