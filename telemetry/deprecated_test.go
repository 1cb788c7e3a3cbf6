package telemetry

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/record"
)

// Requests for an operation that will go are counted by key, others are not.
func TestDeprecatedOperationsAreCountedByKey(t *testing.T) {
	m := NewMetrics("v1")
	m.resolver.operations["old"] = true
	for _, r := range []*record.Record{
		{Operation: "old", Key: "alice"},
		{Operation: "old", Key: "alice"},
		{Operation: "old", Key: "bob"},
		{Operation: "createEmbedding", Key: "alice"},
		{Operation: "nowhere", Key: "alice"},
	} {
		m.Done(r)
	}
	if got := deprecatedSeries(t, m); strings.Join(got, "\n") != nameDeprecated+`{key="alice",operation="old"} 2`+"\n"+nameDeprecated+`{key="bob",operation="old"} 1` {
		t.Errorf("got %q", got)
	}
	for i := range 2 * someSeries {
		m.Done(&record.Record{Operation: "old", Key: strconv.Itoa(i)})
	}
	got := deprecatedSeries(t, m)
	if len(got) > someSeries+1 || !slices.ContainsFunc(got, func(l string) bool { return strings.Contains(l, `key="other"`) }) {
		t.Errorf("%d series", len(got))
	}
}

// deprecatedSeries returns the series of the metric.
func deprecatedSeries(t *testing.T, m *Metrics) []string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	var got []string
	for line := range strings.Lines(w.Body.String()) {
		if strings.HasPrefix(line, nameDeprecated) {
			got = append(got, strings.TrimSpace(line))
		}
	}
	return got
}
