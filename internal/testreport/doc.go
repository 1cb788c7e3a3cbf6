// Testreport runs go test and says briefly how it went:
//
//	go run ./internal/testreport [-skips] [arguments of go test]
//
// One line for each package, the whole output of whatever failed, and closing
// lines with numbers. A skipped test counts as a failure unless -skips is
// given: where everything that the tests need is installed, nothing may be
// skipped. What a test does, and what it needs, it leaves to the test.
package main
