package apikey

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"maps"
	"strings"
)

// Prefix begins every key that Generate makes, so that people and scanners for
// leaked secrets recognise one.
const Prefix = "sk-gh-"

const (
	alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	// random is the number of random characters: 43 of 62 hold 256 bits.
	random = 43
)

// Generate makes a key. It is the only time that the text is to be had: show
// it to its holder and keep its Hash.
func Generate() (plain string) {
	// A byte below 248 falls on each of the 62 characters equally often; the
	// other eight values are thrown away.
	const fair = 256 - 256%len(alphabet)
	b := make([]byte, 0, len(Prefix)+random)
	b = append(b, Prefix...)
	var pool [64]byte
	for len(b) < cap(b) {
		_, _ = rand.Read(pool[:]) // never fails: it ends the program instead
		for _, x := range pool {
			if int(x) < fair && len(b) < cap(b) {
				b = append(b, alphabet[int(x)%len(alphabet)])
			}
		}
	}
	return string(b)
}

// Digest is the SHA-256 of a whole key, prefix included.
type Digest [sha256.Size]byte

// Hash returns the digest of a key.
//
// It does not allocate, whatever the length: the text goes through a block on
// the stack, for a conversion to bytes would be on the heap.
func Hash(key string) (d Digest) {
	h := sha256.New()
	var block [sha256.BlockSize]byte
	for len(key) > 0 {
		n := copy(block[:], key)
		_, _ = h.Write(block[:n]) // a hash.Hash never fails
		key = key[n:]
	}
	h.Sum(d[:0])
	return d
}

const digestPrefix = "sha256:"

// errDigest does not quote what was got: it may be a key, given where its
// digest was wanted.
var errDigest = errors.New(`wanted "sha256:" and 64 hexadecimal digits`)

// ParseDigest reads the text form of a digest, "sha256:" and 64 hexadecimal
// digits. Its error does not contain the text.
func ParseDigest(text string) (Digest, error) {
	var d Digest
	digits, ok := strings.CutPrefix(text, digestPrefix)
	if !ok || len(digits) != hex.EncodedLen(len(d)) {
		return Digest{}, errDigest
	}
	if _, err := hex.Decode(d[:], []byte(digits)); err != nil {
		return Digest{}, errDigest
	}
	return d, nil
}

// String returns the text form of the digest.
func (d Digest) String() string { return digestPrefix + hex.EncodeToString(d[:]) }

// IsZero tells whether the digest was never set.
func (d Digest) IsZero() bool { return d == Digest{} }

// MarshalText returns the text form of the digest.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads the text form of a digest.
func (d *Digest) UnmarshalText(text []byte) error {
	got, err := ParseDigest(string(text))
	if err == nil {
		*d = got
	}
	return err
}

// Key is what is known of one key.
type Key struct {
	Name   string // for logs and metrics
	Digest Digest
	// Models are the models that the key allows: names, or beginnings of names
	// that end in *. None means every model.
	Models []string
}

// Allows tells whether the key may be used for a model, which is given by the
// name that the client sent.
func (k *Key) Allows(model string) bool {
	for _, m := range k.Models {
		if start, ok := strings.CutSuffix(m, "*"); ok && strings.HasPrefix(model, start) || m == model {
			return true
		}
	}
	return len(k.Models) == 0
}

// CheckModel tells what is wrong with an entry of Key.Models.
func CheckModel(entry string) error {
	switch star := strings.IndexByte(entry, '*'); {
	case entry == "":
		return errors.New("the name of a model is empty")
	case star >= 0 && star < len(entry)-1:
		return errors.New("a * can stand at the end only")
	}
	return nil
}

// Set finds keys by the credentials that clients present. It does not change
// once it is made, so any number of goroutines may use it. A nil Set is empty.
type Set struct {
	keys map[Digest]*Key
}

// NewSet returns the set of keys. It refuses two keys with one name or one
// digest, and a key without a digest.
func NewSet(keys []Key) (*Set, error) {
	s := &Set{keys: make(map[Digest]*Key, len(keys))}
	names := make(map[string]bool, len(keys))
	for _, k := range keys {
		switch other := s.keys[k.Digest]; {
		case k.Digest.IsZero():
			return nil, fmt.Errorf("the API key %q has no digest", k.Name)
		case other != nil:
			return nil, fmt.Errorf("the API keys %q and %q are the same", other.Name, k.Name)
		case names[k.Name]:
			return nil, fmt.Errorf("two API keys have the name %q", k.Name)
		}
		k.Models = append([]string(nil), k.Models...)
		names[k.Name], s.keys[k.Digest] = true, &k
	}
	return s, nil
}

// Lookup returns the key that a credential is the text of, or nil.
//
// The credential is hashed before anything is compared, so the time that this
// takes tells nothing about the text of any key. Lookup does not allocate.
func (s *Set) Lookup(credential string) *Key {
	if s == nil || credential == "" {
		return nil
	}
	return s.keys[Hash(credential)]
}

// All returns the keys, in no order.
func (s *Set) All() iter.Seq[*Key] {
	if s == nil {
		return func(func(*Key) bool) {}
	}
	return maps.Values(s.keys)
}

// Len returns the number of keys.
func (s *Set) Len() int {
	if s == nil {
		return 0
	}
	return len(s.keys)
}
