package headers

import (
	"encoding/binary"
	"strings"
)

// class is what is known of a field by its name.
type class uint8

const (
	// kept fields of a request stay at the gateway.
	kept class = 1 << iota
	// withheld fields of an answer stay at the gateway.
	withheld
	// account fields of an answer tell whose account the gateway's credential is.
	account
	// common fields mean the same to an endpoint of another protocol.
	common
)

// hop is the class of the fields that are about one connection.
const hop = kept | withheld

// table has the fields that are known by name, in lower case. Those that stay
// nowhere are listed so that what clients and endpoints send all day need not
// be searched for the words of a secret.
var table = index(map[string]class{
	"connection": hop, "keep-alive": hop, "proxy-connection": hop, "proxy-authenticate": hop, "proxy-authorization": hop,
	"te": hop, "trailer": hop, "transfer-encoding": hop, "upgrade": hop,

	// What the gateway sets itself.
	"host": kept, "content-length": kept | withheld, "content-type": kept, "content-encoding": kept, "expect": kept,
	"accept-encoding": kept, "x-request-id": kept | withheld, "request-id": withheld, "date": kept | withheld,
	"server": withheld, "x-accel-buffering": withheld,

	// Credentials, and whose they are.
	"authorization": kept, "x-api-key": kept, "api-key": kept, "x-goog-api-key": kept, "cookie": kept,
	"set-cookie": kept | withheld, "www-authenticate": kept | withheld,
	"openai-organization": kept | account, "openai-project": kept | account, "anthropic-organization-id": account,

	// What is about the client's or the endpoint's network.
	"forwarded": kept, "x-real-ip": kept, "via": kept | withheld, "origin": kept, "referer": kept,
	"alt-svc": withheld, "strict-transport-security": withheld,

	// What some servers obey instead of the request line.
	"x-original-url": kept, "x-rewrite-url": kept, "x-http-method": kept, "x-http-method-override": kept, "x-method-override": kept,

	"user-agent": common, "traceparent": common, "tracestate": common, "baggage": common, "x-client-request-id": common,

	"accept": 0, "accept-language": 0, "cache-control": 0, "pragma": 0, "priority": 0, "idempotency-key": 0, "retry-after": 0, "session-id": 0,
	"openai-beta": 0, "openai-version": 0, "openai-processing-ms": 0, "openai-model": 0,
	"anthropic-version": 0, "anthropic-beta": 0, "anthropic-dangerous-direct-browser-access": 0,
	"x-stainless-lang": 0, "x-stainless-package-version": 0, "x-stainless-os": 0, "x-stainless-arch": 0, "x-stainless-runtime": 0,
	"x-stainless-runtime-version": 0, "x-stainless-retry-count": 0, "x-stainless-async": 0, "x-stainless-read-timeout": 0,
	"x-stainless-timeout": 0, "x-stainless-helper-method": 0, "x-stainless-raw-response": 0, "x-stainless-custom-poll-interval": 0,
	"http-referer": 0, "x-title": 0,
})

// places holds the known names so that one look, or two, decide about a name in
// any spelling, without making it lower case first. A name is in its own place or
// in the next that was free.
type places [512]known

type known struct {
	name  string
	class class
}

func index(names map[string]class) *places {
	p := &places{}
	for name, c := range names {
		i := place(name)
		for p[i].name != "" {
			i = (i + 1) % uint(len(p))
		}
		p[i] = known{name, c}
	}
	return p
}

// place is where a name belongs, which must not be empty. It is made of what
// sets the known names apart.
func place(name string) uint {
	first, middle, last := uint(name[0]|0x20), uint(name[len(name)/2]|0x20), uint(name[len(name)-1]|0x20)
	return (uint(len(name))*37 + first*11 + middle*29 + last*3) % uint(len(places{}))
}

// find returns the class of a name whose letters are ASCII.
func (p *places) find(name string) (c class, found bool) {
	if name == "" {
		return 0, false
	}
	for i := place(name); p[i].name != ""; i = (i + 1) % uint(len(p)) {
		if same(name, p[i].name) {
			return p[i].class, true
		}
	}
	return 0, false
}

// same tells whether a name is one that is known, which has letters, digits and
// hyphens alone. Of the bytes that the bit of small letters makes equal to those,
// only capitals and control characters were not, and a control character is
// looked for.
func same(name, lower string) bool {
	if len(name) != len(lower) {
		return false
	}
	const small, above = 0x2020202020202020, 0x4040404040404040 // the bits of what is no control character
	for len(name) >= 8 {
		a, b := binary.LittleEndian.Uint64([]byte(name[:8])), binary.LittleEndian.Uint64([]byte(lower[:8]))
		if a|small != b || (a|a<<1)&above != above {
			return false
		}
		name, lower = name[8:], lower[8:]
	}
	for i := range len(name) {
		if name[i]|0x20 != lower[i] || name[i] < 0x20 {
			return false
		}
	}
	return true
}

// words make a name one that may carry a secret.
var words = [...]string{"auth", "secret", "token", "password", "credential", "api-key", "apikey", "cookie"}

// initials has a bit for each letter that one of the words begins with.
const initials = 1 | 1<<('c'-'a') | 1<<('p'-'a') | 1<<('s'-'a') | 1<<('t'-'a')

// short is longer than the names that are known, and than most others.
const short = 64

// lower returns a name in lower case. Nothing is allocated for one that is ASCII
// and fits into b.
func lower(b *[short]byte, name string) []byte {
	if len(name) > len(b) {
		return []byte(strings.ToLower(name))
	}
	for i := range len(name) {
		c := name[i]
		switch {
		case 'A' <= c && c <= 'Z':
			c |= 0x20
		case c >= 0x80:
			return []byte(strings.ToLower(name))
		}
		b[i] = c
	}
	return b[:len(name)]
}

// unfold returns a name that the table has not in lower case. Some letters of
// other scripts have a small form that is one of ASCII's: if that makes it a name
// which is known, it has its class.
func unfold(b *[short]byte, name string) (class, []byte) {
	l := lower(b, name)
	if len(l) > 0 && &l[0] == &b[0] {
		return 0, l
	}
	c, _ := table.find(string(l))
	return c, l
}

// guarded tells whether a name in lower case, which it may change, says that the
// field may carry a secret. What the table does not know by name must not leak a
// credential for that.
func guarded(name []byte) bool {
	for i, c := range name {
		if c == '_' { // as in api_key
			name[i] = '-'
		}
	}
	for i, c := range name {
		if c -= 'a'; c >= 26 || initials>>c&1 == 0 {
			continue
		}
		for _, word := range words {
			if starts(name[i:], word) {
				return true
			}
		}
	}
	return starts(name, "x-gatehouse-") || starts(name, "x-forwarded-") || starts(name, "sec-")
}

func starts(name []byte, with string) bool {
	return len(name) >= len(with) && string(name[:len(with)]) == with
}
