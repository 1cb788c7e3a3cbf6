// Command promisedoc adds to the files of promises, api/v1.txt, v1beta.txt and
// v1alpha.txt, what the OpenAPI documents promise beyond them. It is run in the
// root of the repository, after openapidoc:
//
//	go run ./internal/promisedoc
//
// Lines of v1 and v1beta are added and never taken away: that one of them is not
// true any more is a broken promise, at which its test fails. Nothing is promised
// of v1alpha, so its file is written anew. It owns the files; what a line says is
// package contract's.
package main
