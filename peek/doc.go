// Package peek reads the few fields of a request's body that the gateway
// decides by: the model, whether the answer streams, and whether usage was
// asked for. The body stays as it is; peek says where the values stand, so that
// they can be edited in place.
//
// It is strict where a lenient reading would let a request mean one thing here
// and another at an engine: a deciding field that stands in the body twice, or
// in another spelling, is refused.
package peek
