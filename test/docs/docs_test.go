package docs_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/config"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/meter"
	"github.com/gatehouse-ai/gatehouse/record"
	"github.com/gatehouse-ai/gatehouse/telemetry"
)

// root is the root of the repository.
const root = "../.."

// TestConfigurationsInDocuments reads every configuration that a document
// shows: a block of YAML whose first line is "# gatehouse.yaml".
func TestConfigurationsInDocuments(t *testing.T) {
	block := regexp.MustCompile("(?s)```yaml\n(# gatehouse\\.yaml\n.*?)```")
	variable := regexp.MustCompile(`\$\{env:(\w+)\}`)
	found := 0
	for _, name := range documents(t) {
		for _, m := range block.FindAllStringSubmatch(read(t, name), -1) {
			found++
			for _, v := range variable.FindAllStringSubmatch(m[1], -1) {
				t.Setenv(v[1], "sk-"+strings.ToLower(v[1]))
			}
			if _, err := config.Parse("gatehouse.yaml", []byte(m[1])); err != nil {
				t.Errorf("%s shows a configuration with mistakes:\n%v\n%s", name, err, m[1])
			}
		}
	}
	if found == 0 {
		t.Error("no document shows a configuration")
	}
}

// documents returns the README and every page below docs.
func documents(t *testing.T) []string {
	t.Helper()
	names := []string{"README.md"}
	err := fs.WalkDir(os.DirFS(root), "docs", func(name string, _ fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(name) == ".md" {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestEveryDocumentIsListed wants a link to each page: in docs/README.md, or in
// the README of the page's own folder.
func TestEveryDocumentIsListed(t *testing.T) {
	for _, name := range documents(t) {
		if name == "README.md" || name == "docs/README.md" {
			continue
		}
		listed := false
		for _, index := range []string{"docs/README.md", filepath.Join(filepath.Dir(name), "README.md")} {
			text, err := os.ReadFile(filepath.Join(root, index))
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			link, err := filepath.Rel(filepath.Dir(index), name)
			if err != nil {
				t.Fatal(err)
			}
			listed = listed || strings.Contains(string(text), "("+filepath.ToSlash(link)+")")
		}
		if !listed {
			t.Errorf("%s is linked from no index: add it to docs/README.md", name)
		}
	}
}

// TestKeysOfTheLog wants every key of a request's log line on the page for
// operators.
func TestKeysOfTheLog(t *testing.T) {
	var line bytes.Buffer
	log := telemetry.NewAccess(&line, telemetry.JSON, slog.LevelInfo)
	log.Done(&record.Record{
		ID: "x", ClientID: "x", Start: time.Unix(1, 0), First: 1e9, Duration: 1e9, Method: "x", Path: "x", Operation: "x",
		Remote: "x", Key: "x", Model: "x", Route: "x", Endpoint: "x", Upstream: "x", Fallback: true, Attempts: 1, Status: 500,
		Outcome: record.UpstreamError, Fault: fault.New(fault.UpstreamError, "x"), Stream: true, BytesIn: 1, BytesOut: 1,
		Usage: meter.Usage{Input: 1, Output: 1, CachedInput: 1, Known: true}, Generation: 1,
	})
	log.Close()
	var got map[string]any
	if err := json.Unmarshal(line.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(read(t, "docs/operating.md"), "\n## Logs\n")
	text, _, _ = strings.Cut(text, "\n## ")
	var said []string
	for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]*`) \\|").FindAllStringSubmatch(text, -1) {
		said = append(said, strings.Split(strings.Trim(row[1], "`"), "`, `")...)
	}
	slices.Sort(said)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(got)), said); diff != "" {
		t.Errorf("the keys of the log and those of docs/operating.md: %s", diff)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
