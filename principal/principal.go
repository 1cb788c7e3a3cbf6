package principal

import (
	"github.com/gatehouse-ai/gatehouse/apikey"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// Header is the field that carries the gateway's own key where Authorization
// is meant for the provider behind it.
const Header = "X-Gatehouse-Key"

// forms are the headers that may carry a key, in order of precedence.
var forms = [...]struct {
	name   string
	bearer bool
}{{Header, false}, {"Authorization", true}, {"X-Api-Key", false}, {"Api-Key", false}}

// Principal is who a request acts for.
type Principal struct {
	Key *apikey.Key // nil without a key
	// Open says that no key is configured at all: the gateway listens on
	// loopback and serves everybody there.
	Open bool
	// Separate says that the key came in X-Gatehouse-Key, so that the other
	// credentials of the request are for a provider.
	Separate bool
}

// Name returns the name of the key, or "".
func (p Principal) Name() string {
	if p.Key == nil {
		return ""
	}
	return p.Key.Name
}

// Known tells whether the gateway itself has vouched for the request.
func (p Principal) Known() bool { return p.Open || p.Key != nil }

// May tells whether the principal may use the model called name.
func (p Principal) May(name string) bool { return p.Key == nil || p.Key.Allows(name) }

// Authenticate finds the principal of a request. keys is nil where none are
// configured. With keyless it returns an unknown principal instead of an
// error, for routes that leave the question to their endpoint.
func Authenticate(keys *apikey.Set, h wire.Header, keyless bool) (Principal, *fault.Error) {
	if keys == nil {
		return Principal{Open: true}, nil
	}
	var found *apikey.Key
	presented, separate := false, false
	for i, form := range forms {
		for _, f := range h {
			if !wire.EqualFold(f.Name, form.name) {
				continue
			}
			credential := value(f.Value, form.bearer)
			if credential == "" {
				continue
			}
			presented = true
			k := keys.Lookup(credential)
			switch {
			case k == nil && i == 0:
				return Principal{}, wrong()
			case k == nil:
			case found == nil:
				found, separate = k, i == 0
			case found != k && !separate:
				return Principal{}, fault.New(fault.WrongKey, "The request carries two different API keys. Send one.")
			}
		}
	}
	switch {
	case found != nil:
		return Principal{Key: found, Separate: separate}, nil
	case keyless:
		return Principal{}, nil
	case presented:
		return Principal{}, wrong()
	}
	return Principal{}, Missing()
}

// Missing is the error for a request without a key.
func Missing() *fault.Error {
	return fault.New(fault.MissingKey, "The request has no API key. Send it as 'Authorization: Bearer KEY'.")
}

func wrong() *fault.Error {
	return fault.Param(fault.WrongKey, "api_key", "Incorrect API key provided. Ask whoever runs this gateway for a key, and check that all of it was copied.")
}

// value returns the credential in the value of a header.
func value(s string, bearer bool) string {
	if bearer {
		const scheme = "bearer "
		if !wire.HasPrefixFold(s, scheme) {
			return ""
		}
		s = s[len(scheme):]
	}
	for len(s) > 0 && s[0] == ' ' {
		s = s[1:]
	}
	for len(s) > 0 && s[len(s)-1] == ' ' {
		s = s[:len(s)-1]
	}
	return s
}

// Forward appends the credentials of a request that may go on to an endpoint
// which is passed the client's own: never one that is a key of the gateway.
func Forward(dst wire.Header, keys *apikey.Set, h wire.Header) wire.Header {
	for _, f := range h {
		for _, form := range forms[1:] {
			if !wire.EqualFold(f.Name, form.name) {
				continue
			}
			// Under either reading, lest a key escape by an odd form.
			if keys != nil && (keys.Lookup(value(f.Value, true)) != nil || keys.Lookup(value(f.Value, false)) != nil) {
				continue
			}
			dst = append(dst, f)
		}
		if wire.EqualFold(f.Name, "OpenAI-Organization") || wire.EqualFold(f.Name, "OpenAI-Project") {
			dst = append(dst, f)
		}
	}
	return dst
}
