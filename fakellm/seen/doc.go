// Package seen keeps what a simulated engine has seen of its requests: their
// headers and bodies as they came, how far the answers have got, and which
// clients left before the end.
//
// seen owns the keeping and the waiting; what is answered is left to package
// fakellm. It links the standard library only.
package seen
