// Package app puts the gateway together and runs it.
//
// It owns the listeners, the generations of the configuration and what is
// carried over from one to the next, reloading, draining, and what operators
// ask of a running process: health, readiness, metrics. Everything that can
// fail in a reload happens before anything that lives is touched.
package app
