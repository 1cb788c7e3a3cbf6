package pick

// Candidate is what Pick knows of one target of a pool.
type Candidate struct {
	Weight  int  // share of requests relative to the other candidates; 0 is a standby
	Healthy bool // a request may be sent to the endpoint
	Tried   bool // this request was sent there before
	Load    int  // requests in flight at the endpoint
}

// MaxWeight is the largest weight that counts: larger ones count as much.
const MaxWeight = 1 << 32

// Pick returns the index of the candidate to try next, or -1 if none is left.
//
// Among the healthy and untried candidates it picks in proportion to their
// weights: of any run of rnd as long as the sum of the weights, each gets
// exactly its weight. If none of them has a weight it picks the standby of the
// least load; equal loads share by rnd.
func Pick(pool []Candidate, rnd uint64) int {
	var total uint64
	for i := range pool {
		if pool[i].left() {
			total += pool[i].weight()
		}
	}
	if total == 0 {
		return standby(pool, rnd)
	}
	ticket := rnd % total
	for i := range pool {
		if !pool[i].left() {
			continue
		}
		w := pool[i].weight()
		if ticket < w {
			return i
		}
		ticket -= w
	}
	return -1 // not reached: the tickets are as many as the weights
}

// standby returns one of the candidates of least load, or -1.
func standby(pool []Candidate, rnd uint64) int {
	least, equal := 0, uint64(0)
	for i := range pool {
		switch c := &pool[i]; {
		case !c.left():
		case equal == 0 || c.Load < least:
			least, equal = c.Load, 1
		case c.Load == least:
			equal++
		}
	}
	if equal == 0 {
		return -1
	}
	ticket := rnd % equal
	for i := range pool {
		if c := &pool[i]; c.left() && c.Load == least {
			if ticket == 0 {
				return i
			}
			ticket--
		}
	}
	return -1 // not reached
}

// left tells whether c passes the filter.
func (c *Candidate) left() bool { return c.Healthy && !c.Tried }

// weight is the score of c. Its bound keeps sums of it from overflowing.
func (c *Candidate) weight() uint64 { return uint64(max(0, min(c.Weight, MaxWeight))) }
