// Package limit has the rate limits of a key: how many requests and tokens it
// may take per minute.
//
// A Spec says what is allowed, a Bucket knows what has been taken of it. A
// request reserves once, over all of its limits and before it is served, what
// it is estimated to take; it is served if every limit has room, and takes
// nothing from any of them if one has not. What it really took settles the
// reservation at its end, and one that was never served is released.
//
// The rule is GCRA, the generic cell rate algorithm: a limit is one number, the
// point up to which what was taken will have flowed off, and the distance of
// that point from now is how full the bucket is. There are no windows at whose
// edges twice the amount gets through, nothing has to run in the background,
// and an idle bucket costs nothing. See docs/limits.md for what is promised.
//
// The package owns the arithmetic, and the words in which a client is told of
// it: header fields and fault. It reads no clock, since the time is a parameter,
// and knows neither keys nor requests: which bucket a request counts against,
// what it is estimated to take and what it took are for others to say.
package limit
