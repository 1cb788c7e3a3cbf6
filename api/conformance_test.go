package api_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/api"
	"github.com/gatehouse-ai/gatehouse/op"
)

func TestConformance(t *testing.T) {
	const text = `{"gateway":"0.1.0","date":"2026-03-31","results":{"b":{"passed":3},"a":{"passed":2,"failed":["405: no Allow"]}}}`
	c, err := api.ParseConformance([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[op.ID]string{"a": "1 of 3 failed: 405: no Allow", "b": "passed (3)", "c": "not run"} {
		if got := c.Of(id); got != want {
			t.Errorf("%s: got %q, want %q", id, got, want)
		}
	}
	if got := c.IDs(); !slices.Equal(got, []op.ID{"a", "b"}) {
		t.Error(got)
	}
	kept, err := c.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := api.ParseConformance(kept)
	if err != nil || again.Of("a") != c.Of("a") || again.Date != c.Date {
		t.Errorf("%v: %s", err, kept)
	}
}

func TestNoConformance(t *testing.T) {
	c, err := api.ParseConformance(nil)
	if err != nil || c.Of("a") != "not run" || len(c.IDs()) > 0 {
		t.Errorf("%v %v", c, err)
	}
	for text, want := range map[string]string{
		"{":                "results of conformance",
		`{"date":"today"}`: "2026-03-31",
		`{"date":"2026-03-31","results":{"a":null}}`: "a has none",
	} {
		if _, err := api.ParseConformance([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func FuzzParseConformance(f *testing.F) {
	f.Add([]byte(`{"gateway":"0.1.0","date":"2026-03-31","results":{"b":{"passed":3}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := api.ParseConformance(text)
		if err != nil {
			return
		}
		for _, id := range c.IDs() {
			if c.Of(id) == "" {
				t.Errorf("nothing is said of %q", id)
			}
		}
	})
}
