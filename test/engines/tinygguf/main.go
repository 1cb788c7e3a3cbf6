package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/gatehouse-ai/gatehouse/test/engines/tinymodel"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run writes the model to the file that the only argument names.
func run(args []string, stdout, stderr io.Writer) int {
	if len(args) != 1 {
		fmt.Fprintln(stderr, "error: the name of the file to write was wanted\nhint: go run ./test/engines/tinygguf tiny.gguf")
		return 2
	}
	n, err := write(args[0])
	if err != nil {
		fmt.Fprintln(stderr, "error:", err)
		return 1
	}
	fmt.Fprintf(stdout, "%s: %d bytes; the model answers %q\n", args[0], n, tinymodel.Sentence)
	return 0
}

func write(name string) (size int64, err error) {
	f, err := os.Create(name)
	if err != nil {
		return 0, err
	}
	if err := tinymodel.New().Encode(f, tinymodel.DefaultContext); err != nil {
		return 0, errors.Join(err, f.Close())
	}
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), f.Close()
}
