// Gatehouse is an OpenAI-compatible gateway in front of the models of a team.
//
// The program is package cli; this command connects it to the process: its
// arguments, its standard streams and its signals.
package main
