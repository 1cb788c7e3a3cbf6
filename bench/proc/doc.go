// Package proc reads what processes of this machine have used, from /proc.
//
// It owns the parsing of /proc and the sum over a process and all that it has
// started, since servers share their work among children. Where there is no
// /proc, reading is an error, and the benchmark goes without.
package proc
