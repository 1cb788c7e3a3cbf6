// Package failure reads the errors of engines and providers, in every form
// seen in the wild, into one *fault.Error.
//
// It knows OpenAI's envelope and those that resemble it, errors that are plain
// strings, the validation errors of FastAPI, problem documents, the forms of
// Azure, Gemini, Anthropic, TGI and the clouds, web pages of proxies, plain
// text, and nothing at all. What it returns is fit for a client: the message
// is bounded and free of control characters, type and code are words of
// OpenAI's API or the upstream's own in the same style, and an error that is
// in OpenAI's envelope already comes out as it was.
//
// failure owns the reading of a body. Headers, such as Retry-After, and what
// is retried are for the exchange to know.
package failure
