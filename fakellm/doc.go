// Package fakellm is a simulated inference engine: it speaks the protocols of
// vLLM, Ollama, Anthropic and Text Embeddings Inference over real sockets,
// answers deterministically, and does as badly as a Script tells it.
//
//	e := fakellm.New(fakellm.OpenAI, fakellm.Models("m"))
//	s := fakellm.Start(e)
//	defer s.Close()
//	e.Set(fakellm.Script{Break: &fakellm.Break{How: fakellm.Reset, Where: fakellm.AfterEvents, N: 3}})
//
// An Engine is an http.Handler. Without a script it is a well-behaved engine
// whose answers follow from the request alone (package answer has the rules),
// so that a test knows what is right. A script changes what it says, when, and
// how it goes wrong; it can be changed while the engine serves, for all requests
// or for the next ones. The engine keeps the requests that it received, byte for
// byte, and tells when a client left.
//
// fakellm owns scripts, timing, faults, observation and the server. The
// protocols are in the packages below it: turn lies between them and the engine.
// It links the standard library alone and nothing of the gateway, so that a
// mistake in the gateway's own codecs cannot hide behind the same mistake here.
package fakellm
