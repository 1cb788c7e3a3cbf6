package httpapi_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/httpapi"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/record"
	"github.com/gatehouse-ai/gatehouse/relay"
	"github.com/gatehouse-ai/gatehouse/snapshot"
)

// handler answers, or fails where it is asked to.
type handler struct{}

func (handler) Serve(c *httpapi.Call) error {
	if c.Request.URL.RawQuery == "fail" {
		return fault.New(fault.InvalidParameter, "wrong")
	}
	return c.Writer.Head(http.StatusNoContent, nil)
}

// Every answer of an operation that will go says until when it is there, and
// where its successor is at the level that was asked for.
func TestDeprecatedOperationsSaySo(t *testing.T) {
	row := op.Operation{Method: "GET", Level: op.V1, Owner: "o", Scope: "s", Class: op.Control, Reply: op.JSON, Compat: op.Extension, Summary: "x"}
	old, fresh, young := row, row, row
	old.ID, old.Path = "old", "/old"
	old.Deprecated = &op.Deprecation{Since: "2026-03-31", Release: "0.4", Sunset: "2026-12-31", Instead: "fresh", Why: "It is old."}
	fresh.ID, fresh.Path = "fresh", "/fresh"
	young.ID, young.Path, young.Level = "young", "/young", op.V1Beta
	gone := young
	gone.ID, gone.Path = "gone", "/gone"
	gone.Deprecated = &op.Deprecation{Since: "2026-03-31", Release: "0.4", Sunset: "2026-05-31", Why: "x"}
	table := op.Table{fresh, gone, old, young}
	if err := table.Validate(); err != nil {
		t.Fatal(err)
	}
	server, err := httpapi.New(table, httpapi.Options{
		Handlers: httpapi.Handlers{"o": handler{}},
		Current:  func() *relay.Generation { return &relay.Generation{Snapshot: &snapshot.Snapshot{}} },
		Begin:    func() {}, Done: func(*record.Record) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	notice := map[string]string{"Deprecation": "@1774915200", "Sunset": "Thu, 31 Dec 2026 00:00:00 GMT", "Link": `</v1/fresh>; rel="successor-version"`}
	for _, c := range []struct {
		path   string
		status int
		want   map[string]string
	}{
		{"/v1/old", 204, notice},
		{"/v1/old?fail", 400, notice},
		{"/v1alpha/old", 204, map[string]string{"Deprecation": notice["Deprecation"], "Sunset": notice["Sunset"], "Link": `</v1alpha/fresh>; rel="successor-version"`}},
		{"/v1beta/gone", 204, map[string]string{"Deprecation": "@1774915200", "Sunset": "Sun, 31 May 2026 00:00:00 GMT"}},
		{"/v1/fresh", 204, nil},
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, c.path, http.NoBody)
		r.Host = "localhost"
		server.ServeHTTP(w, r)
		got := map[string]string{}
		for _, name := range slices.Sorted(maps.Keys(notice)) {
			if v := w.Header().Values(name); len(v) > 0 {
				got[name] = v[0]
			}
		}
		if w.Code != c.status || !maps.Equal(got, c.want) {
			t.Errorf("%s: %d %v, want %d %v", c.path, w.Code, got, c.status, c.want)
		}
	}
}
