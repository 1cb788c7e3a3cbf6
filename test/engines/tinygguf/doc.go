// Tinygguf writes the model of package tinymodel to a file, for an engine that
// is started by hand:
//
//	go run ./test/engines/tinygguf tiny.gguf
//
// The tests need no such file: they write their own. What the model answers is
// described in package tinymodel.
package main
