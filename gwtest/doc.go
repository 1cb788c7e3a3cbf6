// Package gwtest runs a whole gateway in the process of a test.
//
// It is the real gateway of package app, with a configuration file in the
// test's folder, real listeners and its log and records kept for the test to
// look at. Engines to put behind it are in package fakellm.
package gwtest
