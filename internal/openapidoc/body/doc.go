// Package body has the bodies of operations that no official SDK has types for:
// the gateway's errors, and extensions in the form that engines serve them in.
//
// The types stand for their documentation: schemas are made of them and of their
// comments. Nothing of the gateway decodes into them, since what is forwarded is
// not decoded; tests hold them to what is really sent.
package body
