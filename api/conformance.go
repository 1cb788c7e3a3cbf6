package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-ai/gatehouse/op"
)

// Conformance is what a run of the conformance tests found. The newest run is
// kept in api/conformance.json, out of which the compatibility document takes
// results and dates.
type Conformance struct {
	Gateway string            `json:"gateway"` // the version that was tested
	Date    string            `json:"date"`    // 2026-03-31
	Results map[op.ID]*Result `json:"results"`
}

// Result is what was found of one operation.
type Result struct {
	Passed int      `json:"passed"`           // how many checks did
	Failed []string `json:"failed,omitempty"` // those that did not, with what was wrong
}

// ParseConformance reads what a run found. No text at all is no run.
func ParseConformance(text []byte) (*Conformance, error) {
	c := &Conformance{}
	if len(text) == 0 {
		return c, nil
	}
	if err := json.Unmarshal(text, c); err != nil {
		return nil, fmt.Errorf("the results of conformance: %w", err)
	}
	if _, err := time.Parse(time.DateOnly, c.Date); err != nil {
		return nil, fmt.Errorf("the results of conformance: their date must be as in 2026-03-31: %w", err)
	}
	for id, r := range c.Results {
		if r == nil {
			return nil, fmt.Errorf("the results of conformance: %s has none", id)
		}
	}
	return c, nil
}

// Append appends the results as they are kept.
func (c *Conformance) Append(b []byte) ([]byte, error) {
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the results of conformance: %w", err)
	}
	return append(append(b, text...), '\n'), nil
}

// Of says in a few words what was found of an operation.
func (c *Conformance) Of(id op.ID) string {
	r := c.Results[id]
	switch {
	case r == nil:
		return "not run"
	case len(r.Failed) > 0:
		return fmt.Sprintf("%d of %d failed: %s", len(r.Failed), r.Passed+len(r.Failed), strings.Join(r.Failed, "; "))
	}
	return fmt.Sprintf("passed (%d)", r.Passed)
}

// IDs returns the operations that there are results of, in order.
func (c *Conformance) IDs() []op.ID { return slices.Sorted(maps.Keys(c.Results)) }
