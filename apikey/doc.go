// Package apikey has the gateway's own API keys: how one is made, what is kept
// of it, and which models it opens.
//
// The text of a key exists twice: where it was made and at its holder. The
// gateway keeps the SHA-256 of it, a Digest, and finds a Key by the digest of
// the credential that a client presents. A made key has 256 random bits, so
// neither a salt nor a slow hash would protect it better.
//
// The package owns the form of keys and digests and the rule of the models
// that a key allows. Where keys are configured (package config), how a
// credential gets out of a request, and what a key may spend are the business
// of others.
package apikey
