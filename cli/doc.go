// Package cli is the command line of gatehouse.
//
// It owns commands, flags, signals and what is printed; the work is done by
// packages app, demo, discover and config. Main is the whole program, with its
// surroundings passed in, so that tests can run it in process.
package cli
