package upstream

import (
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// Asker is whom an answer is for. It is called on the loop, and MUST NOT block.
// What it is given points into buffers that are used again after the call, but
// for trailers, which last until the loop's next event. It may Drop the
// connection during a call.
type Asker interface {
	// Connected gets the connection that was asked for with Pool.Connect, or why
	// there is none.
	Connected(c *Conn, err error)
	// Sent is told that the whole request has gone out, if that took more than
	// Ask did.
	Sent()
	// Answered gets the head of the answer. trails says that trailers may follow
	// its body.
	Answered(status int, h wire.Header, trails bool)
	// Data gets a piece of the body. It returns false if the Asker has parted with
	// the connection.
	Data(p []byte) bool
	// Finished tells whether the Asker has all that it wants, although more may
	// come.
	Finished() bool
	// Ended is told the end of an answer with its trailers, or, with whole false,
	// that the rest of one that was Finished is not waited for. The connection is
	// not the Asker's any more.
	Ended(trailer wire.Header, whole bool)
	// Lost is told that an endpoint has closed a connection that had been idle,
	// before it had answered: the request may be sent again over another. The
	// connection is not the Asker's any more.
	Lost()
	// Broken is told why there will be no answer, or no more of it. The Asker MUST
	// Drop the connection if it has not done so.
	Broken(cause *fault.Error)
	// Settle is called after all that came at a time has been handed on, unless
	// the Asker has parted with the connection.
	Settle()
	// Hurt is told of a defect during one of the calls above.
	Hurt(f *fault.Error)
}
