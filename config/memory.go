package config

import (
	"bytes"
	"math"
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/gatehouse-ai/gatehouse/cgroup"
)

// shareOfMemory is which part of the process's memory the bodies of requests
// may take by default: buffers, connections and garbage need the rest.
const shareOfMemory = 4

// unknownMemory is what is assumed where nothing says how much there is.
const unknownMemory = 4 << 30

// MemoryBytes returns how many bytes the bodies of all requests in flight may
// take together: what the file says, or else a quarter of the memory that the
// process may use, and at least one JSON body. The memory that it may use is
// the least of Go's own limit (GOMEMLIMIT), the limit of the control group and
// what the machine has.
func (l Limits) MemoryBytes() int64 { return l.memoryBytes(os.ReadFile, debug.SetMemoryLimit(-1)) }

func (l Limits) memoryBytes(readFile func(string) ([]byte, error), goLimit int64) int64 {
	if l.Memory > 0 {
		return int64(l.Memory)
	}
	total := min(goLimit, cgroup.MemoryLimit(readFile))
	if data, err := readFile("/proc/meminfo"); err == nil {
		total = min(total, memTotal(data))
	}
	if total > cgroup.BeyondAnyMemory {
		total = unknownMemory
	}
	return max(total/shareOfMemory, int64(l.JSONBody))
}

// memTotal reads the line "MemTotal: 16283412 kB" of /proc/meminfo.
func memTotal(meminfo []byte) int64 {
	for line := range bytes.Lines(meminfo) {
		rest, ok := bytes.CutPrefix(line, []byte("MemTotal:"))
		if !ok {
			continue
		}
		kib, _, _ := strings.Cut(strings.TrimSpace(string(rest)), " ")
		if n, err := strconv.ParseInt(kib, 10, 64); err == nil && n > 0 && n < math.MaxInt64>>10 {
			return n << 10
		}
	}
	return math.MaxInt64
}
