package contract_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/api"
	"github.com/gatehouse-ai/gatehouse/internal/contract"
	"github.com/gatehouse-ai/gatehouse/op"
)

func read(t *testing.T, path ...string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(append([]string{"..", ".."}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// What the last release promised is kept, or a reviewer has agreed, users are
// told and a commit is marked.
func TestReleasedPromisesAreKept(t *testing.T) {
	release := strings.TrimSpace(string(read(t, "api", "released", "VERSION")))
	waivers, err := contract.ParseWaivers(string(read(t, "api", "waivers.txt")))
	if err != nil {
		t.Fatal(err)
	}
	var breaks []contract.Break
	for _, level := range []op.Level{op.V1, op.V1Beta} {
		now, err := api.OpenAPI(level)
		if err != nil {
			t.Fatal(err)
		}
		found, err := contract.Compare(level, release, read(t, "api", "released", api.OpenAPIFile(level)), now)
		if err != nil {
			t.Fatal(err)
		}
		breaks = append(breaks, found...)
	}
	told := func(w contract.Waiver) bool {
		text, err := os.ReadFile(filepath.Join("..", "..", "changes", "unreleased", filepath.Base(w.Note)))
		return err == nil && strings.Contains(string(text), "Breaks "+w.Level)
	}
	marked := len(waivers) > 0 && contract.Marked(messages(t, "v"+release)...)
	for _, err := range contract.Judge(breaks, waivers, marked, told) {
		t.Error(err)
	}
}

// messages returns those of the commits since a tag, or of the last one where the
// tag is not there.
func messages(t *testing.T, tag string) []string {
	t.Helper()
	for _, args := range [][]string{{"log", "--format=%B%x00", tag + "..HEAD"}, {"log", "-1", "--format=%B%x00"}} {
		if out, err := exec.CommandContext(t.Context(), "git", args...).Output(); err == nil {
			return strings.Split(string(out), "\x00")
		}
	}
	return nil
}
