package fakellm_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/fakellm"
)

// FuzzBodies sends any body to any path: the engine answers with a status that
// fits, and what it declares as JSON is JSON.
func FuzzBodies(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		_, list := sections(string(data))
		for _, s := range list {
			head, body, _ := strings.Cut(s.text, "\n\n")
			words := strings.Fields(head)
			if len(words) < 4 || words[0] != http.MethodPost || !strings.HasSuffix(s.name, ".request") {
				continue
			}
			_, media, _ := strings.Cut(head, "Content-Type: ")
			media, _, _ = strings.Cut(media, "\n")
			if strings.HasPrefix(media, "multipart/") {
				body = strings.ReplaceAll(body, "\n", "\r\n")
			}
			f.Add(filepath.Base(filepath.Dir(file)), words[1], media, body)
		}
	}
	engines := map[string]*fakellm.Engine{}
	for _, d := range fakellm.Dialects() {
		engines[string(d)] = fakellm.New(d, fakellm.Models("m"), fakellm.Dimensions(4), fakellm.Context(1000), fakellm.Keep(1))
	}
	f.Fuzz(func(t *testing.T, dialect, path, media, body string) {
		e := engines[dialect]
		if e == nil || !strings.HasPrefix(path, "/") || strings.ContainsAny(path, " %#?\r\n\x00") {
			return
		}
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.URL.Path = path
		r.Header.Set("Content-Type", media)
		r.Header.Set("Anthropic-Version", "2023-06-01")
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r)
		if w.Code < 200 || w.Code >= 500 {
			t.Errorf("%s %q: status %d %s", path, body, w.Code, w.Body)
		}
		lines := []string{w.Body.String()}
		switch got := w.Header().Get("Content-Type"); {
		case strings.HasPrefix(got, "application/json"):
		case got == "application/x-ndjson":
			lines = strings.Split(strings.TrimSuffix(lines[0], "\n"), "\n")
		case strings.HasPrefix(got, "text/event-stream"):
			lines = events(t, w.Body)
		default:
			return
		}
		for _, line := range lines {
			if line != "[DONE]" && !json.Valid([]byte(line)) {
				t.Errorf("%s %q: no JSON: %q", path, body, line)
			}
		}
	})
}
