package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	name := filepath.Join(t.TempDir(), "tiny.gguf")
	for _, test := range []struct {
		args   []string
		code   int
		stdout string
		stderr string
	}{
		{nil, 2, "", "the name of the file to write was wanted"},
		{[]string{filepath.Join(name, "below")}, 1, "", "error: "},
		{[]string{name}, 0, "the model answers", ""},
	} {
		var stdout, stderr bytes.Buffer
		if code := run(test.args, &stdout, &stderr); code != test.code {
			t.Errorf("%q: code %d, want %d", test.args, code, test.code)
		}
		if !strings.Contains(stdout.String(), test.stdout) || !strings.Contains(stderr.String(), test.stderr) {
			t.Errorf("%q: got %q and %q, want %q and %q", test.args, &stdout, &stderr, test.stdout, test.stderr)
		}
	}
	text, err := os.ReadFile(name)
	if err != nil || !bytes.HasPrefix(text, []byte("GGUF")) {
		t.Errorf("the file begins with %.4q (%v)", text, err)
	}
}
