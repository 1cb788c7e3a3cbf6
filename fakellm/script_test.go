package fakellm_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gatehouse-ai/gatehouse/fakellm"
)

const planText = `{
  "every": {"wait": {"header": "5ms", "first": "1s", "token": "20ms", "piece": "1us"}, "say": {"text": "hi", "cached_input": 2}},
  "queue": [
    {"refuse": {"status": 429, "shape": "detail", "message": "slow", "retry_after": "1.5s", "limits": true, "header": {"a": "b"}}},
    {"break": {"how": "reset", "where": "after_events", "n": 3}, "all": true},
    {"fail": {"at": 1, "message": "m", "data": "d"},
     "form": {"gzip": true, "piece": 1, "line_end": "\r\n", "data": {"2": "x"}, "trailer": {"t": "1"}, "requests_per_connection": 4}}
  ]
}`

func plan() fakellm.Plan {
	return fakellm.Plan{
		Every: fakellm.Script{
			Wait: fakellm.Wait{Header: 5 * time.Millisecond, First: time.Second, Token: 20 * time.Millisecond, Piece: time.Microsecond},
			Say:  fakellm.Says{Text: "hi", CachedInput: 2},
		},
		Queue: []fakellm.Script{
			{Refuse: &fakellm.Refusal{
				Status: 429, Shape: fakellm.Detail, Message: "slow", RetryAfter: 1500 * time.Millisecond, Limits: true,
				Header: map[string]string{"a": "b"},
			}},
			{Break: &fakellm.Break{How: fakellm.Reset, Where: fakellm.AfterEvents, N: 3}, All: true},
			{
				Fail: &fakellm.StreamErr{At: 1, Message: "m", Data: "d"},
				Form: fakellm.Form{
					Gzip: true, Piece: 1, LineEnd: "\r\n", Data: map[int]string{2: "x"}, Trailer: map[string]string{"t": "1"},
					RequestsPerConnection: 4,
				},
			},
		},
	}
}

func TestReadPlan(t *testing.T) {
	got, err := fakellm.ReadPlan(strings.NewReader(planText))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(plan(), got, cmpopts.IgnoreTypes((*fakellm.Gate)(nil))); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	b, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	again, err := fakellm.ReadPlan(strings.NewReader(string(b)))
	if err != nil {
		t.Fatalf("%s: %v", b, err)
	}
	if d := cmp.Diff(got, again, cmpopts.IgnoreTypes((*fakellm.Gate)(nil))); d != "" {
		t.Errorf("written and read again: -want +got\n%s", d)
	}
}

func TestReadPlanErrors(t *testing.T) {
	for text, want := range map[string]string{
		``:                                     "EOF",
		`{} {}`:                                "stands after it",
		`{"evry": {}}`:                         `unknown field "evry"`,
		`{"every": {"wait": {"frst": 1}}}`:     `unknown field "frst"`,
		`{"every": {"wait": {"first": "5"}}}`:  "missing unit",
		`{"every": {"break": {"how": "die"}}}`: "break.how",
		`{"queue": [{"break": {"how": "end", "where": "there"}}]}`: "break.where",
		`{"every": {"refuse": {"shape": "round"}}}`:                "refuse.shape",
		`{"every": {"refuse": {"status": 99}}}`:                    "refuse.status",
		`{"every": {"refuse": {"retry_after": "1s", "x": 1}}}`:     `unknown field "x"`,
		`{"every": {"form": {"line_end": "x"}}}`:                   "form.line_end",
	} {
		if _, err := fakellm.ReadPlan(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func FuzzReadPlan(f *testing.F) {
	f.Add(planText)
	f.Add(`{"every":{"form":{"raw":{"0":"x"}}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := fakellm.ReadPlan(strings.NewReader(text))
		if err != nil {
			return
		}
		b, err := json.Marshal(p)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		again, err := fakellm.ReadPlan(strings.NewReader(string(b)))
		if err != nil {
			t.Fatalf("%q was written as %s: %v", text, b, err)
		}
		second, err := json.Marshal(again)
		if err != nil || string(second) != string(b) {
			t.Errorf("%q was written as %s, then as %s (%v)", text, b, second, err)
		}
	})
}

// TestQueue sees whom scripts apply to.
func TestQueue(t *testing.T) {
	e, s := start(t, fakellm.OpenAI)
	e.Set(fakellm.Refused(503, fakellm.Own))
	e.Queue(fakellm.Script{}, fakellm.Refused(500, fakellm.Own))
	get := func(path string) int {
		res, err := client(t).Get(s.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		shut(t, res.Body)
		return res.StatusCode
	}
	post := func() int {
		res, _, err := ask(t, client(t), s.URL, whole)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode
	}
	got := []int{get("/health"), post(), get("/v1/models"), post(), post(), get("/health")}
	if d := cmp.Diff([]int{200, 200, 200, 500, 503, 200}, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	if e.Queued() != 0 {
		t.Errorf("%d scripts are left", e.Queued())
	}
	all := fakellm.Refused(503, fakellm.Own)
	all.All = true
	e.Set(all)
	if got := get("/health"); got != 503 {
		t.Errorf("a script for all requests leaves /health at %d", got)
	}
	e.Set(fakellm.Script{})
	if got := post(); got != 200 {
		t.Errorf("after the reset: %d", got)
	}
}

func TestParseDialect(t *testing.T) {
	for _, d := range fakellm.Dialects() {
		if got, err := fakellm.ParseDialect(string(d)); err != nil || got != d {
			t.Errorf("%s: %s, %v", d, got, err)
		}
	}
	if _, err := fakellm.ParseDialect("grpc"); err == nil {
		t.Error("grpc is a dialect")
	}
}

// TestDefaults sees that an engine without models takes any.
func TestDefaults(t *testing.T) {
	e := fakellm.New(fakellm.OpenAI)
	s := fakellm.Start(e)
	defer s.Close()
	_, text, err := ask(t, client(t), s.URL, strings.Replace(whole, `"m"`, `"whatever"`, 1))
	if err != nil || !strings.Contains(text, `"model":"whatever"`) {
		t.Errorf("%s %v", text, err)
	}
	if d := cmp.Diff([]string{"fake"}, e.Models()); d != "" || e.Dialect() != fakellm.OpenAI {
		t.Errorf("-want +got\n%s", d)
	}
	a := fakellm.New(fakellm.OpenAI, fakellm.Models("m"), fakellm.AnyModel())
	s2 := fakellm.Start(a)
	defer s2.Close()
	if res, _, err := ask(t, client(t), s2.URL, strings.Replace(whole, `"m"`, `"other"`, 1)); err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("any model: %v, %v", res, err)
	}
}
