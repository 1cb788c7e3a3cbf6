// Package upstream is a simulated engine that costs next to nothing, to put
// behind a gateway whose own cost is to be measured.
//
// It speaks the part of OpenAI's API that the benchmark asks for: chat
// completions, whole and as streams, embeddings, and the list of models. Its
// answers are those that package exam expects. An engine that behaves like a
// real one, with faults and other dialects, is package fakellm; this one is
// only fast.
package upstream
