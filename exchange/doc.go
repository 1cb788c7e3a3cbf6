// Package exchange is the path of one inference request through the gateway,
// from the parsed request to the last byte of its answer, without I/O.
//
// It knows neither sockets nor net/http. A driver (package relay, over
// net/http, or package front) parses requests, moves bytes and keeps time;
// the Exchange decides: who asks, which model is meant, which endpoint is
// tried and with which bytes, whether a failure is tried elsewhere, what the
// client gets to see, and what is recorded. So both fronts behave alike by
// construction, and every decision can be tested without a socket.
//
// The order of calls is
//
//	Open                     the head of the request: who may ask
//	Body or Form             its body: what is asked, and where it can be served
//	Next                     an attempt, or the error that is the answer
//	Answer, Data…, End       what the endpoint said; End may ask for Next again
//	Close                    the record is complete
//
// The client's bytes are never decoded and encoded again where the endpoint
// speaks the operation's own protocol: edits are named (the model's name,
// stream_options.include_usage) and spliced. A request that passes so, through an
// Exchange that is used again, allocates nothing: what an attempt, the answer's
// head and the record say may point into the request, the endpoint's head and the
// Exchange, and is valid until Close.
package exchange
