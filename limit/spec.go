package limit

import (
	"math"
	"strconv"
	"time"
)

// Metric is something that is counted: the index of a row of the table of
// metrics.
type Metric uint8

// What is counted.
const (
	Requests Metric = iota
	Tokens
	metrics // the number of metrics
)

// table has a row for each metric, in the order of the constants. The name is
// also the type of OpenAI's error object.
var table = [metrics]struct {
	name, short                   string
	limitField, leftField, resets string // header fields
}{
	{"requests", "RP", "X-Ratelimit-Limit-Requests", "X-Ratelimit-Remaining-Requests", "X-Ratelimit-Reset-Requests"},
	{"tokens", "TP", "X-Ratelimit-Limit-Tokens", "X-Ratelimit-Remaining-Tokens", "X-Ratelimit-Reset-Tokens"},
}

// String returns the name of the metric.
func (m Metric) String() string {
	if m >= metrics {
		return "metric " + strconv.Itoa(int(m))
	}
	return table[m].name
}

// Rate is how much of a metric may be taken. The zero Rate is no limit.
type Rate struct {
	Amount int64         // per period; 0 and less is no limit
	Per    time.Duration // the period; 0 is a minute
	Burst  int64         // what may be taken at once after a pause; 0 is the amount
}

// PerMinute returns the rate of an amount per minute, all of which may be taken
// at once. 0 is no limit.
func PerMinute(amount int64) Rate { return Rate{Amount: amount} }

// normal returns the rate with its defaults in place, so that rates that mean
// the same are equal.
func (r Rate) normal() Rate {
	if r.Amount <= 0 {
		return Rate{}
	}
	if r.Per <= 0 {
		r.Per = time.Minute
	}
	if r.Burst <= 0 {
		r.Burst = r.Amount
	}
	if s := r.shift(); s < 0 { // whole units, of which each is many
		unit := int64(1) << -s
		if rest := r.Burst % unit; rest > 0 {
			r.Burst += min(unit-rest, math.MaxInt64-r.Burst)
		}
	}
	return r
}

// words says what is limited, as in "tokens per minute (TPM)".
func (r Rate) words(m Metric) string {
	const day = 24 * time.Hour
	row := &table[m]
	if r.Per == time.Minute {
		return row.name + " per minute (" + row.short + "M)"
	}
	if r.Per == day {
		return row.name + " per day (" + row.short + "D)"
	}
	return row.name + " per " + r.Per.String()
}

// Spec is what a key may take. The zero Spec has no limit.
type Spec struct {
	Requests Rate
	Tokens   Rate
}

// Zero tells whether the spec has no limit at all.
func (s Spec) Zero() bool { return s.normal() == Spec{} }

func (s Spec) normal() Spec { return Spec{s.Requests.normal(), s.Tokens.normal()} }

// rates returns the rates in the order of the metrics.
func (s Spec) rates() [metrics]Rate { return [metrics]Rate{s.Requests, s.Tokens} }

// bytesPerToken is how many bytes of a body are taken for a token. English text
// has about four in a token, and JSON around it fewer; languages that have fewer
// in a token are estimated too low, which Settle corrects.
const bytesPerToken = 4

// Estimate returns how many tokens a request is expected to take: a quarter of
// the bytes of its body, and for each of its n choices the most tokens that may
// be made. Where the request does not say, maxTokens or n is 0.
func Estimate(bodyBytes int, maxTokens, n int64) int64 {
	in := int64(max(bodyBytes, 0))
	in = in/bytesPerToken + min(in%bytesPerToken, 1)
	maxTokens, n = max(maxTokens, 0), max(n, 1)
	if maxTokens > (math.MaxInt64-in)/n {
		return math.MaxInt64
	}
	return in + maxTokens*n
}
