// Package operating has the tests of what operators do with a gateway: TLS
// towards clients and endpoints, reloading, draining, logs, metrics, the
// listener for operators, and the signals of the real program.
//
// Each test runs a whole gateway before simulated engines, over real sockets,
// and looks at it from outside only. What the API answers is tested elsewhere.
package operating
