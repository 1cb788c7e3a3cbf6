// Package command is the command fakellm, apart from its main function: flags, a
// script file, one engine that serves until it is told to stop.
//
// command owns the flags and what is printed; the engine is package fakellm's.
package command
