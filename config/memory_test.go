package config

import (
	"io/fs"
	"math"
	"testing"
)

// system returns what reads the files of a system.
func system(files map[string]string) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		if text, ok := files[name]; ok {
			return []byte(text), nil
		}
		return nil, fs.ErrNotExist
	}
}

func TestMemoryBytes(t *testing.T) {
	const v1, v2, proc = "/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory.max", "/proc/meminfo"
	const mib = 1 << 20
	for name, c := range map[string]struct {
		limits  Limits
		files   map[string]string
		goLimit int64
		want    int64
	}{
		"from the file":    {Limits{Memory: 7}, map[string]string{v2: "1"}, 1, 7},
		"nothing is known": {Limits{}, nil, math.MaxInt64, 1024 * mib},
		"no limits":        {Limits{}, map[string]string{v2: "max\n", v1: "9223372036854771712\n"}, math.MaxInt64, 1024 * mib},
		"machine":          {Limits{}, map[string]string{proc: "MemFree: 1 kB\nMemTotal:       16384 kB\n"}, math.MaxInt64, 4 * mib},
		"control group":    {Limits{}, map[string]string{v2: "8388608\n", proc: "MemTotal: 16384 kB\n"}, math.MaxInt64, 2 * mib},
		"control group, 1": {Limits{}, map[string]string{v1: "8388608\n", proc: "MemTotal: 16384 kB\n"}, math.MaxInt64, 2 * mib},
		"GOMEMLIMIT":       {Limits{}, map[string]string{v2: "8388608\n"}, 4 * mib, mib},
		"one body fits":    {Limits{JSONBody: 32 * mib}, map[string]string{v2: "8388608\n"}, math.MaxInt64, 32 * mib},
		"nonsense":         {Limits{}, map[string]string{v2: "-1", v1: "", proc: "MemTotal: x kB\nMemTotal: 99999999999999999 kB"}, math.MaxInt64, 1024 * mib},
	} {
		if got := c.limits.memoryBytes(system(c.files), c.goLimit); got != c.want {
			t.Errorf("%s: got %d, want %d", name, got, c.want)
		}
	}
	if got := Default().Limits.MemoryBytes(); got < 32*mib {
		t.Errorf("this machine: %d", got)
	}
}
