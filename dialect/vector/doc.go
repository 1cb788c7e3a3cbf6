// Package vector has the form of OpenAI's embeddings, for the dialects that
// translate them.
//
// Parse decodes a request, and Answer writes the vectors of an endpoint as
// OpenAI's clients expect them: as numbers with the digits that the endpoint
// gave, or in base64 as little-endian 32-bit floats of the same numbers.
//
// Inputs that are tokens instead of text are refused: the ids are those of one
// tokenizer, and another model would read other words out of them without
// anybody noticing.
//
// vector owns OpenAI's side of a translation; the other side is each
// dialect's.
package vector
