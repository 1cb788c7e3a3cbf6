// Package inference serves the operations that are answered by models: it
// reads the body of a request, takes it through an exchange, and has package
// relay carry it.
//
// JSON bodies are held in memory; of forms as much as it takes to learn the
// model's name, on disk beyond a megabyte, and the rest is streamed. What is
// asked, where it goes and what comes back is decided in package exchange.
package inference
