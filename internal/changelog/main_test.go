package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestFold(t *testing.T) {
	notes, err := readNotes(fstest.MapFS{
		"n/b.md": {Data: []byte("Fixed: a stream that broke\nis never closed as if it had finished.\n")},
		"n/a.md": {Data: []byte("Added: one thing.\n\nWith a second paragraph.\n")},
		"n/c.md": {Data: []byte("Added: another: with a colon.\n")},
	}, "n")
	if err != nil {
		t.Fatal(err)
	}
	const want = `### Added

- one thing.

  With a second paragraph.
- another: with a colon.

### Fixed

- a stream that broke
  is never closed as if it had finished.
`
	if diff := cmp.Diff(want, fold(notes)); diff != "" {
		t.Errorf("sections (-want +got):\n%s", diff)
	}
}

func TestReadNotesReportsEveryMistake(t *testing.T) {
	_, err := readNotes(fstest.MapFS{
		"n/a.txt":   {Data: []byte("Added: a.\n")},
		"n/b.md":    {Data: []byte("New: a thing.\n")},
		"n/c.md":    {Data: []byte("Added: no full stop\n")},
		"n/d.md":    {Data: []byte("Added:\n")},
		"n/e.md":    {Data: []byte("Added: a.\n# Heading.\n")},
		"n/fine.md": {Data: []byte("Security: fine.\n")},
	}, "n")
	if err == nil {
		t.Fatal("no error")
	}
	for _, name := range []string{"n/a.txt: ", "n/b.md: ", "n/c.md: ", "n/d.md: ", "n/e.md: "} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("nothing is said of %sin %q", name, err)
		}
	}
	if strings.Contains(err.Error(), "fine") {
		t.Errorf("a good note is complained of: %v", err)
	}
}

// repository makes a folder with a changelog and one note.
func repository(t *testing.T, changelog string) string {
	t.Helper()
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, notesDir), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{changelogFile: changelog, notesDir + "/x.md": "Added: a thing.\n"} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestRelease(t *testing.T) {
	const head = "# Changelog\n\n## [Unreleased]\n\nSee the notes.\n"
	const section = "\n## [0.2.0] - 2026-11-21\n\n### Added\n\n- a thing.\n"
	const older = "\n## [0.1.0] - 2026-01-01\n\n### Added\n\n- all of it.\n"
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name, before, version, want, message string
	}{
		{"the first", head, "0.2.0", head + section, ""},
		{"above an older one", head + older, "0.2.0", head + section + older, ""},
		{"there already", head + older, "0.1.0", head + older, "has version 0.1.0 already"},
		{"no version", head, "v2", head, "want major.minor.patch"},
		{"no heading", "# Changelog\n", "0.2.0", "# Changelog\n", "has no heading"},
	} {
		t.Run(test.name, func(t *testing.T) {
			root := repository(t, test.before)
			var stdout, stderr bytes.Buffer
			code := run(root, now, []string{"-release", test.version}, &stdout, &stderr)
			if (code == 0) != (test.message == "") || !strings.Contains(stderr.String(), test.message) {
				t.Errorf("code %d and %q, want %q", code, &stderr, test.message)
			}
			got, err := os.ReadFile(filepath.Join(root, changelogFile))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, string(got)); diff != "" {
				t.Errorf("changelog (-want +got):\n%s", diff)
			}
			_, err = os.Stat(filepath.Join(root, notesDir, "x.md"))
			if gone := os.IsNotExist(err); gone != (code == 0) {
				t.Errorf("the note is gone: %t, with code %d", gone, code)
			}
		})
	}
}

func TestReleaseOfNothing(t *testing.T) {
	root := repository(t, "## [Unreleased]\n")
	if err := os.Remove(filepath.Join(root, notesDir, "x.md")); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	if code := run(root, time.Time{}, []string{"-release", "0.2.0"}, &stderr, &stderr); code != 1 || !strings.Contains(stderr.String(), "nothing to release") {
		t.Errorf("code %d, %q", code, &stderr)
	}
}

func TestNoNotes(t *testing.T) {
	var out bytes.Buffer
	if code := run(t.TempDir(), time.Time{}, nil, &out, &out); code != 0 || out.Len() != 0 {
		t.Errorf("code %d, %q; want nothing", code, &out)
	}
}

func TestRunRefuses(t *testing.T) {
	var out bytes.Buffer
	if code := run(t.TempDir(), time.Time{}, []string{"-nonsense"}, &out, &out); code != 2 {
		t.Errorf("an unknown flag: code %d, want 2", code)
	}
	if code := run(t.TempDir(), time.Time{}, []string{"-release", "0.2.0"}, &out, &out); code != 1 {
		t.Errorf("no repository: code %d, want 1", code)
	}
}

// TestRepository reads the notes of this repository and looks whether they
// could be released.
func TestRepository(t *testing.T) {
	const root = "../.."
	var stdout, stderr bytes.Buffer
	if code := run(root, time.Time{}, nil, &stdout, &stderr); code != 0 {
		t.Fatalf("code %d: %s", code, &stderr)
	}
	text, err := os.ReadFile(filepath.Join(root, changelogFile))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := insert(string(text), "999.0.0", time.Time{}, []note{{"x.md", "Added", "a thing."}}); err != nil {
		t.Error(err)
	}
}
