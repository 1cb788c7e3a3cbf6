// Package telemetry shows operators what the gateway does: one log line for
// each request, and metrics for Prometheus.
//
// It owns how a record.Record becomes a line and counts, and the table of all
// metrics, from which docs/reference/metrics.md is made. What is worth
// recording is decided where a request is served; where logs are written to
// and where metrics are served is for the caller to say.
//
// Both are made for event loops: a request neither allocates nor waits for I/O
// or for another core. Access and Metrics are divided into shards, of which each
// loop has one; a goroutine writes the log's lines in batches, and whoever reads
// the metrics adds the shards up.
//
// The labels of metrics are bounded by construction: the operations of the
// table, the routes and endpoints of the configuration, known statuses,
// outcomes and kinds of failure, and above all of them a bound on the series
// of each metric. A model as a client asked for it, a path or an address is
// never a label, and the name of a key is one only where operations that will
// go are counted, so that their users can be told. Neither logs nor metrics have bodies or
// credentials.
package telemetry
