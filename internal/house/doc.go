// Package house checks that the code of this repository is kept the way its
// own rules say: imports point down, sizes stay small, packages say what they
// are for, nothing global changes, words mean one thing.
//
// It owns the checks, which are functions from a parsed tree to findings. The
// rules themselves, what is forbidden where and why, stand in the tests at the
// root of the repository and in the text files beside them (layers.txt,
// budget.txt, CONTEXT.md), so that a change of a rule is seen as one. Nothing
// here is type-checked, run or looked up: the checks need no network, no build
// and no tool, and they hold for files of every build tag.
package house
