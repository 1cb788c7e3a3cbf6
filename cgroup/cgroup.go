package cgroup

import (
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
)

// BeyondAnyMemory is more than a machine has: a limit above it is none.
const BeyondAnyMemory = 1 << 50

// GoMemoryLimit returns the limit of memory that suits Go's garbage collector,
// or 0 if there is nothing to set: nine tenths of the control group's limit,
// for the kernel counts more than Go knows of, and beyond it the process is
// killed. If the environment has GOMEMLIMIT, the operator has decided.
// readFile reads the files of the system.
func GoMemoryLimit(lookupEnv func(string) (string, bool), readFile func(string) ([]byte, error)) int64 {
	if _, ok := lookupEnv("GOMEMLIMIT"); ok {
		return 0
	}
	limit := MemoryLimit(readFile)
	if limit > BeyondAnyMemory {
		return 0
	}
	return limit - limit/10
}

// MemoryLimit returns the least limit of memory of the process's control group
// and of the groups that it is part of. Without one it is above BeyondAnyMemory.
// readFile reads the files of the system.
func MemoryLimit(readFile func(string) ([]byte, error)) int64 {
	const v1, v2 = "/sys/fs/cgroup/memory", "/sys/fs/cgroup"
	limit := min(limitIn(readFile, v2, "/", "memory.max"), limitIn(readFile, v1, "/", "memory.limit_in_bytes"))
	groups, err := readFile("/proc/self/cgroup")
	if err != nil {
		return limit
	}
	// A line is "number:controllers:group"; of version 2 it is "0::group". In a
	// container the group may be one of the host's, which has no folder here.
	for line := range strings.Lines(string(groups)) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		switch {
		case len(fields) < 3:
		case fields[0] == "0" && fields[1] == "":
			limit = min(limit, limitIn(readFile, v2, fields[2], "memory.max"))
		case slices.Contains(strings.Split(fields[1], ","), "memory"):
			limit = min(limit, limitIn(readFile, v1, fields[2], "memory.limit_in_bytes"))
		}
	}
	return limit
}

// limitIn returns the least limit of a group and those that it is part of.
func limitIn(readFile func(string) ([]byte, error), root, group, file string) int64 {
	limit := int64(math.MaxInt64)
	for group = path.Clean("/" + group); ; group = path.Dir(group) {
		if data, err := readFile(path.Join(root, group, file)); err == nil {
			// Without a limit the file says "max", or a number beyond any memory.
			if n, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64); err == nil && n > 0 {
				limit = min(limit, n)
			}
		}
		if group == "/" {
			return limit
		}
	}
}
