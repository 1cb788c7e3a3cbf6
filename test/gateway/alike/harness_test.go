package alike_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/gatehouse-ai/gatehouse/gwtest"
	"github.com/gatehouse-ai/gatehouse/meter"
	"github.com/gatehouse-ai/gatehouse/record"
)

// TestMain checks that no goroutine is left when all gateways and engines are
// closed.
func TestMain(m *testing.M) {
	code := m.Run()
	http.DefaultClient.CloseIdleConnections()
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, "goroutines are left after all tests:", err)
		code = 1
	}
	os.Exit(code)
}

// standard is a gateway whose models m and renamed are served by the engine
// one; the engine two is for what fails at the first.
const standard = `
endpoints:
  - {name: one, url: "http://{{one}}/v1", auth: {key: sk-upstream-one}, health: {interval: 0s}}
  - {name: two, url: "http://{{two}}/v1", auth: {key: sk-upstream-two}, health: {interval: 0s}}
models:
  - {name: m, endpoints: [one]}
  - {name: renamed, endpoints: [{name: one, model: "up/stream"}]}
  - {name: twice, endpoints: [one, {name: two, weight: 0}]}
`

// setup is what both gateways of a case have.
type setup struct {
	yaml     string // standard, if it is empty; {{one}} and {{two}} are the addresses of the engines
	top      string // further configuration
	one, two []reply
	exempt   exemption
}

// side is one of the two gateways with its engines.
type side struct {
	tb       testing.TB
	front    string
	g        *gwtest.Gateway
	one, two *engine
	head     string // of the configuration

	conns   []*client
	stopped bool // the gateway takes no more connections
	silent  int  // requests that end without an answer
}

// fronts are the values of the key.
var fronts = []string{"net/http", "auto"}

// seen is all that must be the same.
type seen struct {
	Answers  []answer
	Ends     []string
	One, Two []request
	Records  []summary
}

// summary is what a record says that does not depend on the time.
type summary struct {
	Outcome                                                   record.Outcome
	Status                                                    int
	Usage                                                     meter.Usage
	BytesIn, BytesOut                                         int64
	Method, Path, Operation, Remote, Key, ClientID            string
	Model, Route, Endpoint, Upstream, FaultKind, FaultMessage string
	Attempts                                                  int
	Stream, Fallback, First                                   bool
	Generation                                                uint64
}

func summarise(r *record.Record) summary {
	s := summary{
		Outcome: r.Outcome, Status: r.Status, Usage: r.Usage, BytesIn: r.BytesIn, BytesOut: r.BytesOut,
		Method: r.Method, Path: r.Path, Operation: r.Operation, Remote: r.Remote, Key: r.Key, ClientID: r.ClientID,
		Model: r.Model, Route: r.Route, Endpoint: r.Endpoint, Upstream: r.Upstream,
		Attempts: r.Attempts, Stream: r.Stream, Fallback: r.Fallback, First: r.First > 0, Generation: r.Generation,
	}
	if r.Fault != nil {
		s.FaultKind, s.FaultMessage = r.Fault.Kind.String(), r.Fault.Message
	}
	return s
}

// alike plays a case on a gateway of each front and compares all that is seen.
// It returns what the front of net/http did, for a case that wants to know that
// it tests something.
func alike(t *testing.T, s setup, play func(s *side)) seen {
	t.Helper()
	var got [2]seen
	for i, front := range fronts {
		got[i] = s.run(t, front, play)
	}
	s.exempt.apply(t, &got[0], &got[1])
	if diff := cmp.Diff(got[0], got[1]); diff != "" {
		t.Errorf("net/http -, event loops +:\n%s", diff)
	}
	return got[0]
}

// start makes the gateway of a side.
func (s setup) start(tb testing.TB, front string) *side {
	tb.Helper()
	d := &side{tb: tb, front: front}
	one, two := s.one, s.two
	if len(one) == 0 {
		one = []reply{{text: completion}}
	}
	if len(two) == 0 {
		two = []reply{{text: completion}}
	}
	d.one, d.two = newEngine(tb, one...), newEngine(tb, two...)
	yaml := s.yaml
	if yaml == "" {
		yaml = standard
	}
	d.head = "front: " + front + "\nadmin: off\nlisten: " + address(tb) + ":0\n"
	d.g = gwtest.Start(tb, d.head+d.fill(yaml+s.top))
	return d
}

// fill puts the addresses of the engines into a text.
func (d *side) fill(text string) string {
	return strings.NewReplacer("{{one}}", d.one.addr(), "{{two}}", d.two.addr(), "{{none}}", unreachable).Replace(text)
}

// unreachable is an address that nobody can listen at.
const unreachable = "127.0.0.1:1"

func (s setup) run(tb testing.TB, front string, play func(s *side)) seen {
	tb.Helper()
	d := s.start(tb, front)
	play(d)
	return d.collect()
}

