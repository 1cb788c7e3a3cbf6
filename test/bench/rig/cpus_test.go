package rig_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/test/bench/rig"
)

func TestSplit(t *testing.T) {
	for _, test := range []struct {
		cpus  []int
		cores int
		want  rig.CPUs
	}{
		{[]int{0, 1, 2, 3}, 2, rig.CPUs{Upstream: []int{0}, Target: []int{1, 2}, Load: []int{3}}},
		{[]int{0, 1, 2, 3}, 1, rig.CPUs{Upstream: []int{0}, Target: []int{1}, Load: []int{3}}},
		{[]int{4, 5, 9}, 1, rig.CPUs{Upstream: []int{4}, Target: []int{5}, Load: []int{9}}},
		{[]int{0, 1, 2}, 2, rig.CPUs{}},
		{[]int{0, 1}, 1, rig.CPUs{}},
		{nil, 1, rig.CPUs{}},
		{[]int{0, 1, 2, 3}, 0, rig.CPUs{}},
		{[]int{0, 1, 2, 3, 4, 5, 6, 7}, 2, rig.CPUs{Upstream: []int{0, 1, 2}, Target: []int{3, 4}, Load: []int{5, 6, 7}}},
		{[]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 2, rig.CPUs{Upstream: []int{0, 1, 2}, Target: []int{3, 4}, Load: []int{9, 10, 11}}},
	} {
		if diff := cmp.Diff(test.want, rig.Split(test.cpus, test.cores)); diff != "" {
			t.Errorf("%d of %v: %s", test.cores, test.cpus, diff)
		}
	}
}

func TestParseCPUs(t *testing.T) {
	for text, want := range map[string][]int{
		"0": {0}, "0-3": {0, 1, 2, 3}, "0-1,7": {0, 1, 7}, "3,5-6": {3, 5, 6},
		"": nil, "a": nil, "0-": nil, "3-1": nil, "-1": nil, "0,,1": nil, "0-9999": nil, "1 2": nil,
	} {
		got, err := rig.ParseCPUs(text)
		if (err == nil) != (want != nil) || !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
}

func FuzzParseCPUs(f *testing.F) {
	for _, text := range []string{"0", "0-3", "0-1,7", "", "0-8192,0-8192", "1-"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		cpus, err := rig.ParseCPUs(text)
		if err != nil {
			return
		}
		again, err := rig.ParseCPUs(rig.List(cpus))
		if err != nil || !slices.Equal(again, cpus) {
			t.Fatalf("%q is %v, which is written %s and read as %v, %v", text, cpus, rig.List(cpus), again, err)
		}
	})
}

func TestAllowed(t *testing.T) {
	status := func(text string) fstest.MapFS {
		return fstest.MapFS{"self/status": {Data: []byte(text)}}
	}
	got, err := rig.Allowed(status("Name:\tx\nCpus_allowed:\tf\nCpus_allowed_list:\t0-2,6\nMems_allowed:\t1\n"))
	if err != nil || fmt.Sprint(got) != "[0 1 2 6]" {
		t.Errorf("%v, %v", got, err)
	}
	for name, fsys := range map[string]fstest.MapFS{"no file": {}, "no list": status("Name:\tx\n"), "nonsense": status("Cpus_allowed_list:\tx\n")} {
		if got, err := rig.Allowed(fsys); err == nil {
			t.Errorf("%s: %v, want an error", name, got)
		}
	}
}
