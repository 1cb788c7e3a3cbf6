package bench_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-ai/gatehouse/bench"
	"github.com/gatehouse-ai/gatehouse/bench/upstream"
	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/gwtest"
)

// engine runs the bundled upstream until the test ends and returns its URL.
func engine(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	server := upstream.New()
	go func() { ended <- server.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return "http://" + l.Addr().String() + "/v1"
}

func target(t *testing.T, text string) bench.Target {
	t.Helper()
	to, err := bench.ParseTarget(text, func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	return to
}

func TestEveryScenarioThroughTheGateway(t *testing.T) {
	direct := engine(t)
	g := gwtest.Start(t, fmt.Sprintf(`
endpoints:
  - {name: bench, url: %q}
models:
  - {name: bench, endpoints: [{name: bench}]}
`, direct))
	p := bench.Plan{
		Targets:   []bench.Target{target(t, "direct="+direct), target(t, "gateway="+g.URL+"#"+gwtest.Key)},
		Scenarios: bench.Scenarios(), Model: upstream.Model,
		Rounds: 1, Duration: 40 * time.Millisecond, Timeout: 20 * time.Second,
	}
	for i := range p.Scenarios {
		s := &p.Scenarios[i]
		s.Connections = 4
		if s.Question.Gap > 0 {
			s.Question.Gap, s.Question.Chunks = time.Millisecond, 10
		}
	}
	r, err := bench.Run(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Scenarios) != len(p.Scenarios) {
		t.Fatalf("%d scenarios were measured, want %d", len(r.Scenarios), len(p.Scenarios))
	}
	for _, s := range r.Scenarios {
		for _, row := range s.Rows {
			asked := row.Done + row.Chunks
			if row.First != nil {
				asked += int64(row.First.Count)
			}
			if row.Latency != nil {
				asked += int64(row.Latency.Count)
			}
			if row.Wrong+row.Failed > 0 || asked == 0 {
				t.Errorf("%s, %s: %d asked, %d wrong, %d failed: %v", s.Name, row.Target, asked, row.Wrong, row.Failed, row.Problems)
			}
		}
	}
	text, err := r.JSON()
	if err != nil || !json.Valid(text) || strings.Contains(string(text), gwtest.Key) {
		t.Errorf("the report is not JSON, or has the key: %v\n%s", err, text)
	}
}

func TestAnyEngineThroughTheGateway(t *testing.T) {
	server := fakellm.Start(fakellm.New(fakellm.OpenAI, fakellm.Models("small")))
	t.Cleanup(server.Close)
	g := gwtest.Start(t, fmt.Sprintf(`
endpoints:
  - {name: engine, url: %q}
models:
  - {name: small, endpoints: [{name: engine}]}
`, server.URL+"/v1"))
	scenarios, err := bench.Choose([]string{"chat", "stream", "embed"})
	if err != nil {
		t.Fatal(err)
	}
	p := bench.Plan{
		Targets:   []bench.Target{target(t, "gateway="+g.URL+"#"+gwtest.Key), target(t, "locked out="+g.URL+"#sk-of-nobody")},
		Scenarios: scenarios, Model: "small", AnyAnswer: true,
		Rounds: 1, Duration: 40 * time.Millisecond, Timeout: 20 * time.Second,
	}
	for i := range p.Scenarios {
		p.Scenarios[i].Connections = 2
	}
	r, err := bench.Run(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range r.Scenarios {
		open, locked := s.Rows[0], s.Rows[1]
		if open.Wrong+open.Failed > 0 || open.Latency == nil {
			t.Errorf("%s: %d wrong, %d failed: %v", s.Name, open.Wrong, open.Failed, open.Problems)
		}
		if locked.Failed == 0 || locked.Done > 0 {
			t.Errorf("%s: %d without a valid key were answered, %d were not", s.Name, locked.Done, locked.Failed)
		}
		if text := fmt.Sprint(locked.Problems); !strings.Contains(text, "status 401") || strings.Contains(text, "sk-of-nobody") {
			t.Errorf("%s: problems %s", s.Name, text)
		}
	}
}
