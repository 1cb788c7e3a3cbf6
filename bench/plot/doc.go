// Package plot draws latencies as SVG.
//
// It owns the drawing: a panel for each scenario, a line for each target, over
// the share of requests on a scale that gives each nine as much room as the one
// before. What the lines are is its caller's.
package plot
