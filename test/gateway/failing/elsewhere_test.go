package failing_test

import (
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/gwtest"
	"github.com/gatehouse-ai/gatehouse/pick"
	"github.com/gatehouse-ai/gatehouse/record"
)

// TestElsewhere checks after which failures another endpoint is tried: those
// before the first byte for which another one may do better.
func TestElsewhere(t *testing.T) {
	refused := func(status int) fakellm.Script { return fakellm.Refused(status, fakellm.Nested) }
	broken := func(how fakellm.How, where fakellm.Where, n int) fakellm.Script {
		return fakellm.Script{Break: &fakellm.Break{How: how, Where: where, N: n}}
	}
	for _, c := range []struct {
		name   string
		script fakellm.Script
		again  bool
		stream []bool
	}{
		{"500", refused(500), true, nil},
		{"502", refused(502), true, nil},
		{"503", refused(503), true, nil},
		{"504", refused(504), true, nil},
		{"529", refused(529), true, nil},
		{"501", refused(501), false, nil},
		{"400", refused(400), false, nil},
		{"401", refused(401), false, nil},
		{"403", refused(403), false, nil},
		{"404", refused(404), false, nil},
		{"408", refused(408), false, nil},
		{"409", refused(409), false, nil},
		{"422", refused(422), false, nil},
		{"429", refused(429), false, nil},
		{"RST before the header", broken(fakellm.Reset, fakellm.BeforeHeader, 0), true, nil},
		{"FIN before the header", broken(fakellm.Close, fakellm.BeforeHeader, 0), true, nil},
		{"an error with status 200", refused(200), true, nil},
		{"an error as the first event", fakellm.Script{Fail: &fakellm.StreamErr{}}, true, []bool{true}},
		{"an error as a later event", fakellm.Script{Fail: &fakellm.StreamErr{At: 4}}, false, []bool{true}},
		{"FIN after some events", broken(fakellm.Close, fakellm.AfterEvents, 4), false, []bool{true}},
	} {
		if c.stream == nil {
			c.stream = []bool{false, true}
		}
		for _, d := range []fakellm.Dialect{fakellm.OpenAI, fakellm.Ollama, fakellm.Anthropic} {
			for _, stream := range c.stream {
				t.Run(fmt.Sprintf("%s %s stream=%t", c.name, d, stream), func(t *testing.T) {
					g, a, b := pair(t, d, "", "")
					a.Queue(c.script)
					r := ask(t, g, "/chat/completions", chat(stream))
					rec := g.Record()
					if a.Count() != 1 || b.Count() != map[bool]int{true: 1}[c.again] {
						t.Errorf("the engines got %d and %d requests", a.Count(), b.Count())
					}
					whole := r.Status == 200 && strings.Contains(string(r.Body), "four") && r.Cut == nil
					if whole != c.again || c.again != (rec.Outcome == record.Complete) {
						t.Errorf("status %d, outcome %q: %s", r.Status, rec.Outcome, r.Body)
					}
					if c.again && (rec.Attempts != 2 || rec.Endpoint != "b" || r.Header.Get("X-Gatehouse-Endpoint") != "b") {
						t.Errorf("%d attempts, endpoint %q, header %q", rec.Attempts, rec.Endpoint, r.Header.Get("X-Gatehouse-Endpoint"))
					}
				})
			}
		}
	}
}

// TestElsewhereSameRequest checks that a retry sends what the first attempt
// sent, byte for byte, under the same id.
func TestElsewhereSameRequest(t *testing.T) {
	g, a, b := pair(t, fakellm.OpenAI, "", "")
	a.Queue(fakellm.Refused(503, fakellm.HTML))
	ask(t, g, "/chat/completions", chat(true))
	one, two := a.Last(), b.Last()
	if one == nil || two == nil || string(one.Body()) != string(two.Body()) || one.Header.Get("X-Request-Id") != two.Header.Get("X-Request-Id") {
		t.Errorf("the requests differ: %v, %v", one, two)
	}
}

// TestUnreachableElsewhere has a first endpoint that nobody listens at.
func TestUnreachableElsewhere(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	b, line := engine(t, "b", fakellm.OpenAI, "")
	g := gwtest.Start(t, "endpoints:\n"+endpoint("a", "http://"+closed.Addr().String(), fakellm.OpenAI, "")+line+
		"models:\n  - {name: m, endpoints: [a, {name: b, weight: 0}]}\n")
	for _, stream := range []bool{false, true} {
		r := ask(t, g, "/chat/completions", chat(stream))
		if rec := g.Record(); r.Status != 200 || rec.Attempts != 2 || rec.Endpoint != "b" {
			t.Errorf("status %d, %d attempts, endpoint %q: %s", r.Status, rec.Attempts, rec.Endpoint, r.Body)
		}
	}
	if b.Count() != 2 {
		t.Errorf("the engine got %d requests", b.Count())
	}
}

