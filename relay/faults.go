package relay

import (
	"crypto/tls"
	"errors"
	"net"
	"time"

	"github.com/gatehouse-ai/gatehouse/fault"
)

// What an endpoint may be late with, as Late puts it.
const (
	ToFinish = "finish its answer"
	ToBegin  = "send its first token"
	ToGoOn   = "go on with its answer"
)

// Late is the error of an endpoint that did not do something within its time.
func Late(what string, d time.Duration) *fault.Error {
	return fault.New(fault.UpstreamTimeout, "The endpoint did not %s within %s.", what, d)
}

// Unreachable is the error of an endpoint that no connection could be made to.
func Unreachable(err error) *fault.Error {
	var cert *tls.CertificateVerificationError
	switch {
	case errors.As(err, &cert):
		return fault.Wrap(fault.UpstreamUnreachable, err, "The endpoint's certificate was not accepted.")
	case timedOut(err):
		return fault.Wrap(fault.UpstreamTimeout, err, "The endpoint did not accept a connection in time.")
	}
	return fault.Wrap(fault.UpstreamUnreachable, err, "No connection to the endpoint could be made.")
}

// Unanswered is the error of an endpoint whose connection failed before its
// answer had begun.
func Unanswered(err error) *fault.Error {
	var cert *tls.CertificateVerificationError
	switch {
	case errors.As(err, &cert):
		return fault.Wrap(fault.UpstreamUnreachable, err, "The endpoint's certificate was not accepted.")
	case timedOut(err):
		return Silent(err)
	}
	return fault.Wrap(fault.UpstreamBroken, err, "The endpoint hung up before it had answered.")
}

// Silent is the error of an endpoint whose answer did not begin in its time.
func Silent(err error) *fault.Error {
	return fault.Wrap(fault.UpstreamTimeout, err, "The endpoint did not begin its answer in time.")
}

// BrokeOff is the error of an answer that ended before it was complete.
func BrokeOff(err error) *fault.Error {
	return fault.Wrap(fault.UpstreamInterrupted, err, "The endpoint's answer broke off before it was complete.")
}

// NoMemory is the error when there is no memory for what has to be held of an
// answer.
func NoMemory() *fault.Error {
	return fault.New(fault.Busy, "The gateway holds as much of requests and answers as its memory allows. Try again shortly.")
}

func timedOut(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}
