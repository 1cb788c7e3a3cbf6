package fakellm

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-ai/gatehouse/fakellm/answer"
	"github.com/gatehouse-ai/gatehouse/fakellm/seen"
	"github.com/gatehouse-ai/gatehouse/fakellm/turn"
)

// Engine is a simulated engine. It is an http.Handler, safe for concurrent use.
type Engine struct {
	dialect Dialect
	key     string
	maxBody int
	keep    int
	facts   turn.Facts
	speaks  speech
	table   *turn.Table
	seed    uint64
	log     *seen.Log

	serial  atomic.Uint64
	running atomic.Int64
	done    atomic.Int64
	input   atomic.Int64
	output  atomic.Int64
	open    atomic.Int64 // connections
	dialled atomic.Int64

	mu       sync.Mutex
	every    Script
	queue    []Script
	operated map[string]int
}

// Option sets up an engine.
type Option func(*Engine)

// Models names the models that the engine has. Without it the engine has one,
// called "fake", and accepts any name.
func Models(names ...string) Option {
	return func(e *Engine) { e.facts.Models = slices.Clone(names) }
}

// AnyModel makes the engine accept any model name.
func AnyModel() Option { return func(e *Engine) { e.facts.Any = true } }

// Key makes the engine refuse requests that do not carry the key.
func Key(key string) Option { return func(e *Engine) { e.key = key } }

// Dimensions sets the size of embeddings, 1536 if it is not given.
func Dimensions(n int) Option { return func(e *Engine) { e.facts.Size = max(1, n) } }

// Context sets the most tokens that input and output may have together, 32768 if
// it is not given.
func Context(n int) Option { return func(e *Engine) { e.facts.Context = max(1, n) } }

// Keep sets how many requests are kept, 1024 if it is not given.
func Keep(n int) Option { return func(e *Engine) { e.keep = max(0, n) } }

// MaxBody sets how many bytes are kept of a request's body, 64 MiB if it is not
// given. A longer body is counted and summed; only what is kept can be answered.
func MaxBody(n int) Option { return func(e *Engine) { e.maxBody = max(0, n) } }

// New returns an engine. The dialect must be one of Dialects.
func New(d Dialect, options ...Option) *Engine {
	e := &Engine{
		dialect: d, maxBody: 64 << 20,
		facts:    turn.Facts{Size: 1536, Context: 32768, Words: &answer.Vocabulary{}},
		keep:     1024,
		operated: map[string]int{},
	}
	if !slices.Contains(Dialects(), d) {
		panic(fmt.Sprintf("fakellm: there is no dialect %q", d))
	}
	for _, o := range options {
		o(e)
	}
	if len(e.facts.Models) == 0 {
		e.facts.Models, e.facts.Any = []string{"fake"}, true
	}
	e.log = seen.NewLog(e.keep)
	h := fnv.New64a()
	fmt.Fprint(h, d, e.facts.Models) // a hash never fails
	e.seed = h.Sum64()
	e.speaks = e.speech()
	e.table = turn.NewTable(e.speaks.routes)
	return e
}

// Set makes the engine follow a script from the next request on. It panics over
// a script with words that are none.
func (e *Engine) Set(s Script) {
	must(s)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.every = s
}

// Queue appends scripts, each for one request: they are used up in the order of
// arrival, before the script that was Set applies again. Like Set it panics.
func (e *Engine) Queue(scripts ...Script) {
	must(scripts...)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.queue = append(e.queue, scripts...)
}

func must(scripts ...Script) {
	for _, s := range scripts {
		if err := s.check(); err != nil {
			panic("fakellm: " + err.Error())
		}
	}
}

// Queued returns how many scripts of the queue are left.
func (e *Engine) Queued() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.queue)
}

// script returns the script of a request.
func (e *Engine) script(method string) *Script {
	e.mu.Lock()
	defer e.mu.Unlock()
	var s Script
	switch {
	case len(e.queue) > 0 && (method == http.MethodPost || e.queue[0].All):
		s = e.queue[0]
		e.queue = e.queue[1:]
	case method == http.MethodPost || e.every.All:
		s = e.every
	}
	return &s
}

// id returns 32 hex digits, the same ones for the n-th request of equal engines.
func (e *Engine) id() string {
	x := e.seed + e.serial.Add(1)*0x9e3779b97f4a7c15
	mix := func(x uint64) uint64 {
		x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
		x = (x ^ x>>27) * 0x94d049bb133111eb
		return x ^ x>>31
	}
	return fmt.Sprintf("%016x%016x", mix(x), mix(^x))
}

// ServeHTTP answers a request.
func (e *Engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := seen.NewRequest(r, e.maxBody)
	e.log.Add(q)
	e.running.Add(1)
	p := &player{engine: e, w: w, rc: http.NewResponseController(w), seen: q, script: e.script(r.Method)}
	defer func() {
		// A broken connection may end in a panic for net/http, which passes here.
		e.running.Add(-1)
		e.done.Add(1)
		q.End()
	}()
	if err := p.serve(r.Context(), r); errors.Is(err, errGone) && !errors.Is(context.Cause(r.Context()), errClosed) {
		e.log.Left(q)
	}
}

// serve reads, decides and answers.
func (p *player) serve(ctx context.Context, r *http.Request) error {
	e, b := p.engine, p.script.Break
	if b != nil && b.Where == BeforeBody {
		return p.sever(ctx, b.How)
	}
	if err := p.seen.Receive(r); err != nil {
		return errGone
	}
	return p.play(ctx, e.reply(r, p.seen, p.script))
}

// reply decides what is replied.
func (e *Engine) reply(r *http.Request, q *Request, s *Script) *turn.Reply {
	t := &turn.Request{
		Facts: &e.facts, Method: r.Method, Path: r.URL.Path, Query: r.URL.Query(), Header: r.Header,
		Body: q.Body(), Says: s.Say, ID: e.id(), Now: time.Now().UTC(),
	}
	if operates(t.Path) {
		e.mu.Lock()
		e.operated[t.Path]++
		e.mu.Unlock()
		return turn.JSON(200, map[string]string{"status": "success"})
	}
	route, rest, allow := e.table.Find(t.Method, t.Path)
	t.Rest = rest
	open := route != nil && route.Open
	if e.key != "" && !open && e.speaks.credential(r.Header) != e.key {
		return e.speaks.unauthorized(t)
	}
	fail := e.speaks.fail
	if route != nil {
		fail = route.Fail
	}
	if s.Refuse != nil {
		return s.Refuse.reply(t, fail, e.dialect)
	}
	switch {
	case route != nil:
		reply := route.Answer(t)
		e.input.Add(int64(reply.Input))
		e.output.Add(int64(reply.Output))
		return reply
	case allow != "":
		reply := e.speaks.wrongMethod(t)
		reply.Header = withField(reply.Header, "Allow", allow)
		return reply
	}
	return e.speaks.notFound(t)
}

func withField(h http.Header, name, value string) http.Header {
	if h = maps.Clone(h); h == nil {
		h = http.Header{}
	}
	h.Set(name, value)
	return h
}
