package principal

import (
	"encoding/binary"

	"github.com/gatehouse-ai/gatehouse/apikey"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// Cache remembers who the last request of a connection acted for. Most requests
// of a connection present what the one before has presented, and then no
// credential needs to be hashed again.
//
// It answers exactly as Authenticate does: with what it remembers only if every
// field that may carry a credential is there as it was, in the same order, and
// the set of keys is the same one. The zero value is ready for use, and so is a
// nil Cache, which remembers nothing. It is not safe for concurrent use.
type Cache struct {
	last *remembered // behind a pointer, so that no verb of fmt shows a credential
}

type remembered struct {
	keys    *apikey.Set
	keyless bool
	who     Principal
	fields  int
	text    []byte // the fields: form and length, then the value
	whole   bool   // all of it was found to be what it is for
}

// room is how much of credentials is remembered for a connection. Longer ones are
// looked up each time.
const room = 4 << 10

// Authenticate is the function of that name, with the memory of the connection.
func (c *Cache) Authenticate(keys *apikey.Set, h wire.Header, keyless bool) (Principal, *fault.Error) {
	if c == nil || keys == nil {
		return Authenticate(keys, h, keyless)
	}
	if m := c.last; m != nil && m.whole && m.keys == keys && m.keyless == keyless && m.matches(h) {
		return m.who, nil
	}
	who, err := Authenticate(keys, h, keyless)
	if err != nil {
		c.Forget()
		return who, err
	}
	if c.last == nil {
		c.last = &remembered{}
	}
	c.last.take(keys, h, keyless, who)
	return who, nil
}

// Forget drops what is remembered, as when the connection is used for another
// client.
func (c *Cache) Forget() {
	if c != nil && c.last != nil {
		clear(c.last.text)
		*c.last = remembered{text: c.last.text[:0]}
	}
}

// form returns the index of the form that a field is of, or -1.
func form(name string) int {
	switch len(name) { // most fields are told apart by that
	case len(Header), len("Authorization"), len("X-Api-Key"), len("Api-Key"):
		for i := range forms {
			if wire.EqualFold(name, forms[i].name) {
				return i
			}
		}
	}
	return -1
}

// prefix is what stands before a value: the form and the length.
const prefix = 3

// take remembers a request that was let in.
func (m *remembered) take(keys *apikey.Set, h wire.Header, keyless bool, who Principal) {
	clear(m.text)
	*m = remembered{keys: keys, keyless: keyless, who: who, text: m.text[:0]}
	for i := range h {
		k := form(h[i].Name)
		if k < 0 {
			continue
		}
		v := h[i].Value
		if len(m.text)+prefix+len(v) > room {
			return
		}
		m.text = append(m.text, byte(k), byte(len(v)>>8), byte(len(v)))
		m.text = append(m.text, v...)
		m.fields++
	}
	m.whole = true
}

// matches tells whether the credentials of a request are those that are
// remembered. A connection may carry the requests of several clients, if a proxy
// made it, so the time that this takes tells nothing of a value but its length.
func (m *remembered) matches(h wire.Header) bool {
	rest, n := m.text, 0
	for i := range h {
		k := form(h[i].Name)
		if k < 0 {
			continue
		}
		v := h[i].Value
		if len(rest) < prefix+len(v) || int(rest[0]) != k || int(rest[1])<<8|int(rest[2]) != len(v) || !equal(rest[prefix:prefix+len(v)], v) {
			return false
		}
		rest = rest[prefix+len(v):]
		n++
	}
	return n == m.fields && len(rest) == 0
}

// equal compares all of two texts of one length, whatever the result.
func equal(a []byte, b string) bool {
	var diff uint64
	for ; len(a) >= 8; a, b = a[8:], b[8:] {
		diff |= binary.LittleEndian.Uint64(a) ^ binary.LittleEndian.Uint64([]byte(b[:8]))
	}
	for i := range a {
		diff |= uint64(a[i] ^ b[i])
	}
	return diff == 0
}
