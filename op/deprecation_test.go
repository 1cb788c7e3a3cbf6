package op_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/op"
)

func good() op.Deprecation {
	return op.Deprecation{Since: "2026-01-01", Release: "0.4", Sunset: "2026-06-30", Instead: "fresh", Why: "It is old."}
}

// deprecated is a table with an operation that will go.
func deprecated(level op.Level, d op.Deprecation) op.Table {
	row := op.Operation{Method: "GET", Level: level, Owner: "o", Scope: "s", Class: op.Control, Reply: op.JSON, Compat: op.Extension, Summary: "x"}
	fresh, old := row, row
	fresh.ID, fresh.Path = "fresh", "/fresh"
	old.ID, old.Path, old.Deprecated = "old", "/old", &d
	return op.Table{fresh, old}
}

func TestNoticesAreLongEnough(t *testing.T) {
	for name, c := range map[string]struct {
		level  op.Level
		change func(*op.Deprecation)
		want   string
	}{
		"180 days":             {op.V1, func(*op.Deprecation) {}, ""},
		"179 days":             {op.V1, func(d *op.Deprecation) { d.Sunset = "2026-06-29" }, "less than 180 days"},
		"30 days, beta":        {op.V1Beta, func(d *op.Deprecation) { d.Sunset = "2026-01-31" }, ""},
		"29 days, beta":        {op.V1Beta, func(d *op.Deprecation) { d.Sunset = "2026-01-30" }, "less than 30 days"},
		"none, alpha":          {op.V1Alpha, func(d *op.Deprecation) { d.Sunset = "2026-01-01" }, ""},
		"backwards, alpha":     {op.V1Alpha, func(d *op.Deprecation) { d.Sunset = "2025-12-31" }, "less than 0 days"},
		"no day":               {op.V1, func(d *op.Deprecation) { d.Since = "soon" }, "write the day"},
		"no end":               {op.V1, func(d *op.Deprecation) { d.Sunset = "31.12.2026" }, "write the day"},
		"no release":           {op.V1, func(d *op.Deprecation) { d.Release = "next" }, "is no version"},
		"an unknown successor": {op.V1, func(d *op.Deprecation) { d.Instead = "nobody" }, "nobody, which is to take its place, is not served"},
		"no successor":         {op.V1, func(d *op.Deprecation) { d.Instead = "" }, ""},
		"no reason":            {op.V1, func(d *op.Deprecation) { d.Why = "" }, "without a reason"},
	} {
		d := good()
		c.change(&d)
		err := deprecated(c.level, d).Validate()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestTwoReleases(t *testing.T) {
	for _, c := range []struct {
		notice, release string
		want            bool
	}{
		{"0.4", "0.4.0", false},
		{"0.4", "0.4.9", false},
		{"0.4", "0.5.0", true},
		{"0.4", "0.6", true},
		{"0.4", "1.0.0", true},
		{"1.2", "1.1.5", false},
		{"1.0", "0.9.0", false},
	} {
		if got, err := op.TwoReleases(c.notice, c.release); err != nil || got != c.want {
			t.Errorf("announced in %s, last release %s: %v %v", c.notice, c.release, got, err)
		}
	}
	for _, v := range []string{"", "x", "1", "1.x", "-1.2"} {
		if _, err := op.TwoReleases(v, "1.0"); err == nil {
			t.Errorf("%q is a version", v)
		}
		if _, err := op.TwoReleases("1.0", v); err == nil {
			t.Errorf("%q is a version", v)
		}
	}
}

func TestFields(t *testing.T) {
	d := good()
	table := deprecated(op.V1Beta, d)
	want := [][2]string{{"Deprecation", "@1767225600"}, {"Sunset", "Tue, 30 Jun 2026 00:00:00 GMT"}, {"Link", `</v1beta/fresh>; rel="successor-version"`}}
	if got := d.Fields(table, op.V1Beta); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if got := d.Fields(table, op.V1); !slices.Equal(got, want[:2]) {
		t.Errorf("a successor that is not at this level: %q", got)
	}
	d.Since = ""
	if got := d.Fields(table, op.V1); got != nil {
		t.Errorf("a malformed notice: %q", got)
	}
}
