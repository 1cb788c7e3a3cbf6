// Command metricsdoc writes docs/reference/metrics.md out of the table of
// metrics. It is run in the root of the repository:
//
//	go run ./internal/metricsdoc
//
// It owns what the page looks like; what stands on it is package telemetry's.
// Its test fails when the page is not what the command would write.
package main
