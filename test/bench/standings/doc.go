// Package standings says what a comparison of gateways has shown.
//
// It owns the report of a run (machine, versions, phases with the figures of
// each gateway), the goals that Gatehouse is held to as ratios within one run,
// and the Markdown of both. It decides without I/O; the figures are measured by
// the command test/bench/side.
package standings
