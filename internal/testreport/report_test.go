package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReport(t *testing.T) {
	const (
		passing = `{"Action":"start","Package":"m/a"}
{"Action":"run","Package":"m/a","Test":"TestX"}
{"Action":"output","Package":"m/a","Test":"TestX","Output":"=== RUN   TestX\n"}
{"Action":"output","Package":"m/a","Test":"TestX","Output":"    x_test.go:1: chatter\n"}
{"Action":"pass","Package":"m/a","Test":"TestX","Elapsed":0}
{"Action":"output","Package":"m/a","Output":"PASS\n"}
{"Action":"pass","Package":"m/a","Elapsed":1.5}
{"Action":"skip","Package":"m/empty","Elapsed":0}
`
		failing = `{"Action":"output","Package":"m/b","Test":"TestY/sub","Output":"    y_test.go:2: got 1, want 2\n"}
{"Action":"fail","Package":"m/b","Test":"TestY/sub","Elapsed":0}
{"Action":"fail","Package":"m/b","Test":"TestY","Elapsed":0}
{"Action":"fail","Package":"m/b","Elapsed":0.1}
`
		skipping = `{"Action":"output","Package":"m/c","Test":"TestZ","Output":"    z_test.go:3: llama-server is not installed\n"}
{"Action":"skip","Package":"m/c","Test":"TestZ","Elapsed":0}
{"Action":"pass","Package":"m/c","Elapsed":0}
`
		broken = `{"ImportPath":"m/d","Action":"build-output","Output":"d/d.go:1:1: expected 'package'\n"}
{"ImportPath":"m/d","Action":"build-fail"}
{"Action":"output","Package":"m/d","Output":"FAIL\tm/d [build failed]\n"}
{"Action":"fail","Package":"m/d","Elapsed":0,"FailedBuild":"m/d"}
`
	)
	for _, test := range []struct {
		name, in string
		skips    bool
		ok       bool
		want     string
	}{
		{"passing", passing, false, true, `ok   m/a 1.50s
packages: 1 passed, 0 failed, 1 without tests
tests: 1 passed, 0 failed, 0 skipped
PASS
`},
		{"failing", passing + failing, false, false, `ok   m/a 1.50s
FAIL m/b.TestY/sub
        y_test.go:2: got 1, want 2
FAIL m/b.TestY
FAIL m/b 0.10s
failed: m/b.TestY/sub
failed: m/b.TestY
packages: 1 passed, 1 failed, 1 without tests
tests: 1 passed, 2 failed, 0 skipped
FAIL
`},
		{"skipping", passing + skipping, false, false, `ok   m/a 1.50s
ok   m/c 0.00s
SKIP m/c.TestZ
        z_test.go:3: llama-server is not installed
packages: 2 passed, 0 failed, 1 without tests
tests: 1 passed, 0 failed, 1 skipped
FAIL: tests were skipped; test/deps installs what they need
`},
		{"skips allowed", passing + skipping, true, true, `ok   m/a 1.50s
ok   m/c 0.00s
SKIP m/c.TestZ
        z_test.go:3: llama-server is not installed
packages: 2 passed, 0 failed, 1 without tests
tests: 1 passed, 0 failed, 1 skipped
PASS
`},
		{"a build that broke", passing + broken, false, false, `ok   m/a 1.50s
d/d.go:1:1: expected 'package'
FAIL m/d 0.00s
    FAIL	m/d [build failed]
failed: m/d
packages: 1 passed, 1 failed, 1 without tests
tests: 1 passed, 0 failed, 0 skipped
FAIL
`},
		{"nothing", "", false, false, `packages: 0 passed, 0 failed, 0 without tests
tests: 0 passed, 0 failed, 0 skipped
FAIL: no test was run
`},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			r := newReport(&out)
			if err := r.read(strings.NewReader(test.in)); err != nil {
				t.Fatal(err)
			}
			if ok := r.close(test.skips); ok != test.ok {
				t.Errorf("all well: %t, want %t", ok, test.ok)
			}
			if diff := cmp.Diff(test.want, out.String()); diff != "" {
				t.Errorf("output (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	var out bytes.Buffer
	if err := newReport(&out).read(strings.NewReader("go: no such tool\n")); err == nil {
		t.Error("text that is no JSON gave no error")
	}
}

// TestRun runs go test for real: on the tests of a package that has few.
func TestRun(t *testing.T) {
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"-run", "TestReadRefuses", "."}, 0, "tests: 1 passed, 0 failed, 0 skipped\nPASS\n"},
		{[]string{"-run", "TestNothing", "."}, 1, "FAIL: no test was run\n"},
		{[]string{"./nowhere"}, 1, "FAIL\n"},
	} {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), test.args, &stdout, &stderr); code != test.code || !strings.HasSuffix(stdout.String(), test.want) {
			t.Errorf("%q: code %d, want %d; output:\n%s%s", test.args, code, test.code, &stdout, &stderr)
		}
	}
}
