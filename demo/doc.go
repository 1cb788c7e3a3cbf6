// Package demo runs a gateway in front of three simulated engines that speak
// three protocols, all in one process, for a first look.
//
// It owns what the demonstration consists of and what it prints. Gateway and
// engines are the real ones of packages app and fakellm, over real sockets.
package demo
