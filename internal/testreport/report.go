package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// event is one line of what `go test -json` prints.
type event struct {
	Action     string
	Package    string
	ImportPath string // of a build, instead of Package
	Test       string
	Output     string
	Elapsed    float64
}

// report adds up events and writes what a reader wants to know of them.
type report struct {
	out      io.Writer
	output   map[string][]string // by package and test, until it has ended
	skipped  []string            // names, each with its reason
	failed   []string            // names of tests, and of packages that failed as a whole
	tests    struct{ passed, failed, skipped int }
	packages struct{ passed, failed, empty int }
	inside   map[string]bool // packages in which a test has failed
}

func newReport(out io.Writer) *report {
	return &report{out: out, output: map[string][]string{}, inside: map[string]bool{}}
}

// read takes events until the end. Lines that are none are shown as they are.
func (r *report) read(in io.Reader) error {
	dec := json.NewDecoder(in)
	for {
		var e event
		err := dec.Decode(&e)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			rest, _ := io.ReadAll(io.LimitReader(dec.Buffered(), 1<<12))
			fmt.Fprintf(r.out, "%s\n", bytes.TrimSpace(rest))
			return fmt.Errorf("its output is not what go test -json prints: %w", err)
		}
		r.take(e)
	}
}

// take takes one event.
func (r *report) take(e event) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "build-output":
		fmt.Fprint(r.out, e.Output)
	case "output":
		r.output[key] = append(r.output[key], e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			r.endPackage(e)
		} else {
			r.endTest(e)
		}
		delete(r.output, key)
	}
}

func (r *report) endTest(e event) {
	name := e.Package + "." + e.Test
	switch e.Action {
	case "pass":
		r.tests.passed++
	case "fail":
		r.tests.failed++
		r.inside[e.Package] = true
		r.failed = append(r.failed, name)
		fmt.Fprintf(r.out, "FAIL %s\n%s", name, r.said(e))
	case "skip":
		r.tests.skipped++
		r.skipped = append(r.skipped, name+"\n"+r.said(e))
	}
}

func (r *report) endPackage(e event) {
	switch e.Action {
	case "pass":
		r.packages.passed++
		fmt.Fprintf(r.out, "ok   %s %.2fs\n", e.Package, e.Elapsed)
	case "skip":
		r.packages.empty++
	case "fail":
		r.packages.failed++
		if !r.inside[e.Package] { // a panic, a timeout, a build
			r.failed = append(r.failed, e.Package)
		}
		fmt.Fprintf(r.out, "FAIL %s %.2fs\n%s", e.Package, e.Elapsed, r.said(e))
	}
}

// said returns what a test or package printed, indented, without the lines by
// which go test itself tells of its progress.
func (r *report) said(e event) string {
	var b strings.Builder
	for _, s := range r.output[e.Package+" "+e.Test] {
		if t := strings.TrimSpace(s); t != "" && !strings.HasPrefix(t, "=== ") {
			b.WriteString("    " + strings.TrimRight(s, "\n") + "\n")
		}
	}
	return b.String()
}

// close writes the closing lines and tells whether all is well.
func (r *report) close(skips bool) bool {
	for _, s := range r.skipped {
		fmt.Fprintf(r.out, "SKIP %s", s)
	}
	for _, s := range r.failed {
		fmt.Fprintf(r.out, "failed: %s\n", s)
	}
	fmt.Fprintf(r.out, "packages: %d passed, %d failed, %d without tests\n", r.packages.passed, r.packages.failed, r.packages.empty)
	fmt.Fprintf(r.out, "tests: %d passed, %d failed, %d skipped\n", r.tests.passed, r.tests.failed, r.tests.skipped)
	switch {
	case r.packages.failed > 0 || r.tests.failed > 0:
		fmt.Fprintln(r.out, "FAIL")
		return false
	case r.tests.skipped > 0 && !skips:
		fmt.Fprintln(r.out, "FAIL: tests were skipped; test/deps installs what they need")
		return false
	case r.tests.passed == 0:
		fmt.Fprintln(r.out, "FAIL: no test was run")
		return false
	}
	fmt.Fprintln(r.out, "PASS")
	return true
}
