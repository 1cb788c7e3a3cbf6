// Package hist counts durations in a fixed amount of memory.
//
// A histogram has a bucket for every value below 256 and 128 buckets for every
// power of two above, so that a quantile is never off by more than 1/128 of its
// value, whatever was recorded. It owns the buckets and the quantiles; what is
// recorded, and when a duration begins, is the caller's business.
package hist
