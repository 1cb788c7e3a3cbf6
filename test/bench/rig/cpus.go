package rig

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// CPUs is who runs where. Empty lists mean that nothing is pinned.
type CPUs struct {
	Upstream []int
	Target   []int
	Load     []int
}

// Split divides CPUs: cores of them for the target, the first of the rest for
// the upstream and the last for the load. The ends get as many as the target at
// most, since what they do not use is quiet. With too few CPUs nothing is pinned.
func Split(all []int, cores int) CPUs {
	ends := min((len(all)-cores)/2, 3)
	if cores < 1 || ends < 1 {
		return CPUs{}
	}
	return CPUs{
		Upstream: slices.Clone(all[:ends]),
		Target:   slices.Clone(all[ends : ends+cores]),
		Load:     slices.Clone(all[len(all)-ends:]),
	}
}

// Allowed returns the CPUs that this process may use. fsys is /proc.
func Allowed(fsys fs.FS) ([]int, error) {
	status, err := fs.ReadFile(fsys, "self/status")
	if err != nil {
		return nil, fmt.Errorf("reading which CPUs may be used: %w", err)
	}
	for line := range bytes.Lines(status) {
		if list, ok := bytes.CutPrefix(line, []byte("Cpus_allowed_list:")); ok {
			return ParseCPUs(strings.TrimSpace(string(list)))
		}
	}
	return nil, errors.New("/proc/self/status does not say which CPUs may be used")
}

// maxCPU is the highest number of a CPU that Linux knows.
const maxCPU = 1 << 13

// ParseCPUs reads a list of CPUs as the kernel writes it: 0-3,6.
func ParseCPUs(text string) ([]int, error) {
	var out []int
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		from, err := strconv.Atoi(first)
		to, err2 := strconv.Atoi(last)
		if errors.Join(err, err2) != nil || from < 0 || to < from || to > maxCPU {
			return nil, fmt.Errorf("a list of CPUs is as 0-3,6; got %q", text)
		}
		for n := from; n <= to; n++ {
			if len(out) > maxCPU {
				return nil, fmt.Errorf("the list of CPUs names more than there can be: %q", text)
			}
			out = append(out, n)
		}
	}
	return out, nil
}

// List returns CPUs as taskset takes them: 0,1,2.
func List(cpus []int) string {
	text := make([]string, len(cpus))
	for i, n := range cpus {
		text[i] = strconv.Itoa(n)
	}
	return strings.Join(text, ",")
}
