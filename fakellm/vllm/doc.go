// Package vllm has what engines of vLLM's kind serve beside chat, completions,
// embeddings and responses: ranks and scores, classes and moderations, tokens,
// images and sound.
//
// vllm owns the parsing of these requests and the form of their answers; what
// they share with chat completions is in package openai.
package vllm
