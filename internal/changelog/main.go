package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// The places, from the root of the repository.
const (
	changelogFile = "CHANGELOG.md"
	notesDir      = "changes/unreleased"
)

// unreleased is the heading under which nothing but a pointer to the notes stands.
const unreleased = "## [Unreleased]"

func main() {
	os.Exit(run(".", time.Now(), os.Args[1:], os.Stdout, os.Stderr))
}

// run does what the arguments say in the repository at root, and returns the
// code to exit with.
func run(root string, now time.Time, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("changelog", flag.ContinueOnError)
	flags.SetOutput(stderr)
	version := flags.String("release", "", "the version to release, without a v in front")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	notes, err := readNotes(os.DirFS(root), notesDir)
	if err == nil && *version == "" {
		_, err = io.WriteString(stdout, fold(notes))
	} else if err == nil {
		err = release(root, *version, now, notes)
	}
	if err != nil {
		fmt.Fprintf(stderr, "error: %v\nhint: changes/README.md tells how notes are written\n", err)
		return 1
	}
	return 0
}

// release moves the notes into the changelog as one version. The notes are
// removed last, so a failure loses nothing.
func release(root, version string, now time.Time, notes []note) error {
	file := filepath.Join(root, changelogFile)
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	out, err := insert(string(text), version, now, notes)
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, []byte(out), 0o644); err != nil {
		return err
	}
	var failed []error
	for _, n := range notes {
		failed = append(failed, os.Remove(filepath.Join(root, n.file)))
	}
	return errors.Join(failed...)
}

// insert returns the changelog with a version above those that it has.
func insert(text, version string, now time.Time, notes []note) (string, error) {
	if !regexp.MustCompile(`^\d+\.\d+\.\d+(-[0-9a-z.]+)?$`).MatchString(version) {
		return "", fmt.Errorf("version %q: want major.minor.patch, such as 0.2.0", version)
	}
	if len(notes) == 0 {
		return "", fmt.Errorf("there is no note in %s, so there is nothing to release", notesDir)
	}
	heading := "## [" + version + "]"
	if strings.Contains(text, heading) {
		return "", fmt.Errorf("%s has version %s already", changelogFile, version)
	}
	k := strings.Index(text, unreleased+"\n")
	if k < 0 {
		return "", fmt.Errorf("%s has no heading %q", changelogFile, unreleased)
	}
	section := fmt.Sprintf("%s - %s\n\n%s", heading, now.Format(time.DateOnly), fold(notes))
	older := strings.Index(text[k+len(unreleased):], "\n## [")
	if older < 0 {
		return strings.TrimRight(text, "\n") + "\n\n" + section, nil
	}
	at := k + len(unreleased) + older + 1
	return text[:at] + section + "\n" + text[at:], nil
}
