// Package models serves the list of models from memory.
//
// It shows what the routes have by name, to each key only what it may use, and
// never asks an endpoint: one that hangs must not make the list hang.
package models
