package fakellm_test

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/fakellm"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGolden plays the exchanges of testdata: each x.request is sent to a fresh
// engine of the folder's dialect, and must yield x.response. Time stands still.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil || len(files) < 10 {
		t.Fatalf("there are %d golden files (%v)", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimPrefix(file, "testdata/"), func(t *testing.T) {
			dialect := fakellm.Dialect(filepath.Base(filepath.Dir(file)))
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			comment, sections := sections(string(data))
			want := map[string]string{}
			for _, s := range sections {
				want[s.name] = s.text
			}
			var out strings.Builder
			out.WriteString(comment)
			for _, s := range sections {
				name, ok := strings.CutSuffix(s.name, ".request")
				if !ok {
					continue
				}
				got := exchange(t, dialect, []byte(s.text))
				fmt.Fprintf(&out, "-- %s --\n%s-- %s.response --\n%s", s.name, s.text, name, got)
				if d := cmp.Diff(want[name+".response"], string(got)); d != "" && !*update {
					t.Errorf("%s: -want +got\n%s", name, d)
				}
			}
			if *update {
				if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

type section struct{ name, text string }

// sections reads an archive: a comment, then sections that begin with a line
// "-- name --".
func sections(archive string) (comment string, out []section) {
	for line := range strings.Lines(archive) {
		name, ok := strings.CutPrefix(line, "-- ")
		if name, end := strings.CutSuffix(name, " --\n"); ok && end {
			out = append(out, section{name: name})
		} else if len(out) == 0 {
			comment += line
		} else {
			out[len(out)-1].text += line
		}
	}
	return comment, out
}

// exchange sends a request, written as in HTTP but without a length, to an
// engine with the model m and embeddings of four numbers.
func exchange(t *testing.T, d fakellm.Dialect, request []byte) (response []byte) {
	t.Helper()
	head, body, _ := bytes.Cut(request, []byte("\n\n"))
	body = bytes.TrimSuffix(body, []byte("\n"))
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(
		strings.ReplaceAll(string(head), "\n", "\r\n") + fmt.Sprintf("\r\nHost: x\r\nContent-Length: %d\r\n\r\n", len(body)) + string(body))))
	if err != nil {
		t.Fatalf("%s: %v", request, err)
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") { // whose lines end in CRLF
		body = bytes.ReplaceAll(body, []byte("\n"), []byte("\r\n"))
	}
	r2 := httptest.NewRequest(r.Method, r.URL.String(), bytes.NewReader(body))
	r2.Header = r.Header
	synctest.Test(t, func(*testing.T) {
		w := httptest.NewRecorder()
		fakellm.New(d, fakellm.Models("m", "n:1b"), fakellm.Dimensions(4), fakellm.Context(4096)).ServeHTTP(w, r2)
		var b bytes.Buffer
		fmt.Fprintf(&b, "%d %s\n", w.Code, w.Header().Get("Content-Type"))
		for _, name := range []string{"Allow", "Request-Id", "X-Compute-Tokens"} {
			if v := w.Header().Get(name); v != "" {
				fmt.Fprintf(&b, "%s: %s\n", name, v)
			}
		}
		fmt.Fprintf(&b, "\n%s", w.Body.Bytes())
		if !bytes.HasSuffix(b.Bytes(), []byte("\n")) {
			b.WriteByte('\n')
		}
		response = b.Bytes()
	})
	return response
}