// dial opens a connection to the gateway.
func (d *side) dial() *client {
	d.tb.Helper()
	c := dial(d.tb, d.g.Root)
	d.conns = append(d.conns, c)
	return c
}

// marker is what the record of the last request has, which comes after those of
// the case.
const marker = "the-last-one"

// collect stops the gateway and the engines, and returns what was seen.
func (d *side) collect() seen {
	d.tb.Helper()
	var out seen
	records := d.silent
	for _, c := range d.conns {
		out.Answers = append(out.Answers, c.answers...)
		end := "open"
		if c.hung {
			end = "hung"
		} else if c.ended {
			end = "closed"
		}
		out.Ends = append(out.Ends, end)
		for i := range c.answers {
			if c.answers[i].ours() {
				records++
			}
		}
	}
	for range records {
		r := d.g.Record()
		out.Records = append(out.Records, summarise(&r))
	}
	if !d.stopped {
		out.Records = append(out.Records, d.surplus()...)
	}
	d.g.App.Close()
	out.One, out.Two = d.one.close(), d.two.close()
	d.normalise(&out)
	return out
}

// surplus are the records that nobody expects.
func (d *side) surplus() []summary {
	d.tb.Helper()
	last := dial(d.tb, d.g.Root)
	last.send(list("Connection: close", "X-Client-Request-Id: "+marker))
	last.rest()
	var out []summary
	for {
		r := d.g.Record()
		if r.ClientID == marker {
			return out
		}
		out = append(out, summarise(&r))
	}
}

// stop shuts the gateway down without any patience.
func (d *side) stop() {
	d.tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = d.g.App.Shutdown(ctx) // whether it had to cut something is in the answers
	d.stopped = true
}

// stopping shuts the gateway down with patience, and calls f when it takes no more
// connections.
func (d *side) stopping(f func()) {
	d.tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- d.g.App.Shutdown(ctx) }()
	for {
		c, err := net.Dial("tcp", strings.TrimPrefix(d.g.Root, "http://"))
		if err != nil {
			break
		}
		_ = c.Close()
	}
	f()
	if err := <-done; err != nil {
		d.tb.Errorf("front: %s: %v", d.front, err)
	}
	d.stopped = true
}

var (
	anyDate    = regexp.MustCompile(`^date: (Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w\w\w \d{4} \d\d:\d\d:\d\d GMT$`)
	anyTook    = regexp.MustCompile(`^openai-processing-ms: \d+$`)
	anyID      = regexp.MustCompile(`req_[0-9A-Za-z]{16,40}`)
	anyOwn     = regexp.MustCompile(`(chatcmpl-|msg_|cmpl-|resp_|embd-)[0-9A-Za-z]{16,40}`)
	anyCreated = regexp.MustCompile(`"created":\d{10}`)
)

// trailer sorts the lines of a trailer, with the names in lower case.
func trailer(in []string) []string {
	for i, f := range in {
		name, value, _ := strings.Cut(f, ":")
		in[i] = strings.ToLower(name) + ":" + value
	}
	slices.Sort(in)
	return in
}

// mostOwn is how large an answer is at most that has a text of the gateway's own,
// which is different each time.
const mostOwn = 64 << 10

// normalise replaces what is different each time.
func (d *side) normalise(s *seen) {
	addresses := strings.NewReplacer(d.one.addr(), "ONE", d.two.addr(), "TWO", strings.TrimPrefix(d.g.Root, "http://"), "GATEWAY")
	text := func(in string) string {
		if len(in) > mostOwn { // it is an engine's
			return in
		}
		in = anyID.ReplaceAllString(addresses.Replace(in), "REQUEST")
		if strings.Contains(in, `"created":`) {
			in = anyCreated.ReplaceAllString(anyOwn.ReplaceAllString(in, "${1}OWN"), `"created":NOW`)
		}
		return in
	}
	fields := func(in []string) []string {
		for i, f := range in {
			switch {
			case anyDate.MatchString(f):
				f = "date: DATE"
			case anyTook.MatchString(f):
				f = "openai-processing-ms: MS"
			case strings.Contains(f, "req_") || strings.HasPrefix(f, "host:"):
				f = text(f)
			}
			in[i] = f
		}
		slices.Sort(in)
		return in
	}
	for i := range s.Answers {
		a := &s.Answers[i]
		a.Fields, a.Body, a.Trailer = fields(a.Fields), text(a.Body), trailer(a.Trailer)
	}
	for _, list := range [][]request{s.One, s.Two} {
		for i := range list {
			list[i].Fields, list[i].Body = fields(list[i].Fields), text(list[i].Body)
		}
	}
	for i := range s.Records {
		s.Records[i].FaultMessage = text(s.Records[i].FaultMessage)
	}
}
