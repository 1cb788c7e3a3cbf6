// Command configdoc writes docs/reference/config.md and the sample file
// docs/reference/gatehouse.yaml out of the structs of package config: their
// keys, types, defaults and comments. It is run in the root of the repository:
//
//	go run ./internal/configdoc
//
// The comment of a field says what the key means; an indented block in it is an
// example. A tag `example` has a value for a key without default.
//
// It owns what both files look like; what stands in them is package config's.
// Its test fails when they are not what the command would write, or when the
// sample is not a file that package config takes.
package main
