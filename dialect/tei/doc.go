// Package tei is the dialect of Hugging Face's Text Embeddings Inference in
// its native form: embeddings are translated to its /embed.
//
//	input            inputs, always as a list; tokens are refused
//	dimensions       dimensions; an engine too old to know it is found out by the length of its vectors
//	encoding_format  made here
//	user             left out, a hint
//	truncate, normalize, prompt_name
//	                 the engine's own parameters, as they are
//
// Whether an input that is too long is refused, as OpenAI's API does, or cut is
// the engine's choice unless the client sets truncate.
//
// TEI says how many tokens it counted in headers, which a dialect does not
// see, and not in the body: prompt_tokens is 0 in the answer, and the usage
// counts as not known.
//
// Endpoints of TEI also serve /v1/embeddings; use the dialect openai for that.
package tei
