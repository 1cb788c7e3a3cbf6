// Package sdk holds tests that use the gateway through the official clients of
// OpenAI and Anthropic, as its users do.
//
// The clients for Go run in the process of the test. Those for Python and Node
// run as programs, in the folders python and node, which know nothing of the
// gateway but what every user of these clients sets: OPENAI_BASE_URL and
// OPENAI_API_KEY. Engines in all dialects stand behind the gateway, so each
// check says what a client sees whatever protocol an endpoint speaks.
//
// The package owns what clients see. How a dialect is translated is tested
// beside the dialect, what engines do in package fakellm.
package sdk
