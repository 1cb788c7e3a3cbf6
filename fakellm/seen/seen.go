package seen

import (
	"context"
	"crypto/sha256"
	"hash"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Request is a request that an engine received. Its fields do not change; its
// methods tell how far it has come and may be called at any time.
type Request struct {
	Method string
	Path   string // decoded, without the query
	URI    string // as it stood in the request line
	Proto  string
	Host   string
	Header http.Header
	Client string // the common name of the client's certificate
	At     time.Time

	gone chan struct{} // closed when the client left before the end
	over chan struct{} // closed when the engine is done with it

	mu      sync.Mutex
	body    []byte
	size    int64
	limit   int
	sum     hash.Hash // of all of the body, once it is longer than limit
	trailer http.Header
	status  int
	events  int
	tokens  int
	bytes   int64
}

// NewRequest begins to keep a request. Limit is how many bytes of its body are
// kept.
func NewRequest(r *http.Request, limit int) *Request {
	q := &Request{
		Method: r.Method, Path: r.URL.Path, URI: r.RequestURI, Proto: r.Proto, Host: r.Host,
		Header: r.Header.Clone(), At: time.Now(), limit: limit,
		gone: make(chan struct{}), over: make(chan struct{}),
	}
	if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
		q.Client = r.TLS.PeerCertificates[0].Subject.CommonName
	}
	return q
}

// Write takes the next piece of the body.
func (q *Request) Write(p []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.size += int64(len(p))
	keep := min(len(p), q.limit-len(q.body))
	if keep < len(p) && q.sum == nil {
		q.sum = sha256.New()
		q.sum.Write(q.body) // a hash never fails
	}
	if q.sum != nil {
		q.sum.Write(p)
	}
	q.body = append(q.body, p[:keep]...)
	return len(p), nil
}

// Receive reads the body of r.
func (q *Request) Receive(r *http.Request) error {
	_, err := io.Copy(q, r.Body)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.trailer = r.Trailer
	return err
}

// Body returns what has been received of the body, byte for byte: all of it
// once an answer has begun, but no more than MaxBody says.
func (q *Request) Body() []byte {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.body)
}

// Size returns how many bytes of the body have been received, also beyond
// MaxBody.
func (q *Request) Size() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.size
}

// Sum256 returns the SHA-256 of what has been received, also beyond MaxBody.
func (q *Request) Sum256() [sha256.Size]byte {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.sum == nil {
		return sha256.Sum256(q.body)
	}
	return [sha256.Size]byte(q.sum.Sum(nil))
}

// Trailer returns the trailers of the request, once its body is read.
func (q *Request) Trailer() http.Header {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.trailer.Clone()
}

// Status returns the status of the answer; 0 means that none was sent.
func (q *Request) Status() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.status
}

// Delivered returns how many events, tokens and bytes of the answer were
// written to the connection. A whole answer is one event.
func (q *Request) Delivered() (events, tokens int, bytes int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.events, q.tokens, q.bytes
}

// Gone is closed when the client left before the end of its answer.
func (q *Request) Gone() <-chan struct{} { return q.gone }

// Over is closed when the engine is done with the request, whatever came of it.
func (q *Request) Over() <-chan struct{} { return q.over }

// End notes that the engine is done with the request.
func (q *Request) End() { close(q.over) }

// Begun notes the status that is sent.
func (q *Request) Begun(status int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.status = status
}

// Sent notes what was written to the connection.
func (q *Request) Sent(events, tokens, bytes int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.events += events
	q.tokens += tokens
	q.bytes += int64(bytes)
}

// Log keeps the last requests and tells those who wait about changes. A Log is
// made by NewLog.
type Log struct {
	mu       sync.Mutex
	keep     int
	count    int
	requests []*Request
	gone     []*Request // left by their clients, not yet returned by WaitGone
	changed  chan struct{}
}

// NewLog returns a log that keeps the last n requests.
func NewLog(n int) *Log { return &Log{keep: n, changed: make(chan struct{})} }

func (l *Log) change(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
	close(l.changed)
	l.changed = make(chan struct{})
}

// Add keeps a request that has arrived.
func (l *Log) Add(q *Request) {
	l.change(func() {
		l.count++
		l.requests = last(append(l.requests, q), l.keep)
	})
}

// Left notes that the client of q has left before the end of its answer.
func (l *Log) Left(q *Request) {
	close(q.gone)
	l.change(func() { l.gone = last(append(l.gone, q), l.keep) })
}

// last returns the last n of list, in place.
func last(list []*Request, n int) []*Request {
	if k := len(list) - n; k > 0 {
		list = slices.Delete(list, 0, k)
	}
	return list
}

// wait waits until find, which is called with the lock held, finds a request.
func (l *Log) wait(ctx context.Context, find func() *Request) (*Request, error) {
	for {
		l.mu.Lock()
		q, changed := find(), l.changed
		l.mu.Unlock()
		if q != nil {
			return q, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// Requests returns the requests that are kept, in the order of arrival.
func (l *Log) Requests() []*Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.requests)
}

// Count returns how many requests have arrived.
func (l *Log) Count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count
}

// Wait waits until n requests have arrived in all, and returns the n-th, counted
// from 1, which must be among those that are kept. Its body may not be there yet.
func (l *Log) Wait(ctx context.Context, n int) (*Request, error) {
	return l.wait(ctx, func() *Request {
		i := n - 1 - (l.count - len(l.requests))
		if l.count < n || i < 0 {
			return nil
		}
		return l.requests[i]
	})
}

// WaitGone waits until a client has left before the end of its answer, and
// returns that request. It returns each one once.
func (l *Log) WaitGone(ctx context.Context) (*Request, error) {
	return l.wait(ctx, func() *Request {
		if len(l.gone) == 0 {
			return nil
		}
		q := l.gone[0]
		l.gone = l.gone[1:]
		return q
	})
}
