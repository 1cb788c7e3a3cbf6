package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run runs go test with the arguments and returns the code to exit with.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	skips := len(args) > 0 && args[0] == "-skips"
	if skips {
		args = args[1:]
	}
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	pipe, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Fprintln(stderr, "error:", err)
		return 1
	}
	r := newReport(stdout)
	readErr := r.read(pipe)
	_, drainErr := io.Copy(io.Discard, pipe)
	err = errors.Join(readErr, drainErr, cmd.Wait())
	if r.close(skips) && err == nil {
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, "error: go test:", err)
	}
	return 1
}
