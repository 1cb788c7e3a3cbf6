// Package bench holds the test of the benchmark before a whole gateway.
//
// It owns a moment of every scenario through the gateway to the bundled
// upstream, so that the gateway is held to right answers under load and the
// benchmark to a target that is not its own. How fast anything is, it leaves to
// those who run the benchmark on a quiet machine.
package bench
