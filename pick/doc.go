// Package pick chooses an endpoint out of a pool, and says whether there may
// be another attempt.
//
// Pick filters out what is unhealthy or was tried, scores what is left by its
// weight, and picks; a Budget bounds how much of all traffic retries may
// become. Both decide about values that the caller hands in: what is healthy
// is for package health to say, what a failure means for package fault, and
// the attempt itself is for package relay to make.
package pick
