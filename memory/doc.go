// Package memory bounds the bytes that requests and answers hold at one time.
//
// It owns the count and its bound, which all fronts share. What is worth
// counting, and what a client is told when there is no memory for it, is for
// those who hold the bytes.
package memory
