// Package ollama is the dialect of simulated engines that speak Ollama's native
// API: newline-delimited JSON, options, images beside the text, tool calls
// whose arguments are objects.
//
// ollama owns the parsing of these requests and the form of their answers. What
// is said is decided in package answer, when it is sent in package fakellm;
// Ollama's /v1 is a flavour of package openai.
package ollama
