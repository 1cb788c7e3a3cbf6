// Package describing has the tests of what a gateway says of itself: its OpenAPI
// documents. It has no code of its own besides tests.
package describing
