// Package gatehouse is the root of the repository and has no code of its own.
//
// Its tests hold the code below it to the rules of the house: layers.txt says
// which package may import which, budget.txt which files and functions may be
// larger than usual, and CONTEXT.md which words mean what. The checks
// themselves are in internal/house; the command is in cmd/gatehouse.
package gatehouse
