// Package contract tells whether a change of the API breaks what was promised.
//
// It compares an OpenAPI document with that of the last release, by the rules of
// a level (docs/stability.md), and reads the waivers by which a reviewer lets a
// break pass. It owns what counts as a break and what a waiver has to say. Which
// documents are compared, and what the history of commits has, is for its caller
// to bring: a test of this package does so for this repository.
package contract
