package describing_test

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/gatehouse-ai/gatehouse/api"
	"github.com/gatehouse-ai/gatehouse/gwtest"
	"github.com/gatehouse-ai/gatehouse/op"
)

const config = `
endpoints:
  - {name: e, url: "http://127.0.0.1:9"}
models:
  - {name: m, endpoints: [e]}
`

func get(t *testing.T, url, tag string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if tag != "" {
		req.Header.Set("If-None-Match", tag)
	}
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, body
}

// Everybody gets the document of the level that is asked at, once.
func TestDocuments(t *testing.T) {
	g := gwtest.Start(t, config)
	tags := map[string]bool{}
	for _, level := range op.Levels() {
		want, err := api.OpenAPI(level)
		if err != nil {
			t.Fatal(err)
		}
		url := g.Root + "/" + level.String() + "/openapi.json"
		resp, body := get(t, url, "")
		if resp.StatusCode != http.StatusOK || string(body) != string(want) {
			t.Errorf("%s: %s, %d bytes, want %d", level, resp.Status, len(body), len(want))
		}
		var d struct {
			Servers []struct{ URL string } `json:"servers"`
		}
		if err := json.Unmarshal(body, &d); err != nil || len(d.Servers) != 1 || d.Servers[0].URL != "/"+level.String() {
			t.Errorf("%s: the document is of %v (%v)", level, d.Servers, err)
		}
		h, tag := resp.Header, resp.Header.Get("Etag")
		if h.Get("Content-Type") != "application/json" || h.Get("Access-Control-Allow-Origin") != "*" || h.Get("X-Request-Id") == "" || tags[tag] || tag == "" {
			t.Errorf("%s: header %v", level, h)
		}
		tags[tag] = true
		if resp, body := get(t, url, tag); resp.StatusCode != http.StatusNotModified || len(body) > 0 {
			t.Errorf("%s: asked again: %s, %d bytes", level, resp.Status, len(body))
		}
	}
}

func TestDocumentsAreReadOnly(t *testing.T) {
	g := gwtest.Start(t, config)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, g.URL+"/openapi.json", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusMethodNotAllowed || resp.Header.Get("Allow") != "GET" {
		t.Errorf("%s, Allow: %s", resp.Status, resp.Header.Get("Allow"))
	}
}
