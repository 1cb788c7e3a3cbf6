// Package rig runs the processes of a benchmark.
//
// It owns the division of the machine's CPUs, child processes that are pinned
// to some of them, write their output to a file, are known to answer before
// they are used and do not outlive their parent, free ports, and the
// certificates of a certificate authority that is made for one run. What the
// processes are and how they are configured, it leaves to test/bench/peer.
package rig
