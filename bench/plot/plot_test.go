package plot_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/bench/plot"
)

var update = flag.Bool("update", false, "write the golden files anew")

func panels() []plot.Panel {
	return []plot.Panel{
		{Title: "chat <300 B> & more", Lines: []plot.Line{
			{Name: `"direct" <a>`, Points: []plot.Point{{0, 50 * time.Microsecond}, {0.5, 80 * time.Microsecond}, {0.99, 200 * time.Microsecond}, {0.999, 3 * time.Millisecond}}},
			{Name: "gateway", Points: []plot.Point{{0, 90 * time.Microsecond}, {0.5, 120 * time.Microsecond}, {0.99, 300 * time.Microsecond}}},
		}},
		{Title: "nothing measured", Lines: []plot.Line{{Name: "gateway"}}},
	}
}

func TestGolden(t *testing.T) {
	got := plot.SVG("latency", panels())
	const name = "testdata/plot.svg"
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s differs (-want +got):\n%s", name, d)
	}
}

func TestIsXML(t *testing.T) {
	for name, panels := range map[string][]plot.Panel{
		"some": panels(), "none": nil,
		"one point":      {{Lines: []plot.Line{{Points: []plot.Point{{0, time.Millisecond}}}}}},
		"zero and hours": {{Title: "\x00\xff", Lines: []plot.Line{{Points: []plot.Point{{0, 0}, {0.9999999, 5 * time.Hour}}}}}},
	} {
		lines := 0
		d := xml.NewDecoder(bytes.NewReader(plot.SVG(name, panels)))
		for {
			tok, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if e, ok := tok.(xml.StartElement); ok && e.Name.Local == "polyline" {
				lines++
			}
		}
		want := 0
		for _, p := range panels {
			for _, l := range p.Lines {
				want += min(len(l.Points), 1)
			}
		}
		if lines != want {
			t.Errorf("%s: %d lines are drawn, want %d", name, lines, want)
		}
	}
}
