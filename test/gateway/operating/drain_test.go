package operating_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/gwtest"
)

// held asks for a stream and returns it after its first event, with the gate
// that holds the rest back.
func held(t *testing.T, e *fakellm.Engine, c *http.Client, base string) (*stream, *fakellm.Gate) {
	t.Helper()
	gate := fakellm.NewGate()
	e.Queue(fakellm.Script{Wait: fakellm.Wait{Gate: gate}})
	gate.Step(1)
	s := openStream(t, c, request(within(t), t, base, askStream))
	s.event()
	return s, gate
}

func TestDrain(t *testing.T) {
	p := newPKI(t)
	p.issue("server", "gateway")
	for name, tc := range map[string]struct {
		client *http.Client
		tls    string
	}{"HTTP/1.1": {&http.Client{Transport: &http.Transport{}}, ""}, "HTTP/2": {p.client(2), p.secure("")}} {
		t.Run(name, func(t *testing.T) {
			e, url := engine(t)
			g := gwtest.Start(t, tc.tls+only(url, ""))
			if a := get(t, g.Admin+"/readyz"); a.status != 200 {
				t.Errorf("/readyz has status %d before", a.status)
			}
			s, gate := held(t, e, tc.client, g.URL)
			ended := make(chan error, 1)
			go func() { ended <- g.App.Shutdown(within(t)) }()
			until(t, "/readyz of the listener for operators has status 503", func() bool { return get(t, g.Admin+"/readyz").status == 503 })
			until(t, "new connections are refused", func() bool {
				_, err := tryGet(within(t), g.Root+"/readyz")
				return err != nil
			})
			select {
			case err := <-ended:
				t.Fatalf("the gateway did not wait for the stream: %v", err)
			default:
			}
			if got := metrics(t, g.Admin)["gatehouse_requests_in_flight"]; got != 1 {
				t.Errorf("%v requests in flight", got)
			}
			gate.Open()
			if got := s.wantWhole(); got != "You said: hello" {
				t.Errorf("the stream said %q", got)
			}
			if err := <-ended; err != nil {
				t.Errorf("Shutdown: %v", err)
			}
			if _, err := tryGet(within(t), g.Admin+"/readyz"); err == nil {
				t.Error("the listener for operators is still open")
			}
		})
	}
}

func TestDrainEndsWithItsGrace(t *testing.T) {
	e, url := engine(t)
	g := gwtest.Start(t, only(url, ""))
	s, _ := held(t, e, &http.Client{Transport: &http.Transport{}}, g.URL)
	grace, over := context.WithCancel(within(t))
	ended := make(chan error, 1)
	go func() { ended <- g.App.Shutdown(grace) }()
	until(t, "the gateway drains", func() bool { return get(t, g.Admin+"/readyz").status == 503 })
	over()
	events, err := s.rest()
	if len(events) == 0 {
		t.Fatalf("the stream ended without a word: %v", err)
	}
	if got := parseEnvelope(t, events[len(events)-1]); !strings.Contains(got.Message, "shutting down") {
		t.Errorf("the stream ended with %q", events)
	}
	if err := <-ended; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	if _, err := e.WaitCancelled(within(t)); err != nil {
		t.Errorf("the engine goes on: %v", err)
	}
}

// TestDrainEndsAnAnswerThatWaits has a request whose answer has not begun when
// the grace is over.
func TestDrainEndsAnAnswerThatWaits(t *testing.T) {
	e, url := engine(t)
	g := gwtest.Start(t, only(url, ""))
	e.Queue(fakellm.Script{Wait: fakellm.Wait{Gate: fakellm.NewGate()}})
	ctx := within(t)
	answers := make(chan *http.Response, 1)
	go func() { answers <- g.Post(ctx, "/chat/completions", ask) }()
	if _, err := e.WaitRequest(ctx, 1); err != nil {
		t.Fatal(err)
	}
	grace, over := context.WithCancel(ctx)
	over()
	if err := g.App.Shutdown(grace); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	a := read(t, <-answers)
	if a.status != 503 || a.envelope(t).Code != "service_unavailable" {
		t.Errorf("status %d: %s", a.status, a.body)
	}
}

// A load balancer that asks the public listener must be able to notice.
func TestDrainBeginsWithADelay(t *testing.T) {
	_, url := engine(t)
	g := gwtest.Start(t, only(url, "")+"shutdown: {delay: 1h}\n")
	ctx, cancel := context.WithCancel(within(t))
	ended := make(chan error, 1)
	go func() { ended <- g.App.Shutdown(ctx) }()
	until(t, "/readyz of the public listener has status 503", func() bool { return get(t, g.Root+"/readyz").status == 503 })
	if a := chat(t, g, ask); a.status != 200 {
		t.Errorf("a request meanwhile has status %d", a.status)
	}
	cancel() // the delay is over, and so is the grace
	if err := <-ended; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
}
