// Command fakellm serves a simulated inference engine, to try things out and to
// measure with.
//
//	fakellm --listen 127.0.0.1:9000 --dialect openai --model NAME...
//
// It owns nothing but the process: signals and the exit status. The rest is in
// package fakellm/command.
package main
