package turn_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/fakellm/turn"
)

func TestFind(t *testing.T) {
	route := func(method, path, name string) turn.Route {
		return turn.Route{Method: method, Path: path, Handle: func(*turn.Request) (*turn.Reply, error) {
			return turn.Bytes(200, "", []byte(name)), nil
		}}
	}
	table := turn.NewTable([]turn.Route{
		route("POST", "/a", "first"), route("GET", "/a", "get"), route("GET", "/m/{rest...}", "m"), route("GET", "/m/n/{rest...}", "n"),
	}, []turn.Route{route("POST", "/a", "second")})
	for _, c := range []struct{ method, path, name, rest, allow string }{
		{"POST", "/a", "second", "", ""},
		{"GET", "/a", "get", "", ""},
		{"HEAD", "/a", "get", "", ""},
		{"PUT", "/a", "", "", "GET, POST"},
		{"GET", "/b", "", "", ""},
		{"GET", "/m", "", "", ""},
		{"GET", "/m/", "", "", ""},
		{"GET", "/m/x/y", "m", "x/y", ""},
		{"HEAD", "/m/x", "m", "x", ""},
		{"GET", "/m/n/x", "n", "x", ""},
		{"POST", "/m/x", "", "", "GET"},
	} {
		r, rest, allow := table.Find(c.method, c.path)
		name := ""
		if r != nil {
			name = string(r.Answer(&turn.Request{}).Frames[0].Data)
		}
		if name != c.name || rest != c.rest || allow != c.allow {
			t.Errorf("%s %s: %q, %q, %q", c.method, c.path, name, rest, allow)
		}
	}
}

func TestAnswer(t *testing.T) {
	for _, c := range []struct {
		err  error
		want turn.Error
	}{
		{turn.Errorf(404, "no %s", "x"), turn.Error{Status: 404, Message: "no x"}},
		{turn.Invalid("p", "bad"), turn.Error{Status: 400, Message: "bad", Param: "p"}},
		{errors.New("odd"), turn.Error{Status: 400, Message: "odd"}},
	} {
		var got turn.Error
		r := turn.Route{
			Handle: func(*turn.Request) (*turn.Reply, error) { return nil, c.err },
			Fail: func(_ *turn.Request, e *turn.Error) *turn.Reply {
				got = *e
				return nil
			},
		}
		r.Answer(&turn.Request{})
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("-want +got\n%s", d)
		}
	}
}

func TestDecode(t *testing.T) {
	var v struct {
		A struct{ B int }
	}
	for body, want := range map[string]turn.Error{
		`{"A":{"B":"x"}}`: {Status: 400, Message: "B has the wrong type: string", Param: "B"},
		`{`:               {Status: 400, Message: "The body cannot be read: unexpected end of JSON input"},
	} {
		var e *turn.Error
		r := &turn.Request{Body: []byte(body)}
		if err := r.Decode(&v); !errors.As(err, &e) || *e != want {
			t.Errorf("%s: %v", body, err)
		}
	}
	for media, want := range map[string]bool{
		"application/json": true, "application/json; charset=utf-8": true, "application/x+json": true, "text/json": false, "": false,
	} {
		r := &turn.Request{Header: http.Header{"Content-Type": {media}}}
		if r.DeclaresJSON() != want {
			t.Errorf("%q declares JSON: %v", media, !want)
		}
	}
}

func TestChild(t *testing.T) {
	r := &turn.Request{ID: "0123456789abcdef0123456789abcdef"}
	if got := r.Child(18); got != "0123456789abcdef01234512" {
		t.Errorf("the child is %s", got)
	}
	if string(turn.Marshal("<&>")) != `"<&>"` {
		t.Error("HTML's characters are escaped")
	}
}
