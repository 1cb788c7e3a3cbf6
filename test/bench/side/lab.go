package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-ai/gatehouse/test/bench/peer"
	"github.com/gatehouse-ai/gatehouse/test/bench/rig"
	"github.com/gatehouse-ai/gatehouse/test/bench/standings"
)

// lab is where it is measured: what is installed and built, and the report.
type lab struct {
	o        *options
	root     string
	dir      string
	stderr   io.Writer
	bench    *rig.Bench
	cpus     []int
	tls      *rig.Certificates
	gateways []peer.Gateway
	phases   []phase
	report   *standings.Report
	started  int // processes, for names of folders
}

func newLab(o *options, root, dir string, stderr io.Writer) (*lab, error) {
	l := &lab{o: o, root: root, dir: dir, stderr: stderr, bench: rig.New()}
	var err error
	if l.cpus, err = rig.Allowed(os.DirFS("/proc")); err != nil {
		return nil, err
	}
	if l.phases, err = phases(o); err != nil {
		return nil, err
	}
	l.report = &standings.Report{
		When: time.Now().Format("2 January 2006"), Machine: machine(os.DirFS("/"), l.cpus),
		Settings: standings.Settings{Rounds: o.rounds, Duration: o.duration.Seconds()},
		Targets:  []standings.Target{{Name: peer.Direct, Title: "the upstream itself, without a gateway"}},
	}
	return l, l.choose()
}

// choose finds out what can be measured.
func (l *lab) choose() error {
	wanted := list(l.o.targets)
	for _, w := range wanted {
		if w != peer.Direct && !slices.ContainsFunc(peer.All(), func(g peer.Gateway) bool { return g.Name == w }) {
			return fmt.Errorf("there is no target %q", w)
		}
	}
	for _, g := range peer.All() {
		if len(wanted) > 0 && !slices.Contains(wanted, g.Name) || g.Slow && !l.o.slowPeers {
			continue
		}
		if !g.Installed(l.root) {
			l.report.Missing = append(l.report.Missing, standings.Missing{Name: g.Name, Needs: g.Needs})
			fmt.Fprintf(l.stderr, "left out, since it is not installed: %s (%s)\n", g.Name, g.Needs)
			continue
		}
		l.gateways = append(l.gateways, g)
		l.report.Targets = append(l.report.Targets, standings.Target{Name: g.Name, Title: g.Title, Version: g.Version(l.root)})
	}
	if l.o.require && len(l.report.Missing) > 0 {
		return errors.New("not everything is installed, and -require was given")
	}
	return nil
}

// run measures everything.
func (l *lab) run(ctx context.Context) error {
	if err := l.build(ctx); err != nil {
		return err
	}
	if l.o.tls {
		var err error
		if l.tls, err = rig.MakeCertificates(l.dir, time.Now()); err != nil {
			return err
		}
	}
	if err := l.start(ctx); err != nil {
		return err
	}
	for i := range l.phases {
		p := &l.phases[i]
		began := time.Now()
		fmt.Fprintf(l.stderr, "%s ...", p.key)
		if err := l.phase(ctx, p); err != nil {
			fmt.Fprintln(l.stderr)
			return fmt.Errorf("phase %s: %w", p.key, err)
		}
		fmt.Fprintf(l.stderr, " %.0f s\n", time.Since(began).Seconds())
		l.report.Goals = standings.Judge(l.report)
	}
	l.report.Goals = standings.Judge(l.report)
	return nil
}

// bin returns where a program that was built is.
func (l *lab) bin(name string) string { return filepath.Join(l.dir, "bin", name) }

// build builds what is measured as `make build` does.
func (l *lab) build(ctx context.Context) error {
	fmt.Fprintln(l.stderr, "building ...")
	if err := os.Mkdir(l.bin(""), 0o700); err != nil {
		return fmt.Errorf("making a folder for programs: %w", err)
	}
	packages := []string{"./test/bench/revproxy"}
	if l.o.gatehouse == "" {
		packages = append(packages, "./cmd/gatehouse")
	} else {
		path, err := filepath.Abs(l.o.gatehouse)
		if err == nil {
			_, err = os.Stat(path)
		}
		if err = errors.Join(err, os.Symlink(path, l.bin("gatehouse"))); err != nil {
			return fmt.Errorf("taking the binary of Gatehouse: %w", err)
		}
	}
	cmd := exec.CommandContext(ctx, "go", append([]string{"build", "-trimpath", "-o", l.bin("") + "/"}, packages...)...)
	cmd.Dir = l.root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building: %w\n%s", err, out)
	}
	return nil
}

// write writes the report to all who want it. Answers that were wrong make it
// fail afterwards.
func (l *lab) write(stdout io.Writer) error {
	text := l.report.Markdown()
	if _, err := io.WriteString(stdout, text); err != nil {
		return fmt.Errorf("printing the report: %w", err)
	}
	if l.o.markdown != "" {
		page, err := os.ReadFile(l.o.markdown)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("reading the page for the report: %w", err)
		}
		if err := os.WriteFile(l.o.markdown, []byte(standings.Insert(string(page), text)), 0o644); err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
	}
	if l.o.json != "" {
		text, err := l.report.JSON()
		if err != nil {
			return fmt.Errorf("encoding the report: %w", err)
		}
		if err := os.WriteFile(l.o.json, text, 0o644); err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
	}
	if l.report.Wrong() > 0 {
		return errNotRight
	}
	return nil
}

// folder makes a folder for a process.
func (l *lab) folder(name string) (string, error) {
	l.started++
	dir := filepath.Join(l.dir, fmt.Sprintf("%03d-%s", l.started, strings.ReplaceAll(name, "/", "-")))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", fmt.Errorf("making a folder for %s: %w", name, err)
	}
	return dir, nil
}
