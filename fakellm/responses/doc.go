// Package responses is OpenAI's Responses API as simulated engines offer it:
// whole response objects and their typed events.
//
// responses owns the parsing of these requests and the form of their answers;
// what they share with chat completions is in package openai. Nothing is
// stored: there are no earlier responses to go on from.
package responses
