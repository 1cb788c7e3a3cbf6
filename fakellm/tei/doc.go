// Package tei is the dialect of simulated engines that speak the API of Hugging
// Face's Text Embeddings Inference: embeddings as bare lists, ranks, and an
// OpenAI-compatible path for embeddings.
//
// tei owns the parsing of these requests and the form of their answers. What is
// said is decided in package answer, when it is sent in package fakellm.
package tei
