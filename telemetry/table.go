package telemetry

// Type is a type of metric.
type Type string

// The types of metrics.
const (
	Counter   Type = "counter"   // only grows
	Gauge     Type = "gauge"     // is what it is now
	Histogram Type = "histogram" // counts of values up to each bound, their sum and number
)

// Metric is one row of the table of metrics.
type Metric struct {
	Name    string
	Type    Type
	Labels  []string
	Buckets []float64 // of a histogram
	// Series bounds the combinations of label values. When there are as many,
	// further ones are counted together, under "other" for the labels that the
	// configuration bounds (route, endpoint, key).
	Series int
	// Callback says that the value is asked for whenever metrics are read.
	Callback bool
	Help     string
}

// The names of the metrics.
const (
	nameBuild      = "gatehouse_build_info"
	nameRequests   = "gatehouse_requests_total"
	nameInFlight   = "gatehouse_requests_in_flight"
	nameDuration   = "gatehouse_request_duration_seconds"
	nameFirst      = "gatehouse_request_first_byte_seconds"
	nameBytesIn    = "gatehouse_request_bytes_total"
	nameBytesOut   = "gatehouse_response_bytes_total"
	nameTokens     = "gatehouse_tokens_total"
	nameFaults     = "gatehouse_faults_total"
	nameRetries    = "gatehouse_retries_total"
	nameFallbacks  = "gatehouse_fallbacks_total"
	nameDeprecated = "gatehouse_deprecated_requests_total"
	nameUp         = "gatehouse_endpoint_up"
	nameReloadOK   = "gatehouse_config_last_reload_success"
	nameReloadTime = "gatehouse_config_last_reload_success_timestamp_seconds"
	nameHash       = "gatehouse_config_hash"
	nameGeneration = "gatehouse_config_generation"
	nameFull       = "gatehouse_metric_full"

	// MemoryInFlight is the metric of the bytes of bodies that requests hold in
	// memory, whose value a callback gives: see Metrics.GaugeFunc.
	MemoryInFlight = "gatehouse_memory_in_flight_bytes"

	// LogLinesDropped is the metric of the lines of the log that were dropped,
	// whose value a callback gives: see Access.Dropped.
	LogLinesDropped = "gatehouse_log_lines_dropped_total"
)

// The labels that the configuration bounds.
const (
	labelRoute    = "route"
	labelEndpoint = "endpoint"
	labelKey      = "key"
)

// The values of the label direction of the tokens.
const (
	input     = "input"
	output    = "output"
	cached    = "cached"
	reasoning = "reasoning"
)

// Bounds on the series of one metric. A histogram has as many lines for each
// series as it has buckets, so it gets fewer.
const (
	manySeries = 4000
	someSeries = 1000
	fewSeries  = 500
)

// The buckets of histograms, from a cache's answer to a long generation, in
// seconds.
var (
	durations = []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600}
	firsts    = []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120}
)

// table is the table of metrics: all of the gateway's own. It has no rows for
// those of the Go runtime and the process.
//
// After a change run `make gen`, which writes docs/reference/metrics.md.
var table = []Metric{
	{
		Name: nameBuild, Type: Gauge, Labels: []string{"version", "goversion"},
		Help: "Always 1; the labels say which version runs, and which version of Go it was built with.",
	},
	{
		Name: nameRequests, Type: Counter, Labels: []string{"operation", labelRoute, labelEndpoint, "status", "outcome"}, Series: manySeries,
		Help: "Requests that ended, however they did. The endpoint is the one that answered last.",
	},
	{
		Name: nameInFlight, Type: Gauge, Callback: true,
		Help: "Requests that are being served.",
	},
	{
		Name: nameDuration, Type: Histogram, Labels: []string{"operation", labelRoute}, Buckets: durations, Series: fewSeries,
		Help: "Time from a request's arrival to the end of its answer.",
	},
	{
		Name: nameFirst, Type: Histogram, Labels: []string{"operation", labelRoute}, Buckets: firsts, Series: fewSeries,
		Help: "Time from a request's arrival to the first byte of its answer; of a stream, to its first event.",
	},
	{
		Name: nameBytesIn, Type: Counter, Labels: []string{"operation", labelRoute}, Series: someSeries,
		Help: "Bytes of request bodies that were read.",
	},
	{
		Name: nameBytesOut, Type: Counter, Labels: []string{"operation", labelRoute}, Series: someSeries,
		Help: "Bytes of response bodies that were written.",
	},
	{
		Name: nameTokens, Type: Counter, Labels: []string{labelRoute, labelEndpoint, "direction"}, Series: manySeries,
		Help: "Tokens as endpoints reported them: input (cached ones included), output (reasoning included), and of these cached and reasoning.",
	},
	{
		Name: nameFaults, Type: Counter, Labels: []string{"kind", "source"},
		Help: "Requests that failed, by the kind of failure and who was at fault: client, gateway or upstream.",
	},
	{
		Name: nameRetries, Type: Counter, Labels: []string{labelRoute}, Series: someSeries,
		Help: "Attempts at endpoints beyond a request's first one.",
	},
	{
		Name: nameFallbacks, Type: Counter, Labels: []string{labelRoute}, Series: someSeries,
		Help: "Requests for unknown models that the fallback served.",
	},
	{
		Name: nameDeprecated, Type: Counter, Labels: []string{"operation", labelKey}, Series: someSeries,
		Help: "Requests for operations that will go, by the name of the key that asked.",
	},
	{
		Name: nameUp, Type: Gauge, Labels: []string{labelEndpoint}, Series: someSeries,
		Help: "1 if requests are sent to the endpoint, 0 while it is given time to recover.",
	},
	{
		Name: nameReloadOK, Type: Gauge,
		Help: "1 if the last configuration that was read is the one in use, 0 if it was bad and the one before stays in use.",
	},
	{
		Name: nameReloadTime, Type: Gauge,
		Help: "When the configuration in use was taken into use, in Unix time.",
	},
	{
		Name: nameHash, Type: Gauge,
		Help: "A number made of the configuration in use, equal where the configuration is equal.",
	},
	{
		Name: nameGeneration, Type: Gauge,
		Help: "Number of the configuration in use; it grows with each reload.",
	},
	{
		Name: MemoryInFlight, Type: Gauge, Callback: true,
		Help: "Bytes of request and response bodies that are held in memory.",
	},
	{
		Name: LogLinesDropped, Type: Counter, Callback: true,
		Help: "Lines about requests that are missing from the log, because it was not read fast enough or could not be written.",
	},
	{
		Name: nameFull, Type: Gauge, Labels: []string{"metric"},
		Help: "1 for each metric that has as many series as it may, so that further routes and endpoints are counted as \"other\".",
	},
}

// Table returns the table of metrics. The caller must not change it.
func Table() []Metric { return table }

// rowOf returns the row of a metric, or nil if the table has none.
func rowOf(name string) *Metric {
	for i := range table {
		if table[i].Name == name {
			return &table[i]
		}
	}
	return nil
}
