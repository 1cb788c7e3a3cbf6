// Package fault names the ways in which a request can fail.
//
// A Kind is one row of a table: HTTP status, the type and code of OpenAI's
// error object, the type of Anthropic's, whether another endpoint may be tried
// and whether a client's retry can help. Packages return an *Error where a
// caller or a client must tell failures apart; one writer (package httpapi)
// turns it into an answer, in the shape that the operation's clients expect.
//
// fault owns what a failure means. It does not know how requests are served,
// and it does not log.
package fault
