package exchange_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-ai/gatehouse/apikey"
	"github.com/gatehouse-ai/gatehouse/exchange"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/limit"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/peek"
	"github.com/gatehouse-ai/gatehouse/record"
	"github.com/gatehouse-ai/gatehouse/snapshot"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// limited is the world in which the key has limits.
func limited(t testing.TB, requests, tokens int64) (*snapshot.Snapshot, *limit.Bucket) {
	t.Helper()
	s := world(t)
	b := limit.New(limit.Spec{Requests: limit.PerMinute(requests), Tokens: limit.PerMinute(tokens)}, now)
	s.Limits = map[*apikey.Key]*limit.Bucket{s.Keys.Lookup(key): b}
	return s, b
}

// ask opens an exchange for a chat of a key with limits, and takes its body.
func ask(t *testing.T, s *snapshot.Snapshot, body string, more ...wire.Field) (*exchange.Exchange, *record.Record) {
	t.Helper()
	x, rec := &exchange.Exchange{}, &record.Record{ID: "req_1"}
	h := more
	if len(h) == 0 {
		h = wire.Header{{Name: "Authorization", Value: "Bearer " + key}}
	}
	if err := x.Open(s, exchange.Request{Op: operation(t, op.ChatCompletion), Header: h, Now: now}, rec); err != nil {
		t.Fatal(err)
	}
	if err := x.Body([]byte(body)); err != nil {
		t.Fatal(err)
	}
	return x, rec
}

// A request takes its estimate while it runs, and what it used in the end.
func TestLimitsAreSettled(t *testing.T) {
	const whole = `{"model":"one","messages":[],"max_tokens":1000,"n":2}` // 14 tokens and 2,000
	const streamed = `{"model":"one","messages":[],"stream":true}`
	js, sse := "application/json", "text/event-stream"
	for _, c := range []struct {
		name    string
		body    string
		replies []reply
		gone    bool
		used    int64
	}{
		{"usage", whole, []reply{{200, js, `{"usage":{"prompt_tokens":3,"completion_tokens":20}}`, false}}, false, 23},
		{"more than was reserved", streamed, []reply{{200, sse, chunk + stop + `data: {"choices":[],"usage":{"prompt_tokens":5000,"completion_tokens":1}}` + "\n\n" + done, false}}, false, 5001},
		{"absurd usage", whole, []reply{{200, js, `{"usage":{"prompt_tokens":-5,"completion_tokens":7}}`, false}}, false, 7},
		{"no usage", whole, []reply{{200, js, `{}`, false}}, false, 2014},
		{"an event is a token", streamed, []reply{{200, sse, strings.Repeat(chunk, 50) + stop + done, false}}, false, 11 + 52},
		{"error", whole, []reply{{400, js, `{"error":{"message":"no"}}`, false}}, false, 14},
		{"error while the client left", whole, []reply{{400, js, `{"error":{"message":"no"}}`, false}}, true, 2014},
		{"cut, and its client had a part", streamed, []reply{{200, sse, chunk + chunk, true}}, false, 11 + 2},
		{"second attempt", strings.Replace(whole, "one", "two", 1), []reply{{503, js, "", false}, {200, js, `{"usage":{"prompt_tokens":3,"completion_tokens":4}}`, false}}, false, 7},
	} {
		s, b := limited(t, 100, 10_000)
		x, rec := ask(t, s, c.body)
		if v := b.View(now); v.Requests.Remaining != 100 {
			t.Errorf("%s: the body has taken something: %+v", c.name, v)
		}
		out, _ := play(t, x, c.replies...)
		if got := out.head.Get("x-ratelimit-remaining-requests"); got != "99" {
			t.Errorf("%s: remaining requests %q in %v", c.name, got, out.head)
		}
		x.Close(c.gone, now)
		x.Close(c.gone, now) // settled already
		if v := b.View(now); v.Requests.Remaining != 99 || v.Tokens.Remaining != 10_000-c.used {
			t.Errorf("%s: %d tokens and %d requests are left, %d tokens used; %+v", c.name, v.Tokens.Remaining, v.Requests.Remaining, 10_000-v.Tokens.Remaining, rec.Usage)
		}
	}
}

// What has tried no endpoint is given back, and what is left at any other point
// has taken nothing.
func TestLimitsAreReleased(t *testing.T) {
	s, b := limited(t, 5, 1000)
	full := b.View(now)
	x, _ := ask(t, s, `{"model":"olla","messages":[{"role":"user","content":"x"}],"logit_bias":{"5":1}}`)
	_, err := x.Next(now, 0)
	if err == nil || b.View(now).Requests.Remaining != 4 {
		t.Fatal(err, b.View(now))
	}
	out := &sink{}
	if err := x.Refuse(err, out); err != nil || out.status != 400 || out.head.Get("x-ratelimit-limit-tokens") != "1000" {
		t.Error(err, out)
	}
	x.Close(false, now)
	if v := b.View(now); v != full {
		t.Errorf("after a request that no endpoint can do: %+v", v)
	}
	x, _ = ask(t, s, `{"model":"one","messages":[]}`)
	x.Trim(0) // as by a front that gives the request to another
	if v := b.View(now); v != full {
		t.Errorf("after a request that was given away: %+v", v)
	}
}

