package proc_test

import (
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gatehouse-ai/gatehouse/bench/proc"
)

func process(files fstest.MapFS, pid, parent int, name string, ticks, kb int) {
	files[fmt.Sprintf("%d/stat", pid)] = &fstest.MapFile{Data: fmt.Appendf(nil,
		"%d (%s) S %d 1 1 0 -1 4194560 100 0 0 0 %d 2 3 4 20 0 1 0 100 1000000 500\n", pid, name, parent, ticks)}
	files[fmt.Sprintf("%d/status", pid)] = &fstest.MapFile{Data: fmt.Appendf(nil, "Name:\tx\nVmHWM:\t9999 kB\nVmRSS:\t    %d kB\n", kb)}
}

func TestTree(t *testing.T) {
	files := fstest.MapFS{"uptime": {Data: []byte("1 1")}, "self/stat": {Data: []byte("no")}}
	process(files, 1, 0, "init", 1000, 1)
	process(files, 20, 1, "nginx: master (a) b", 100, 1000)
	process(files, 21, 20, "nginx) S 1 (", 200, 2000)
	process(files, 22, 20, "nginx", 300, 3000)
	process(files, 23, 22, "grandchild", 400, 4000)
	process(files, 30, 1, "other", 5000, 5)
	files["31/stat"] = &fstest.MapFile{Data: []byte("31 (half")}
	u, err := proc.Tree(files, 20)
	if err != nil {
		t.Fatal(err)
	}
	want := proc.Use{CPU: (1000 + 4*9) * 10 * time.Millisecond, RSS: 10000 << 10, Processes: 4}
	if u != want {
		t.Errorf("got %+v, want %+v", u, want)
	}
}

func TestErrors(t *testing.T) {
	files := fstest.MapFS{
		"1/stat": {Data: []byte("1 (x) S 0 1")}, "2/stat": {Data: []byte("nothing")},
		"3/stat": {Data: []byte("3 (x) S a 1 1 0 -1 4194560 100 0 0 0 1 2 3 4 20")},
	}
	for pid, want := range map[int]string{1: "want 15", 2: "parentheses", 3: "invalid syntax", 4: "there is no process 4"} {
		if _, err := proc.Tree(files, pid); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("process %d: %v, want an error with %q", pid, err, want)
		}
	}
}

func TestThisProcess(t *testing.T) {
	u, err := proc.Tree(os.DirFS("/proc"), os.Getpid())
	if runtime.GOOS != "linux" {
		if err == nil {
			t.Error("there is a /proc, and nobody expects it")
		}
		return
	}
	if err != nil || u.RSS < 1<<20 || u.Processes < 1 {
		t.Errorf("got %+v, %v", u, err)
	}
}

func FuzzStat(f *testing.F) {
	files := fstest.MapFS{}
	process(files, 7, 0, "x) (y", 1, 1)
	f.Add(files["7/stat"].Data, files["7/status"].Data)
	f.Add([]byte(") ("), []byte("VmRSS: kB"))
	f.Fuzz(func(t *testing.T, stat, status []byte) {
		fsys := fstest.MapFS{"7/stat": {Data: stat, Mode: fs.ModePerm}, "7/status": {Data: status}}
		if u, err := proc.Tree(fsys, 7); err == nil && u.Processes != 1 {
			t.Errorf("%d processes", u.Processes)
		}
	})
}
