package headers

import (
	"strings"

	"github.com/gatehouse-ai/gatehouse/wire"
)

// Guarded tells whether the name of a field says that it may carry a secret.
func Guarded(name string) bool {
	var b [short]byte
	return guarded(lower(&b, name))
}

// Forwards tells whether a field of a client's request, or a trailer, goes on to
// an endpoint of the same protocol.
func Forwards(name string) bool {
	if c, found := table.find(name); found {
		return c&kept == 0
	}
	var b [short]byte
	c, l := unfold(&b, name)
	return c&kept == 0 && !guarded(l)
}

// Returns tells whether a field of an endpoint's answer, or a trailer, goes on
// to the client.
func Returns(name string) bool { return returns(name, withheld) }

// returns is Returns with the classes that stay.
func returns(name string, stay class) bool {
	if c, found := table.find(name); found {
		return c&stay == 0
	}
	var b [short]byte
	c, l := unfold(&b, name)
	return c&stay == 0 && !starts(l, "x-gatehouse-") && !starts(l, "access-control-")
}

// hops is the value of the Connection field of h where it names fields, which
// are then about the connection alone.
func hops(h wire.Header) string {
	c := h.Get("Connection")
	if wire.EqualFold(c, "close") || wire.EqualFold(c, "keep-alive") {
		return ""
	}
	return c
}

// named tells whether a list of names has the name.
func named(list, name string) bool {
	if list == "" {
		return false
	}
	for part := range strings.SplitSeq(list, ",") {
		if wire.EqualFold(strings.TrimSpace(part), name) {
			return true
		}
	}
	return false
}

// AppendRequest appends the fields of a client's request that go on to an
// endpoint of the same protocol.
func AppendRequest(dst, h wire.Header) wire.Header {
	local := hops(h)
	for i := range h {
		if name := h[i].Name; Forwards(name) && !named(local, name) {
			dst = append(dst, h[i])
		}
	}
	return dst
}

// AppendAnswer appends the fields of an endpoint's answer that go on to the
// client. What tells whose account was used stays where that is the gateway's.
func AppendAnswer(dst, h wire.Header, ours bool) wire.Header {
	local, stay := hops(h), withheld
	if ours {
		stay |= account
	}
	for i := range h {
		if name := h[i].Name; returns(name, stay) && !named(local, name) {
			dst = append(dst, h[i])
		}
	}
	return dst
}

// AppendTranslated appends the few fields that mean the same to an endpoint
// of another protocol.
func AppendTranslated(dst, h wire.Header) wire.Header {
	var b [short]byte
	for i := range h {
		c, found := table.find(h[i].Name)
		if !found {
			c, _ = unfold(&b, h[i].Name)
		}
		if c&common != 0 {
			dst = append(dst, h[i])
		}
	}
	return dst
}

// Query drops parameters that carry credentials.
func Query(query string) string {
	if query == "" || harmless(query) {
		return query
	}
	kept := query[:0]
	for part := range strings.SplitSeq(query, "&") {
		if !harmless(part) {
			continue
		}
		if kept != "" {
			kept += "&"
		}
		kept += part
	}
	return kept
}

// harmless tells whether a query has one parameter, whose name says neither that
// it carries a credential nor, being escaped, what it says.
func harmless(query string) bool {
	if strings.IndexByte(query, '&') >= 0 {
		return false
	}
	name, _, _ := strings.Cut(query, "=")
	var b [short]byte
	l := lower(&b, name)
	return string(l) != "key" && strings.IndexByte(name, '%') < 0 && !guarded(l)
}
