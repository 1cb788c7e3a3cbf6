package snapshot_test

import (
	"testing"
	"time"

	"github.com/gatehouse-ai/gatehouse/apikey"
	"github.com/gatehouse-ai/gatehouse/limit"
	"github.com/gatehouse-ai/gatehouse/snapshot"
)

// set returns keys, each with the text that stands beside its name.
func set(t *testing.T, texts map[string]string) *apikey.Set {
	t.Helper()
	var keys []apikey.Key
	for name, text := range texts {
		keys = append(keys, apikey.Key{Name: name, Digest: apikey.Hash(text)})
	}
	s, err := apikey.NewSet(keys)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLimits(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	five := limit.Spec{Requests: limit.PerMinute(5)}
	texts := map[string]string{"same": "1", "rotated": "2", "raised": "3", "freed": "4", "free": "5"}
	keys := set(t, texts)
	before := snapshot.Limits(keys, map[string]limit.Spec{
		"same": five, "rotated": five, "raised": five, "freed": five, "no such key": five, "free": {},
	}, nil, now)
	if len(before) != 4 || before[keys.Lookup("5")] != nil {
		t.Fatalf("%d keys have limits", len(before))
	}
	for _, b := range before {
		for range 2 {
			if !b.Reserve(now, 1).OK {
				t.Fatal("refused")
			}
		}
	}

	texts["rotated"], texts["new"] = "22", "6"
	again := set(t, texts)
	after := snapshot.Limits(again, map[string]limit.Spec{
		"same": five, "rotated": five, "raised": {Requests: limit.PerMinute(50)}, "new": five,
	}, before, now)
	for text, want := range map[string]int64{"1": 3, "22": 3, "3": 48, "6": 5} {
		if v := after[again.Lookup(text)].View(now); v.Requests.Remaining != want {
			t.Errorf("key %s: %+v, want %d remaining", text, v, want)
		}
	}
	if len(after) != 4 || after[again.Lookup("4")] != nil {
		t.Errorf("%d keys have limits", len(after))
	}
	if after[again.Lookup("1")] != before[keys.Lookup("1")] {
		t.Error("what has not changed is another bucket, so requests in flight settle elsewhere")
	}
}

func TestNoLimits(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	keys := set(t, map[string]string{"a": "1"})
	limits := snapshot.Limits(keys, nil, map[*apikey.Key]*limit.Bucket{keys.Lookup("1"): nil}, now)
	if limits != nil {
		t.Errorf("%v", limits)
	}
	if d := limits[keys.Lookup("1")].Reserve(now, 1<<40); !d.OK {
		t.Errorf("%+v", d)
	}
	if limits := snapshot.Limits(nil, map[string]limit.Spec{"a": {Requests: limit.PerMinute(1)}}, nil, now); len(limits) != 0 {
		t.Errorf("%v", limits)
	}
}
