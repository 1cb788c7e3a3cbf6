package cli_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gatehouse-ai/gatehouse/cli"
	"github.com/gatehouse-ai/gatehouse/discover"
)

// TestMain makes the command gatehouse for the scripts. It looks for an engine
// where none is, since what runs on the machine is not the scripts' business.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"gatehouse": func() {
		env := cli.OSEnv()
		env.Places = []discover.Place{{Usual: "ollama", Address: "127.0.0.1:1"}}
		os.Exit(cli.Main(context.Background(), os.Args[1:], env))
	}})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": status, "keyfile": keyFile,
		},
	})
}

// status is the command `status N PROGRAM ARGS…` of scripts: the program must
// end with the status N.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N PROGRAM ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("the status is %d, wanted %d", got, want)
	}
}

// keyFile is the command `keyfile NAME FILE` of scripts: it makes a key and
// writes to the file what the program says to write.
func keyFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: keyfile NAME FILE")
	}
	ts.Check(ts.Exec("gatehouse", "key", "new", "--name", args[0]))
	_, yaml, found := strings.Cut(ts.ReadFile("stdout"), "gatehouse.yaml:\n\n")
	if !found {
		ts.Fatalf("no lines for the configuration")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(yaml), 0o600))
}
