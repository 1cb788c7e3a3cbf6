package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"runtime"
	"strconv"
	"strings"

	"github.com/gatehouse-ai/gatehouse/test/bench/rig"
	"github.com/gatehouse-ai/gatehouse/test/bench/standings"
)

// machine describes where it runs. What cannot be read stays unknown.
func machine(fsys fs.FS, cpus []int) standings.Machine {
	unknown := func(s string) string {
		if s == "" {
			return "unknown"
		}
		return s
	}
	m := standings.Machine{
		CPU: unknown(field(fsys, "proc/cpuinfo", "model name")), CPUs: len(cpus), Memory: "unknown memory",
		Kernel: unknown(text(fsys, "proc/sys/kernel/osrelease")), Go: runtime.Version(),
	}
	if f := strings.Fields(field(fsys, "proc/meminfo", "MemTotal")); len(f) == 2 {
		if kb, err := strconv.ParseInt(f[0], 10, 64); err == nil {
			m.Memory = fmt.Sprintf("%.0f GB", float64(kb)*1024/1e9)
		}
	}
	if f := strings.Fields(text(fsys, "proc/loadavg")); len(f) >= 3 {
		m.Load = strings.Join(f[:3], " ")
	}
	m.Load = unknown(m.Load)
	m.Pinned = "Too few CPUs to pin anything: the figures say little"
	if two := rig.Split(cpus, 2); len(two.Target) > 0 {
		m.Pinned = fmt.Sprintf("The upstream on CPU %s, targets on %s, the load on %s", rig.List(two.Upstream), rig.List(two.Target), rig.List(two.Load))
	}
	return m
}

func text(fsys fs.FS, name string) string {
	b, err := fs.ReadFile(fsys, name)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// field returns the value of the first line "name : value".
func field(fsys fs.FS, file, name string) string {
	b, err := fs.ReadFile(fsys, file)
	if err != nil {
		return ""
	}
	for line := range bytes.Lines(b) {
		if key, value, ok := strings.Cut(string(line), ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
