// Package openai is the dialect of endpoints that speak OpenAI's API: OpenAI
// itself and what is compatible with it, such as vLLM, SGLang, llama.cpp, LM
// Studio, and Ollama below its /v1.
//
// Every operation goes on as it is, below the endpoint's URL or, for the
// operations that engines serve beside /v1, beside it. Nothing is translated.
// Errors come in many shapes even here; package failure reads them.
package openai
