package proc

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"time"
)

// Use is what a process and its descendants have used.
type Use struct {
	CPU       time.Duration // in user and system mode; of children that have ended, too
	RSS       int64         // bytes that are resident now; pages that processes share count for each
	Processes int
}

// hertz is the unit of times in /proc: Linux shows 100 to every program.
const hertz = 100

// Tree returns what a process and its descendants have used. fsys is /proc.
func Tree(fsys fs.FS, pid int) (Use, error) {
	root, err := read(fsys, strconv.Itoa(pid))
	if err != nil {
		return Use{}, err
	}
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return Use{}, fmt.Errorf("listing processes: %w", err)
	}
	children := map[int][]process{}
	for _, e := range entries {
		if _, err := strconv.Atoi(e.Name()); err != nil {
			continue
		}
		p, err := read(fsys, e.Name())
		if err != nil {
			continue // it has ended since the list was made
		}
		children[p.parent] = append(children[p.parent], p)
	}
	var u Use
	seen := map[int]bool{}
	for next := []process{root}; len(next) > 0; {
		p := next[0]
		next = next[1:]
		if seen[p.pid] {
			continue
		}
		seen[p.pid] = true
		u.Processes++
		u.CPU += p.cpu
		u.RSS += p.rss
		next = append(next, children[p.pid]...)
	}
	return u, nil
}

// process is one process.
type process struct {
	pid, parent int
	cpu         time.Duration
	rss         int64
}

func read(fsys fs.FS, pid string) (process, error) {
	stat, err := fs.ReadFile(fsys, pid+"/stat")
	if errors.Is(err, fs.ErrNotExist) {
		return process{}, fmt.Errorf("there is no process %s: %w", pid, err)
	}
	if err != nil {
		return process{}, fmt.Errorf("reading process %s: %w", pid, err)
	}
	p, err := parseStat(stat)
	if err != nil {
		return p, fmt.Errorf("reading process %s: %w", pid, err)
	}
	status, err := fs.ReadFile(fsys, pid+"/status")
	if err != nil {
		return p, fmt.Errorf("reading process %s: %w", pid, err)
	}
	p.rss = parseRSS(status)
	return p, nil
}

// parseStat reads a line of /proc/PID/stat. The name of the program is in
// parentheses and may hold anything, parentheses too.
func parseStat(b []byte) (process, error) {
	var p process
	open, end := bytes.IndexByte(b, '('), bytes.LastIndexByte(b, ')')
	if open < 0 || end < open {
		return p, fmt.Errorf("stat has no name in parentheses: %.80q", b)
	}
	f := bytes.Fields(b[end+1:])
	if len(f) < 15 { // state is the first of them, and field 3 of the line
		return p, fmt.Errorf("stat has %d fields after the name, want 15 or more", len(f))
	}
	var ticks int64
	var errs []error
	number := func(b []byte) int64 {
		n, err := strconv.ParseInt(string(bytes.TrimSpace(b)), 10, 64)
		errs = append(errs, err)
		return n
	}
	p.pid = int(number(b[:open]))
	p.parent = int(number(f[1]))
	for _, field := range f[11:15] { // utime, stime, and those of children that have ended
		ticks += number(field)
	}
	p.cpu = time.Duration(ticks) * time.Second / hertz
	return p, errors.Join(errs...)
}

// parseRSS returns the resident memory in /proc/PID/status, 0 of a process that
// has none, as those of the kernel.
func parseRSS(b []byte) int64 {
	for line := range bytes.Lines(b) {
		if rest, ok := bytes.CutPrefix(line, []byte("VmRSS:")); ok {
			f := bytes.Fields(rest)
			if len(f) == 2 && string(f[1]) == "kB" {
				n, _ := strconv.ParseInt(string(f[0]), 10, 64) // 0 if it is no number
				return n << 10
			}
		}
	}
	return 0
}