// TestAttempts checks that no more endpoints are tried than the configuration
// says, and that the client gets the error of the last one.
func TestAttempts(t *testing.T) {
	for attempts := 1; attempts <= 5; attempts++ {
		t.Run(strconv.Itoa(attempts), func(t *testing.T) {
			var lines strings.Builder
			var engines []*fakellm.Engine
			for i := range 4 {
				e, line := engine(t, fmt.Sprintf("e%d", i), fakellm.OpenAI, "")
				e.Set(fakellm.Refused(503, fakellm.Nested))
				engines = append(engines, e)
				lines.WriteString(line)
			}
			g := gwtest.Start(t, "endpoints:\n"+lines.String()+"models:\n  - {name: m, endpoints: [e0, e1, e2, e3]}\nretries: {attempts: "+strconv.Itoa(attempts)+"}\n")
			r := ask(t, g, "/chat/completions", chat(false))
			if p := envelope(t, r, false); r.Status != 503 || p.Code != "made_up" {
				t.Errorf("status %d, code %q", r.Status, p.Code)
			}
			n := 0
			for _, e := range engines {
				if n += e.Count(); e.Count() > 1 {
					t.Errorf("an engine got %d requests", e.Count())
				}
			}
			if want := min(attempts, 4); n != want || g.Record().Attempts != want {
				t.Errorf("the engines got %d requests, want %d", n, want)
			}
		})
	}
}

// TestBudget checks that retries stop when the budget is used up, and that
// requests without retries go on.
func TestBudget(t *testing.T) {
	g, a, b := pair(t, fakellm.OpenAI, "", "retries: {budget: 0%}\n")
	retried := 0
	for range pick.DefaultMin + 5 {
		a.Queue(fakellm.Refused(500, fakellm.Nested))
		if r := ask(t, g, "/chat/completions", chat(false)); r.Status == 200 {
			retried++
		} else if r.Status != 500 {
			t.Errorf("status %d: %s", r.Status, r.Body)
		}
		well(t, g, questions()[0]) // a is well, and no retry is needed
	}
	if retried != pick.DefaultMin || b.Count() != retried {
		t.Errorf("%d requests were tried elsewhere, the engine got %d, want %d", retried, b.Count(), pick.DefaultMin)
	}
}

// TestUnhealthy has an endpoint fail until it is not asked any more.
func TestUnhealthy(t *testing.T) {
	t.Run("alone", func(t *testing.T) {
		g, e := single(t, fakellm.OpenAI, "", "")
		e.Set(fakellm.Refused(500, fakellm.Nested))
		for range 3 {
			if r := ask(t, g, "/chat/completions", chat(false)); r.Status != 500 {
				t.Fatalf("status %d: %s", r.Status, r.Body)
			}
			g.Record()
		}
		for _, q := range []question{questions()[0], questions()[8]} {
			n := e.Count()
			r := ask(t, g, q.path, q.with(true))
			p := envelope(t, r, q.anthropic)
			seconds, _ := strconv.Atoi(r.Header.Get("Retry-After"))
			if r.Status != 503 || seconds < 1 || !q.anthropic && p.Code != "service_unavailable" || q.anthropic && p.Type != "overloaded_error" {
				t.Errorf("status %d, Retry-After %q, type %q, code %q", r.Status, r.Header.Get("Retry-After"), p.Type, p.Code)
			}
			if r.Header.Get("X-Gatehouse-Error-Source") != "gateway" || r.Header.Get("X-Should-Retry") == "false" {
				t.Errorf("source %q, X-Should-Retry %q", r.Header.Get("X-Gatehouse-Error-Source"), r.Header.Get("X-Should-Retry"))
			}
			if rec := g.Record(); rec.Outcome != record.Refused || rec.Status != 503 || rec.Attempts != 0 || e.Count() != n {
				t.Errorf("the record has outcome %q, status %d, %d attempts; the engine got %d more", rec.Outcome, rec.Status, rec.Attempts, e.Count()-n)
			}
		}
	})
	t.Run("of two", func(t *testing.T) {
		g, a, b := pair(t, fakellm.OpenAI, "", "")
		a.Set(fakellm.Refused(500, fakellm.Nested))
		for range 8 {
			if r := ask(t, g, "/chat/completions", chat(false)); r.Status != 200 {
				t.Errorf("status %d: %s", r.Status, r.Body)
			}
		}
		if a.Count() != 3 || b.Count() != 8 {
			t.Errorf("the engines got %d and %d requests, want 3 and 8", a.Count(), b.Count())
		}
	})
}

// TestRecovery checks that an active check finds out that an endpoint is ill,
// and that it is well again, without a request of a client.
func TestRecovery(t *testing.T) {
	e, line := engine(t, "e", fakellm.OpenAI, ", health: {interval: 20ms}")
	ill := fakellm.Refused(503, fakellm.HTML)
	ill.All = true
	e.Set(ill)
	g := gwtest.Start(t, "endpoints:\n"+line+"models:\n  - {name: m, endpoints: [e]}\n")
	// Checks follow each other: when the fifth comes, four have failed.
	if _, err := e.WaitRequest(within(t), 5); err != nil {
		t.Fatal(err)
	}
	r := ask(t, g, "/chat/completions", chat(false))
	if p := envelope(t, r, false); r.Status != 503 || p.Code != "service_unavailable" || r.Header.Get("Retry-After") == "" {
		t.Errorf("status %d, code %q, Retry-After %q", r.Status, p.Code, r.Header.Get("Retry-After"))
	}
	e.Set(fakellm.Script{})
	if _, err := e.WaitRequest(within(t), e.Count()+3); err != nil {
		t.Fatal(err)
	}
	if r := ask(t, g, "/chat/completions", chat(false)); r.Status != 200 {
		t.Errorf("after a good check: status %d: %s", r.Status, r.Body)
	}
	for _, line := range []string{"endpoint is not healthy", "endpoint is healthy"} {
		if !strings.Contains(g.Log(), line) {
			t.Errorf("the log does not say that the %s", line)
		}
	}
	for _, q := range e.Requests() {
		if q.Method == http.MethodPost && q.Status() == 503 {
			t.Errorf("a client's request has reached the endpoint while it was ill")
		}
	}
}
