// Side measures gateways side by side, in one run on one machine:
//
//	go run ./test/bench/side [-quick] [-tls] [-many 5000] [-markdown FILE] [-json FILE]
//
// It builds Gatehouse, starts it, the gateways that are installed and the
// upstream on free ports of loopback, each pinned to CPUs of its own, has
// "gatehouse bench" ask each scenario of each in rounds that are interleaved,
// and ends all of them. It owns the order of that and what each phase asks.
// The gateways and their configurations are test/bench/peer's, processes are
// test/bench/rig's, and what the figures say is test/bench/standings's.
package main
