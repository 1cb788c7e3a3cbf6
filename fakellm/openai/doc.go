// Package openai is the dialect of simulated engines that speak OpenAI's API, in
// the two flavours that gateways meet: vLLM's, with its integer error codes, and
// that of Ollama's /v1.
//
// openai owns chat completions, completions, embeddings and models, and what
// the Responses API (package responses) and vLLM's further operations (package
// vllm) share with them. What is said is decided in package answer, when it is
// sent in package fakellm.
package openai