func TestRefusedByLimits(t *testing.T) {
	s, b := limited(t, 1, 1000)
	b.Reserve(now, 0)
	x, rec := ask(t, s, `{"model":"pass","messages":[]}`, wire.Field{Name: "X-Gatehouse-Key", Value: key}, wire.Field{Name: "Authorization", Value: "Bearer corp"})
	_, err := x.Next(now, 0)
	if err == nil || err.Kind != fault.RateLimited || !strings.Contains(err.Message, `"k"`) {
		t.Fatal(err)
	}
	out := &sink{}
	if err := x.Refuse(err, out); err != nil {
		t.Fatal(err)
	}
	x.Close(false, now)
	for name, want := range map[string]string{
		"x-ratelimit-limit-requests": "1", "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m0s", "x-ratelimit-remaining-tokens": "1000",
		"retry-after": "60", "X-Gatehouse-Error-Source": "client", "X-Gatehouse-Endpoint": "",
	} {
		if got := out.head.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if out.status != 429 || !strings.Contains(out.body, `"type":"requests","param":null,"code":"rate_limit_exceeded"`) || rec.Outcome != record.Refused || rec.Attempts != 0 {
		t.Errorf("%d %s %+v", out.status, out.body, rec)
	}
	if v := b.View(now); v.Tokens.Remaining != 1000 {
		t.Errorf("%+v", v)
	}
	x, _ = ask(t, s, `{"model":"one","messages":[],"max_tokens":5000}`)
	if _, err := x.Next(now, 0); err == nil || err.Kind != fault.TooLarge || err.HTTPStatus() != 429 {
		t.Error(err)
	}
}

// The endpoint's word on the client's own account counts more than the gateway's
// limits, and that on the gateway's account is nobody's business.
func TestWhoseRateLimitsAreTold(t *testing.T) {
	theirs := wire.Header{
		{Name: "Content-Type", Value: "application/json"}, {Name: "x-ratelimit-limit-requests", Value: "7"}, {Name: "X-RateLimit-Remaining-Images", Value: "8"},
	}
	for _, c := range []struct {
		model   string
		status  int
		limits  bool
		head    wire.Header
		request string
		images  string
		tokens  string
	}{
		{"one", 200, true, theirs, "100", "", "900"},
		{"one", 429, true, theirs, "100", "", "900"},
		{"one", 200, false, theirs, "7", "8", ""},
		{"pass", 200, true, theirs, "7", "8", ""},
		{"pass", 429, true, theirs, "7", "8", ""},
		{"pass", 500, true, theirs, "7", "8", ""},
		{"pass", 200, true, theirs[:1], "100", "", "900"},
	} {
		s, _ := limited(t, 100, 900)
		if !c.limits {
			s.Limits = nil
		}
		more := wire.Header{{Name: "X-Gatehouse-Key", Value: key}, {Name: "Authorization", Value: "Bearer corp"}}
		x, _ := ask(t, s, `{"model":"`+c.model+`","messages":[]}`, more...)
		if _, err := x.Next(now, 0); err != nil {
			t.Fatal(err)
		}
		out := &sink{}
		x.Answer(c.status, c.head, now)
		if _, err := x.End(nil, now, out); err != nil {
			t.Fatal(err)
		}
		if out.head.Get("x-ratelimit-limit-requests") != c.request || out.head.Get("x-ratelimit-remaining-images") != c.images || out.head.Get("x-ratelimit-limit-tokens") != c.tokens {
			t.Errorf("%+v: %v", c, out.head)
		}
		x.Close(false, now)
	}
}

// The bytes of a file are no text.
func TestFormsTakeARequest(t *testing.T) {
	const boundary = "multipart/form-data; boundary=b"
	body := []byte("--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\none\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n" + strings.Repeat("x", 8000) + "\r\n--b--\r\n")
	f, e := peek.NewForm(boundary)
	if e == nil {
		e = f.Feed(body)
	}
	if e != nil {
		t.Fatal(e)
	}
	s, b := limited(t, 5, 1000)
	x, rec := &exchange.Exchange{}, &record.Record{}
	h := wire.Header{{Name: "Authorization", Value: "Bearer " + key}, {Name: "Content-Type", Value: boundary}}
	if err := x.Open(s, exchange.Request{Op: operation(t, "createTranscription"), Header: h, Now: now}, rec); err != nil {
		t.Fatal(err)
	}
	if err := x.Form(f, body); err != nil {
		t.Fatal(err)
	}
	if _, err := x.Next(now, 0); err != nil {
		t.Fatal(err)
	}
	if v := b.View(now); v.Requests.Remaining != 4 || v.Tokens.Remaining != 1000 {
		t.Errorf("%+v", v)
	}
	x.Close(false, now)
}

func TestRoundsWithLimitsDoNotAllocate(t *testing.T) {
	for _, r := range rounds() {
		s, b := limited(t, 1<<30, 1<<34)
		p := &player{snap: s}
		o, body := operation(t, r.op), []byte(r.body)
		p.run(t, &r, o, body)
		if v := b.View(now); v.Requests.Remaining != 1<<30-1 {
			t.Errorf("%s: %+v", r.name, v)
		}
		if n := testing.AllocsPerRun(20, func() { p.run(t, &r, o, body) }); n != 0 {
			t.Errorf("%s: %v allocations", r.name, n)
		}
	}
}

// The head says how the limits stand when the answer came.
func TestLimitsAtTheTimeOfTheAnswer(t *testing.T) {
	s, b := limited(t, 60, 0)
	for range 10 {
		b.Reserve(now, 0)
	}
	x, _ := ask(t, s, `{"model":"one","messages":[]}`)
	if _, err := x.Next(now, 0); err != nil {
		t.Fatal(err)
	}
	out, later := &sink{}, now.Add(4*time.Second)
	x.Answer(200, wire.Header{{Name: "Content-Type", Value: "audio/mpeg"}}, later)
	if v, err := x.End(nil, later, out); v != exchange.Done || err != nil {
		t.Fatal(v, err)
	}
	if got := out.head.Get("x-ratelimit-remaining-requests"); got != "53" {
		t.Errorf("%q remain", got)
	}
	x.Close(false, later)
}
