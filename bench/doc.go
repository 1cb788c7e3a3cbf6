// Package bench compares endpoints that speak OpenAI's API: how many requests
// they carry, how long each takes, what it costs them.
//
// It owns the plan of a comparison (scenarios, targets, rounds that are
// interleaved and rotated) and the report of it. The load itself is made by
// bench/load, questions and the marking of answers are those of bench/exam, and
// bench/upstream is an engine to put behind what is compared.
//
// It asks only the targets that it is given, for a bounded time, over a bounded
// number of connections.
package bench
