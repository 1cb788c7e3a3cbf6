package strictyaml_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-ai/gatehouse/secret"
	"github.com/gatehouse-ai/gatehouse/strictyaml"
)

func TestSize(t *testing.T) {
	for _, c := range []struct {
		text  string
		bytes int64 // -1: refused
		print string
	}{
		{"0", 0, "0"},
		{"512", 512, "512"},
		{"512B", 512, "512"},
		{"64KiB", 64 << 10, "64KiB"},
		{"64 KiB", 64 << 10, "64KiB"},
		{"1024KiB", 1 << 20, "1MiB"},
		{"3MiB", 3 << 20, "3MiB"},
		{"2GiB", 2 << 30, "2GiB"},
		{"1TiB", 1 << 40, "1TiB"},
		{"10MB", 10_000_000, "10000000"},
		{"1KB", 1000, "1000"},
		{"8388607TiB", 8388607 << 40, "8388607TiB"},
		{"8388608TiB", -1, ""},
		{"", -1, ""},
		{"MiB", -1, ""},
		{"-1", -1, ""},
		{"1.5MiB", -1, ""},
		{"1M", -1, ""},
		{"1mib", -1, ""},
		{"1iMB", -1, ""},
		{"1KiBKiB", -1, ""},
	} {
		var s strictyaml.Size
		switch err := s.UnmarshalText([]byte(c.text)); {
		case c.bytes < 0 && (err == nil || s != 0):
			t.Errorf("%q was read as %d, %v", c.text, s, err)
		case c.bytes >= 0 && (err != nil || int64(s) != c.bytes || s.String() != c.print):
			t.Errorf("%q was read as %d, printed as %s, %v", c.text, s, s, err)
		}
	}
	if b, err := json.Marshal(strictyaml.Size(1 << 20)); err != nil || string(b) != `"1MiB"` {
		t.Errorf("JSON: %s, %v", b, err)
	}
}

func TestURL(t *testing.T) {
	for text, want := range map[string]string{
		"http://10.0.0.5:8000/v1":      "http://10.0.0.5:8000/v1",
		"https://host.example/":        "https://host.example",
		"https://host.example/a%2Fb//": "https://host.example/a%2Fb",
		"HTTP://[::1]:8080":            "http://[::1]:8080",
		"":                             "wanted a URL such as",
		"host.example":                 "wanted a URL such as",
		"host.example:8000":            "wanted a URL such as",
		"/v1":                          "wanted a URL such as",
		"http:host":                    "wanted a URL such as",
		"http://ho st":                 "wanted a URL such as",
		"http://host:x":                "wanted a URL such as",
		"ftp://host":                   "wanted a URL that begins with",
		"http://":                      "wanted a URL with a host",
		"http://:8080":                 "wanted a URL with a host",
		"http://host:0":                "wanted a URL with a port",
		"http://host:65536":            "wanted a URL with a port",
		"http://me:canary-4711@host":   "wanted a URL without user",
		"http://host/?key=canary-4711": "wanted a URL without a query",
		"http://host?":                 "wanted a URL without a query",
		"http://host/#canary-4711":     "wanted a URL without a fragment",
		"http://host/#":                "wanted a URL without a fragment",
	} {
		var u strictyaml.URL
		err := u.UnmarshalText([]byte(text))
		switch {
		case strings.HasPrefix(want, "http"):
			if b, mErr := json.Marshal(u); err != nil || mErr != nil || u.IsZero() || string(b) != `"`+want+`"` {
				t.Errorf("%q was read as %s, %v, %v", text, b, err, mErr)
			}
		case err == nil || !strings.HasPrefix(err.Error(), want) || !u.IsZero():
			t.Errorf("%q: got %s, %v, want %q", text, u, err, want)
		case strings.Contains(err.Error(), "canary"):
			t.Errorf("%q is quoted: %v", text, err)
		}
	}
}

func TestDial(t *testing.T) {
	for text, want := range map[string][2]string{
		"http://host.example/v1": {"host.example", "80"}, "https://host.example": {"host.example", "443"},
		"http://[::1]:8080": {"::1", "8080"}, "https://10.0.0.1:80": {"10.0.0.1", "80"},
	} {
		var u strictyaml.URL
		if err := u.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if host, port := u.Dial(); host != want[0] || port != want[1] {
			t.Errorf("%s: got %s, %s", text, host, port)
		}
	}
}

func TestDescribe(t *testing.T) {
	for _, c := range []struct {
		value any
		want  string
	}{
		{"", "text"},
		{strictyaml.Path(""), "text"},
		{secret.Value{}, "text"},
		{colour(""), "red, green or blue"},
		{true, "true or false"},
		{int8(1), "a whole number"},
		{uint(1), "a whole number"},
		{1.5, "a number"},
		{time.Second, "a duration such as 30s, 5m or 1h30m"},
		{strictyaml.Size(1), "a size such as 64KiB, 32MiB or 1GiB"},
		{strictyaml.URL{}, "a URL such as https://host.example/v1"},
		{part{}, "a mapping"},
		{map[string]int{}, "a mapping"},
		{words{}, "a list"},
	} {
		if got := strictyaml.Describe(reflect.TypeOf(c.value)); got != c.want {
			t.Errorf("%T: got %s, want %s", c.value, got, c.want)
		}
	}
}

func TestDocument(t *testing.T) {
	var f file
	d := strictyaml.Decode(source("name: a\npart:\n  wait: soon\nparts: {a.b: {on: true}}\nkey: ${env:CANARY}\nsize: 1\n"), &f)
	for path, want := range map[string][2]bool{ // given, wrong
		"":               {true, true},
		"name":           {true, false},
		"colour":         {false, false},
		"part":           {true, true},
		"part.wait":      {true, true},
		"part.on":        {false, false},
		"par":            {false, false},
		"parts":          {true, false},
		"parts.a.b.on":   {true, false},
		"parts.a.b.wait": {false, false},
	} {
		if got := [2]bool{d.Given(path), d.Wrong(path)}; got != want {
			t.Errorf("%s: given, wrong are %v, want %v", path, got, want)
		}
	}
	if !d.Refers("key") || d.Refers("name") {
		t.Error("key refers, name does not")
	}
	d.Mistakef("part.on", "do", "in %s", "part")
	d.Mistakef("parts.a.b.wait", "", "in a.b")
	d.Mistakef("none[3].x", "", "at the root")
	d.Warnf("name", "", "a warning")
	want := strings.Join([]string{
		`f:1:1: none[3].x: at the root`,
		`f:2:1: part.on: in part (do)`,
		`f:3:9: part.wait: wanted a duration such as 30s, 5m or 1h30m, got "soon"`,
		`f:4:9: parts.a.b.wait: in a.b`,
	}, "\n")
	if got := d.Err().Error(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := fmt.Sprint(d.Warnings()); got != "[f:1:7: name: a warning]" {
		t.Errorf("got %s", got)
	}
	if strictyaml.Index(strictyaml.Field(strictyaml.Field("", "a"), "b"), 2) != "a.b[2]" {
		t.Error("paths are put together wrongly")
	}
}
