package inference

import (
	"errors"
	"net/http"
	"time"

	"github.com/gatehouse-ai/gatehouse/exchange"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/httpapi"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/relay"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// Handler serves every operation whose owner is inference.
type Handler struct{}

// Serve carries one request to an endpoint and back.
func (Handler) Serve(c *httpapi.Call) error {
	var x exchange.Exchange
	req := exchange.Request{Op: c.Op, Query: c.Request.URL.RawQuery, Header: c.Header, Now: c.Record.Start}
	if err := x.Open(c.Gen.Snapshot, req, c.Record); err != nil {
		return err
	}
	upload, release, err := read(c, &x)
	defer release()
	if err != nil {
		return err
	}
	err = relay.Run(c.Request.Context(), relay.Job{
		Exchange: &x, Clients: c.Gen.Clients, Sink: c.Writer, Upload: upload, Trailer: c.Request.Trailer, Memory: c.Memory,
	})
	x.Close(errors.Is(err, relay.ErrGone), time.Now())
	if err != nil { // the client is gone, or must see that its answer broke off
		c.Writer.Abort()
	}
	return nil
}

// read takes the body of the request into the exchange. release must be called
// when the request has ended.
func read(c *httpapi.Call, x *exchange.Exchange) (upload *relay.Upload, release func(), err error) {
	contentType := c.Header.Get("Content-Type")
	media := wire.MediaType(contentType)
	switch {
	case c.Op.Class == op.Upload && wire.EqualFold(media, "multipart/form-data"):
		return readForm(c, x, contentType)
	case wire.EqualFold(media, "application/json"):
	case c.Op.Class == op.Upload:
		return nil, func() {}, fault.New(fault.UnsupportedMedia, "This operation takes a body of the content type multipart/form-data or application/json, not %q.", media)
	default:
		return nil, func() {}, fault.New(fault.UnsupportedMedia, "This operation takes a body of the content type application/json, not %q.", media)
	}
	bounds := &c.Gen.Bounds
	body, release, err := c.ReadBody(x.BodyLimit(op.Tokens), bounds.BodyRead)
	if err != nil {
		return nil, release, err
	}
	if e := x.Body(body); e != nil {
		return nil, release, e
	}
	return nil, release, nil
}

var _ httpapi.Handler = Handler{}

// remaining is how much of a body of known length is still to come.
func remaining(r *http.Request, read int64) int64 {
	if r.ContentLength < 0 {
		return -1
	}
	return r.ContentLength - read
}
