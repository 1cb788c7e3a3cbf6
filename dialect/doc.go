// Package dialect declares what it takes to serve OpenAI's operations from an
// endpoint that speaks another protocol.
//
// A Dialect turns one OpenAI request into one request of its own protocol, and
// its answer, streamed or whole, back. Translators do no I/O and keep no state
// beyond one request. Each dialect is a package below this one; package
// exchange drives them.
//
// The rule for what cannot be translated: a parameter that changes what the
// answer means is refused with fault.UnsupportedParameter naming it, never
// dropped; one that is only a hint (user, metadata, service_tier, store, …) is
// left out.
package dialect
