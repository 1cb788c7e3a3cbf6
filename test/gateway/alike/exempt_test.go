package alike_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/record"
)

// exemption is a way in which the fronts differ, and why nobody minds.
type exemption string

// The ways. Each case that has one says so; those of everywhere stand below.
const (
	// net/http reads answers that are malformed as it thinks best. The event loops
	// refuse what two readers could read in two ways, or what no server sends: the
	// client gets 502, or the answer of another endpoint.
	strict exemption = "malformed answers are refused"
	// Whether an error beyond 64 KiB which an endpoint sends with the status 200 is
	// seen to be one depends on the pieces that it is read in, and the fronts read
	// pieces of different sizes.
	pieces exemption = "large errors of status 200 are seen in one piece only"
	// An endpoint that answers before it has read the request may close the
	// connection, and how much of the body has gone out by then is a matter of luck.
	race exemption = "how much of the request went out is luck"
	// The engines number their answers and tell the time, and one engine serves both
	// gateways.
	engines exemption = "engines number their answers"
	// A client that leaves has sent what was read, and been sent what the socket
	// took by then.
	delivered exemption = "how much the client was sent is luck"
	// A reset takes along what has not been read, so how much of a large answer
	// arrived before it is a matter of luck as well.
	torn exemption = "how much arrived before the reset is luck"
)

var numbered = regexp.MustCompile(`[0-9a-f]{16,}|"(created|created_at)":\s*"?[0-9:TZ.+-]+"?|"[a-z_]*duration":\d+`)

// apply makes the same what may be different.
func (e exemption) apply(t *testing.T, nethttp, front *seen) {
	t.Helper()
	switch e {
	case strict:
		if len(front.Answers) != len(nethttp.Answers) {
			t.Errorf("net/http gave %d answers, the event loops %d", len(nethttp.Answers), len(front.Answers))
		}
		for i := range front.Answers {
			if code := front.Answers[i].status(); code != 502 && code != 200 && code != 400 {
				t.Errorf("the answer of the event loops is %+v", front.Answers[i])
			}
		}
		if !slices.ContainsFunc(front.Records, func(s summary) bool { return s.FaultKind == "upstream_broken" || s.Attempts == 2 }) {
			t.Errorf("nothing was refused: %+v", front.Records)
		}
		*front = *nethttp
	case pieces:
		if len(front.Answers) != len(nethttp.Answers) || len(front.One) != len(nethttp.One) {
			t.Errorf("net/http gave %d answers, the event loops %d", len(nethttp.Answers), len(front.Answers))
		}
		*front = *nethttp
	case torn:
		if len(front.Records) != len(nethttp.Records) {
			t.Errorf("net/http recorded %d requests, the event loops %d", len(nethttp.Records), len(front.Records))
		}
		for i, r := range front.Records {
			if whole := i < len(front.Answers) && strings.Contains(front.Answers[i].Body, "[DONE]"); r.Outcome == "complete" && r.Stream && !whole {
				t.Errorf("an answer that broke off is recorded as complete: %+v", r)
			}
		}
		*front = *nethttp
	case race:
		for _, s := range []*seen{nethttp, front} {
			for i := range s.One {
				s.One[i].Body, s.One[i].Broken = "", false
			}
		}
	case engines:
		for _, s := range []*seen{nethttp, front} {
			for i := range s.Answers {
				s.Answers[i].Body = numbered.ReplaceAllString(s.Answers[i].Body, "N")
			}
		}
	case delivered:
		for _, s := range []*seen{nethttp, front} {
			for i := range s.Records {
				s.Records[i].BytesIn, s.Records[i].BytesOut, s.Records[i].First = 0, 0, false
			}
		}
	}
	wording(nethttp, front)
}

// The event loops know why an answer cannot be read, net/http only that it
// cannot, or that the connection is of no use.
const (
	vague = "The endpoint hung up before it had answered."
	plain = "The endpoint's answer is not HTTP."
)

// wording makes the two ways to say that an answer is not one the same.
func wording(nethttp, front *seen) {
	for i := range min(len(nethttp.Answers), len(front.Answers)) {
		a, b := &nethttp.Answers[i], &front.Answers[i]
		if strings.Contains(a.Body, vague) && b.Body == strings.Replace(a.Body, vague, plain, 1) {
			old, now := fmt.Sprintf("content-length: %d", len(b.Body)), fmt.Sprintf("content-length: %d", len(a.Body))
			if at := slices.Index(b.Fields, old); at >= 0 {
				b.Fields[at] = now
				slices.Sort(b.Fields)
			}
			b.Body = a.Body
		}
	}
	for i := range min(len(nethttp.Records), len(front.Records)) {
		a, b := &nethttp.Records[i], &front.Records[i]
		if a.FaultMessage == vague && b.FaultMessage == plain {
			b.FaultMessage = vague
			if a.BytesOut-b.BytesOut == int64(len(vague)-len(plain)) {
				b.BytesOut = a.BytesOut
			}
		}
		// The body of a client that left is missing to both, and net/http tells a
		// reset from an end: it takes it for a body that cannot be read.
		for _, s := range []*summary{a, b} {
			if s.FaultMessage == "The client left before it had sent its request." {
				s.FaultMessage = "The client left."
			}
		}
		if a.FaultMessage == "The body of the request could not be read." && b.Outcome == record.ClientGone {
			a.Outcome, a.Status, a.FaultKind, a.FaultMessage = b.Outcome, b.Status, b.FaultKind, b.FaultMessage
		}
		// A connection that was reset before it was handed over has no address.
		if b.Remote == "" && b.Outcome == a.Outcome && b.FaultKind != "" {
			b.Remote = a.Remote
		}
		// net/http counts an empty piece as the first of an answer.
		if a.BytesOut == 0 && b.BytesOut == 0 {
			a.First, b.First = false, false
		}
	}
}

// strictly are the names of answers that the event loops refuse.
func strictly(name string) exemption {
	switch name {
	case "HTTP/1.0 chunks", "HTTP/1.2", "HTTP/2.0", "LF only", "folded", "space before colon", "length and chunks", "status 000", "101",
		"head with a line of 100 KiB", "400 fields":
		return strict
	}
	return ""
}
