// Revproxy forwards everything to one upstream with the reverse proxy of Go's
// standard library, set up as one would who knows it:
//
//	revproxy --listen 127.0.0.1:8080 --to http://127.0.0.1:9100
//
// It owns that setup. Who compares others with it, it leaves to test/bench/side.
package main
