package hostport_test

import (
	"testing"

	"github.com/gatehouse-ai/gatehouse/hostport"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]hostport.Address{
		"127.0.0.1:8080":     {Host: "127.0.0.1", Port: "8080"},
		":0":                 {Port: "0"},
		"[::1]:65535":        {Host: "::1", Port: "65535"},
		"my-host.example:80": {Host: "my-host.example", Port: "80"},
	} {
		if got, err := hostport.Parse(text); err != nil || got != want {
			t.Errorf("%q: got %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "host", "host:", "host:http", "host:65536", "host:080", "host:-1", "a b:80", "::1:80", "b\u00fccher:80", "http://host:80"} {
		if got, err := hostport.Parse(text); err == nil {
			t.Errorf("%q: got %+v", text, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("127.0.0.1:8080")
	f.Add("[::1]:80")
	f.Add(":http")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := hostport.Parse(text)
		if err == nil && a.Port != "0" && (!a.Meets(a) || !a.Reaches(a)) {
			t.Errorf("%q is not the same socket as itself", text)
		}
	})
}

func TestLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "LOCALHOST": true, "127.0.0.1": true, "127.1.2.3": true, "::1": true, "::ffff:127.0.0.1": true,
		"": false, "0.0.0.0": false, "::": false, "10.0.0.1": false, "localhost.example": false,
	} {
		if got := (hostport.Address{Host: host, Port: "1"}).Loopback(); got != want {
			t.Errorf("%q: got %v, want %v", host, got, want)
		}
	}
}

func TestMeetsAndReaches(t *testing.T) {
	for _, c := range []struct {
		a, b           string
		meets, reaches bool
	}{
		{"127.0.0.1:80", "127.0.0.1:80", true, true},
		{"127.0.0.1:80", "127.0.0.1:81", false, false},
		{"127.0.0.1:0", "127.0.0.1:0", false, false},
		{":80", "127.0.0.1:80", true, true},
		{":80", "10.0.0.1:80", true, false},
		{"0.0.0.0:80", "[::]:80", true, true},
		{"127.0.0.1:80", "0.0.0.0:80", true, true},
		{"10.0.0.1:80", "0.0.0.0:80", true, false},
		{"localhost:80", "127.0.0.1:80", true, true},
		{"[::1]:80", "LocalHost:80", true, true},
		{"localhost:80", "LOCALHOST:80", true, true},
		{"localhost:80", "127.0.0.2:80", false, false},
		{"10.0.0.1:80", "[::ffff:10.0.0.1]:80", true, true},
		{"a.example:80", "A.example:80", true, true},
		{"a.example:80", "b.example:80", false, false},
	} {
		a, errA := hostport.Parse(c.a)
		b, errB := hostport.Parse(c.b)
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		if a.Meets(b) != c.meets || b.Meets(a) != c.meets {
			t.Errorf("%s meets %s: want %v", c.a, c.b, c.meets)
		}
		if a.Reaches(b) != c.reaches {
			t.Errorf("%s reaches %s: want %v", c.a, c.b, c.reaches)
		}
	}
}
