// Package anthropic is the dialect of simulated engines that speak Anthropic's
// Messages API: Anthropic's own service, which lists models and insists on its
// headers, and engines like vLLM that offer the same path beside others.
//
// anthropic owns the parsing of these requests and the form of their answers.
// What is said is decided in package answer, when it is sent in package
// fakellm.
package anthropic
