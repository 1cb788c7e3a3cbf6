package principal_test

import (
	"testing"

	"github.com/gatehouse-ai/gatehouse/principal"
	"github.com/gatehouse-ai/gatehouse/wire"
)

func TestLocal(t *testing.T) {
	for _, c := range []struct {
		host, site string
		ok         bool
	}{
		{"localhost", "", true},
		{"localhost:8080", "", true},
		{"app.localhost:8080", "", true},
		{"127.0.0.1", "", true},
		{"127.9.9.9:1", "", true},
		{"[::1]:8080", "", true},
		{"[::1]", "", true},
		{"::1", "", true},
		{"localhost", "none", true},
		{"localhost", "same-origin", true},
		{"localhost", "same-site", false},
		{"127.0.0.1:80", "cross-site", false},
		{"evil.example", "", false},
		{"evil.example:80", "", false},
		{"localhost.evil.example", "", false},
		{"notlocalhost", "", false},
		{"10.0.0.1", "", false},
		{"[2001:db8::1]:80", "", false},
		{"", "", false},
		{":80", "", false},
	} {
		var h wire.Header
		if c.site != "" {
			h = wire.Header{{Name: "sec-fetch-site", Value: c.site}}
		}
		if err := principal.Local(c.host, h); (err == nil) != c.ok {
			t.Errorf("%q %q: %v", c.host, c.site, err)
		}
	}
}
