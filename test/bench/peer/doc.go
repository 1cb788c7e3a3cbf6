// Package peer knows the gateways that the benchmark compares, and sets each up
// as one would who knows it well.
//
// It owns their list, their configurations (in conf, as templates), how each is
// started and how one that is missing is installed. Running processes is
// test/bench/rig's; what is asked of them and what that says, test/bench/standings's
// and the command test/bench/side's.
package peer
