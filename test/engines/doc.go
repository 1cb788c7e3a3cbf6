// Package engines has the tests that run the gateway before a real engine.
//
// The engine is the server of llama.cpp, built by test/deps, with the model of
// package tinymodel, whose answers are known in advance: so the tests compare
// texts, tokens and numbers, not shapes. The same questions are put to the
// engine itself and through the gateway, and both must answer alike; what the
// gateway adds (unknown models, its envelope for errors, cancellation) is asked
// of it alone. Simulated engines, and faults that no real engine shows on
// demand, are left to package fakellm and its users.
package engines
