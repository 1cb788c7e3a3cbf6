// Package answer decides what a simulated engine says, without knowing how any
// protocol says it.
//
// Everything is a pure function of the question, so a test and a reader of the
// demo can tell beforehand what comes:
//
//   - A text answer is "You said: " and the last user message, with " [image]"
//     for each of its images; after tool results it is "The tool said: " and
//     the results.
//   - A tool is called if the last user message contains its name, or if the
//     tool choice demands it. The arguments follow the tool's schema: a string
//     is the name of its property, see Instance.
//   - A token is a word together with the white space before it, see Split.
//   - An embedding is a unit vector drawn from a hash of the text.
//   - A score is the share of the query's words that stand in the document.
//
// answer owns these rules. Parsing requests and rendering answers is left to
// the dialects beside it. It links the standard library only.
package answer
