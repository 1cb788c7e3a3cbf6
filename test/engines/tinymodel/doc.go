// Package tinymodel makes a language model whose answers are known before it
// is asked, as a GGUF file that llama.cpp and engines built on it can load.
//
// Nothing in it is trained. Attention and feed-forward layers put out zero, and
// the embedding of each token is a vector with a single one, so the output
// matrix is a table from a token to the one that follows it: a Markov chain,
// run by a real inference engine with its real tokenizer, sampler, templates
// and HTTP server. Asked anything, the model says Sentence; asked with tools,
// it calls ToolName; and the embedding of a text can be worked out by hand.
//
// It owns the model and its file format. Which engine runs it, and what is
// asked of it, is the business of the tests.
package tinymodel
