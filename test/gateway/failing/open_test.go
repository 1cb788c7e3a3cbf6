package failing_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/gwtest"
	"github.com/gatehouse-ai/gatehouse/record"
)

// tb is a test whose gateway may fail to start.
type tb struct {
	*testing.T
	fatal string
}

// Fatalf notes why the gateway did not start.
func (b *tb) Fatalf(format string, args ...any) {
	b.fatal = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// TestOpenListensOnLoopback starts gateways without keys: on any address but
// loopback they must refuse to start.
func TestOpenListensOnLoopback(t *testing.T) {
	for _, c := range []struct {
		listen string
		keys   string
		starts bool
	}{
		{"127.0.0.1:0", "[]", true},
		{"localhost:0", "[]", true},
		{"127.0.0.1:0, 127.0.0.2:0", "[]", true},
		{"0.0.0.0:0", "[]", false},
		{"'[::]:0'", "[]", false},
		{"':0'", "[]", false},
		{"10.0.0.1:0", "[]", false},
		{"127.0.0.1:0, 0.0.0.0:0", "[]", false},
		{"0.0.0.0:0", "[{name: k, key: " + gwtest.Key + "}]", true},
	} {
		t.Run(c.listen+" "+c.keys[:2], func(t *testing.T) {
			b := &tb{T: t}
			done := make(chan struct{})
			go func() {
				defer close(done)
				gwtest.Start(b, "listen: ["+c.listen+"]\nkeys: "+c.keys+"\nendpoints: [{name: e, url: \"http://127.0.0.1:1/v1\", health: {interval: 0s}}]\nmodels: [{name: m, endpoints: [e]}]\n")
			}()
			<-done
			if started := b.fatal == ""; started != c.starts {
				t.Errorf("started: %t, want %t: %s", started, c.starts, b.fatal)
			}
			if !c.starts && !strings.Contains(b.fatal, "loopback") {
				t.Errorf("the message does not say what is wrong: %s", b.fatal)
			}
		})
	}
}

// TestOpenGuard checks that a gateway without keys, which serves everybody on
// the machine, does not serve web pages that a browser on it shows.
func TestOpenGuard(t *testing.T) {
	open, e := single(t, fakellm.OpenAI, "", "keys: []\n")
	port := open.Root[strings.LastIndexByte(open.Root, ':'):]
	for _, c := range []struct {
		name   string
		fields []string
		status int
	}{
		{"as is", nil, 200},
		{"localhost", []string{"Host", "localhost" + port}, 200},
		{"localhost without port", []string{"Host", "localhost"}, 200},
		{"below localhost", []string{"Host", "gw.localhost" + port}, 200},
		{"IPv6", []string{"Host", "[::1]" + port}, 200},
		{"another loopback address", []string{"Host", "127.1.2.3" + port}, 200},
		{"a name that points here", []string{"Host", "evil.example" + port}, 403},
		{"a name that looks like it", []string{"Host", "localhost.evil.example"}, 403},
		{"an address of a network", []string{"Host", "192.168.1.2" + port}, 403},
		{"any address", []string{"Host", "0.0.0.0" + port}, 403},
		{"a page of another site", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"a page of the same site", []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"a page of its own", []string{"Sec-Fetch-Site", "same-origin"}, 200},
		{"an address that was typed", []string{"Sec-Fetch-Site", "none"}, 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := e.Count()
			for _, path := range []string{"/chat/completions", "/messages", "/models"} {
				method, body := "POST", chat(false)
				if path == "/models" {
					method, body = "GET", ""
				} else if path == "/messages" {
					body = questions()[8].with(false)
				}
				r := send(t, method, open.URL+path, body, append([]string{"Anthropic-Version", "2023-06-01"}, c.fields...)...)
				if r.Status != c.status {
					t.Errorf("%s: status %d, want %d: %s", path, r.Status, c.status, r.Body)
				}
				rec := open.Record()
				if c.status == 403 {
					envelope(t, r, path == "/messages")
					if rec.Outcome != record.Refused || r.Header.Get("X-Should-Retry") != "false" {
						t.Errorf("%s: outcome %q, X-Should-Retry %q", path, rec.Outcome, r.Header.Get("X-Should-Retry"))
					}
				}
			}
			if c.status == 403 && e.Count() != before {
				t.Errorf("a request that was refused has reached the engine")
			}
		})
	}
	t.Run("with keys", func(t *testing.T) {
		g, _ := single(t, fakellm.OpenAI, "", "")
		r := send(t, "POST", g.URL+"/chat/completions", chat(false), "Authorization", bearer, "Host", "gw.corp.example", "Sec-Fetch-Site", "cross-site")
		if r.Status != 200 {
			t.Errorf("status %d: %s", r.Status, r.Body)
		}
	})
}
