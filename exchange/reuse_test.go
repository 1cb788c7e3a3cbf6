package exchange_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/exchange"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/record"
	"github.com/gatehouse-ai/gatehouse/snapshot"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// outcome is everything that a client, an endpoint and the record see of a round.
type outcome struct {
	Sent   string
	Header wire.Header
	Status int
	Head   wire.Header
	Body   string
	Record *record.Record
}

// carry is one round, at the end of which its body is overwritten, as a front
// does with its buffers.
func carry(t *testing.T, x *exchange.Exchange, snap *snapshot.Snapshot, r *round) outcome {
	t.Helper()
	rec, s, body := &record.Record{ID: "req_1234"}, &sink{}, []byte(r.body)
	if err := x.Open(snap, exchange.Request{Op: operation(t, r.op), Header: asked, Now: now}, rec); err != nil {
		t.Fatal(err)
	}
	if err := x.Body(body); err != nil {
		t.Fatal(err)
	}
	if held := x.Held(); held != 0 {
		t.Errorf("%s: %d bytes are held of no answer", r.name, held)
	}
	a, err := x.Next(now, 1)
	if err != nil {
		t.Fatal(err)
	}
	out := outcome{Sent: sent(a), Header: append(wire.Header(nil), a.Header...)}
	x.Answer(200, r.head, now)
	for _, p := range r.pieces {
		if err := x.Data(p, s); err != nil {
			t.Fatal(err)
		}
	}
	if v, err := x.End(nil, now, s); v != exchange.Done || err != nil {
		t.Fatal(v, err)
	}
	x.Close(false, now)
	out.Status, out.Body, out.Record = s.status, s.body, rec.Clone()
	for _, f := range s.head {
		out.Head = append(out.Head, wire.Field{Name: f.Name, Value: strings.Clone(f.Value)})
	}
	for i := range body {
		body[i] = '!'
	}
	return out
}

// An exchange that is used again does what a new one does, whatever it did before
// and whether it was trimmed or not.
func TestAnExchangeIsUsedAgain(t *testing.T) {
	snap := world(t)
	all := rounds()
	all = append(all, round{name: "translated", op: op.ChatCompletion, body: conversation("olla", ""), head: answered("application/json", 0), pieces: [][]byte{
		[]byte(`{"model":"x","message":{"role":"assistant","content":"hi"},"done":true,"done_reason":"stop","prompt_eval_count":3,"eval_count":2}`),
	}})
	want := map[string]outcome{}
	for i := range all {
		want[all[i].name] = carry(t, &exchange.Exchange{}, snap, &all[i])
	}
	for _, most := range []int{-1, 0, 1 << 10, 1 << 20} {
		x := &exchange.Exchange{}
		for i := range all {
			for k := range all {
				for _, r := range []*round{&all[i], &all[k]} {
					if diff := cmp.Diff(want[r.name], carry(t, x, snap, r)); diff != "" {
						t.Fatalf("%s among %s and %s: %s", r.name, all[i].name, all[k].name, diff)
					}
					if most >= 0 {
						x.Trim(most)
					}
				}
			}
		}
	}
}

func TestTrimFreesWhatIsLarge(t *testing.T) {
	p := &player{snap: world(t)}
	all := rounds()
	r := &all[0] // a small chat
	o, body := operation(t, r.op), []byte(r.body)
	p.run(t, r, o, body)
	if n := testing.AllocsPerRun(20, func() { p.run(t, r, o, body); p.x.Trim(64 << 10) }); n != 0 {
		t.Errorf("%v allocations although nothing is large", n)
	}
	if n := testing.AllocsPerRun(20, func() { p.run(t, r, o, body); p.x.Trim(16) }); n == 0 {
		t.Error("nothing was dropped")
	}
}

func TestWhatMayStillBeTried(t *testing.T) {
	x, _, err := open(t, op.ChatCompletion, `{"model":"mixed","messages":[{"role":"user","content":"x"}]}`)
	if err != nil {
		t.Fatal(err)
	}
	is := func(name string) bool { return x.Any(func(ep *snapshot.Endpoint) bool { return ep.Name == name }) }
	if !is("o") || !is("a") || is("b") || !x.Translates() {
		t.Error("the pool has a, and o which is translated to")
	}
	if a, err := x.Next(now, 0); err != nil || a.Endpoint.Name != "o" {
		t.Fatal(a, err)
	}
	if is("o") || !is("a") || x.Translates() {
		t.Error("o has been tried")
	}
}

// An error is found however large it is and wherever it is cut, as long as all of
// it is there before anything was handed on.
func TestLargeAnswersAreHeldUntilTheyAreNoErrors(t *testing.T) {
	const held = 64 << 10
	failed, fine := `{"error":{"message":"boom","code":500}}`, `{"object":"list","note":"an \"error\"","error":null,"usage":{"prompt_tokens":3}}`
	space := func(n int) string { return strings.Repeat(" ", n) }
	for _, c := range []struct {
		name   string
		pieces []string
		again  bool
	}{
		{"small", []string{failed}, true},
		{"large, at once", []string{space(held) + failed}, true},
		{"large, in pieces", []string{space(held / 2), space(held / 2), failed}, true},
		{"in the piece that is too much", []string{space(100), failed + space(held)}, true},
		{"before the piece that is too much", []string{failed, space(held)}, true},
		{"fine, small", []string{fine}, false},
		{"fine, at once", []string{space(held) + fine}, false},
		{"fine, in pieces", []string{space(held / 2), space(held / 2), fine, space(held)}, false},
		{"the rest is missing", []string{space(held) + failed[:20], failed[20:]}, false},
	} {
		for _, length := range []string{"", "1000000", "100", "nonsense"} {
			checkHeld(t, c.name, length, c.pieces, c.again)
		}
	}
	for cut := range failed {
		checkHeld(t, "cut", "", []string{space(held-cut) + failed[:cut], failed[cut:] + space(cut)}, true)
		checkHeld(t, "cut", "", []string{space(held-cut-1) + failed[:cut], failed[cut:] + space(cut+2)}, true)
	}
	for cut := range fine {
		checkHeld(t, "cut", "", []string{space(held-cut) + fine[:cut], fine[cut:] + space(cut)}, false)
	}
}

func checkHeld(t *testing.T, name, length string, pieces []string, again bool) {
	t.Helper()
	x, rec, err := open(t, op.ChatCompletion, `{"model":"two","messages":[]}`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Next(now, 0); err != nil {
		t.Fatal(err)
	}
	head := wire.Header{{Name: "Content-Type", Value: "application/json"}}
	if length != "" {
		head = append(head, wire.Field{Name: "Content-Length", Value: length})
	}
	x.Answer(200, head, now)
	s := &sink{}
	for _, p := range pieces {
		if err := x.Data([]byte(p), s); err != nil {
			t.Fatal(err)
		}
	}
	v, gone := x.End(nil, now, s)
	if gone != nil {
		t.Fatal(gone)
	}
	switch whole := strings.Join(pieces, ""); {
	case again && (v != exchange.Again || s.status != 0):
		t.Errorf("%s, length %q: verdict %d, status %d", name, length, v, s.status)
	case !again && (v != exchange.Done || s.body != whole):
		t.Errorf("%s, length %q: verdict %d, %d bytes of %d", name, length, v, len(s.body), len(whole))
	}
	x.Close(false, now)
	if !again && strings.Contains(pieces[len(pieces)-1], "}") && name != "the rest is missing" && rec.Usage.Input != 3 {
		t.Errorf("%s, length %q: usage %+v", name, length, rec.Usage)
	}
}
