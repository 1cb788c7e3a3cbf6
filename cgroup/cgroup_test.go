package cgroup_test

import (
	"io/fs"
	"path"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/cgroup"
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

func TestGoMemoryLimit(t *testing.T) {
	const v1, v2, self = "/sys/fs/cgroup/memory/", "/sys/fs/cgroup/", "/proc/self/cgroup"
	for name, c := range map[string]struct {
		env, files map[string]string
		want       int64
	}{
		"nothing is known":   {},
		"no limit":           {files: map[string]string{v2 + "memory.max": "max\n", v1 + "memory.limit_in_bytes": "9223372036854771712\n", self: "0::/\n"}},
		"container":          {files: map[string]string{v2 + "memory.max": "1000\n", self: "0::/\n"}, want: 900},
		"container, 1":       {files: map[string]string{v1 + "memory.limit_in_bytes": "1000\n", self: "4:cpu,cpuacct:/\n3:memory:/\n"}, want: 900},
		"unit":               {files: map[string]string{v2 + "system.slice/gatehouse.service/memory.max": "1009\n", self: "0::/system.slice/gatehouse.service\n"}, want: 909},
		"unit, 1":            {files: map[string]string{v1 + "gatehouse/memory.limit_in_bytes": "1000", self: "7:cpu,memory:/gatehouse"}, want: 900},
		"slice":              {files: map[string]string{v2 + "a/b/c/memory.max": "max", v2 + "a/b/memory.max": "2000", v2 + "a/memory.max": "5000", self: "0::/a/b/c\n"}, want: 1800},
		"the host's":         {files: map[string]string{v2 + "memory.max": "1000", self: "0::/docker/0123\n"}, want: 900},
		"outside":            {files: map[string]string{v2 + "memory.max": "1000", "/memory.max": "10", self: "0::/../../..\n"}, want: 900},
		"nonsense":           {files: map[string]string{v2 + "memory.max": "-1", v1 + "memory.limit_in_bytes": "x", self: "\n::\n0:\n1:memory\n"}},
		"GOMEMLIMIT":         {env: map[string]string{"GOMEMLIMIT": "1GiB"}, files: map[string]string{v2 + "memory.max": "1000"}},
		"GOMEMLIMIT is none": {env: map[string]string{"GOMEMLIMIT": "off"}, files: map[string]string{v2 + "memory.max": "1000"}},
	} {
		lookup := func(name string) (string, bool) { v, ok := c.env[name]; return v, ok }
		if got := cgroup.GoMemoryLimit(lookup, system(c.files)); got != c.want {
			t.Errorf("%s: got %d, want %d", name, got, c.want)
		}
	}
}

func FuzzMemoryLimit(f *testing.F) {
	f.Add("0::/system.slice/gatehouse.service\n", "1000\n")
	f.Add("3:cpu,memory:/a/../..\n\n::", "max")
	f.Add("0::\xe0", "1")
	f.Fuzz(func(t *testing.T, groups, limit string) {
		n := cgroup.MemoryLimit(func(name string) ([]byte, error) {
			if name == "/proc/self/cgroup" {
				return []byte(groups), nil
			}
			// A group may be called anything, not UTF-8 alone.
			if path.Clean(name) != name || !strings.HasPrefix(name, "/sys/fs/cgroup/") {
				t.Errorf("the file %q is read", name)
			}
			return []byte(limit), nil
		})
		if n <= 0 {
			t.Errorf("the limit is %d", n)
		}
	})
}
