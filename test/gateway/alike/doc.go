// Package alike holds the two fronts of the gateway together: the one on event
// loops and that of net/http.
//
// It owns no code. Each of its cases runs on two whole gateways of package
// gwtest whose configurations differ in the front alone, before engines that
// answer byte by byte from a script. What the client gets, what the engines
// get and what the record says must be the same; where net/http has a way of
// its own that nobody can mind, the list of exceptions says so and why. What is
// right, rather than alike, is tested elsewhere.
package alike
