package bench

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/gatehouse-ai/gatehouse/secret"
)

// Target is an endpoint to measure.
type Target struct {
	Name string
	URL  *url.URL // with the level: http://host:port/v1
	Key  secret.Value
	PID  int // of the process on this machine that serves it; 0 if it is not known
}

// ParseTarget reads [NAME=]URL[#KEY][@PID]. A KEY of env:NAME is read from the
// environment by lookup. Errors do not repeat the key.
func ParseTarget(text string, lookup func(string) (string, bool)) (Target, error) {
	var t Target
	rest := text
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		if pid, err := strconv.Atoi(rest[at+1:]); err == nil && pid > 0 {
			t.PID, rest = pid, rest[:at]
		}
	}
	rest, key, hasKey := strings.Cut(rest, "#")
	if name, u, ok := strings.Cut(rest, "="); ok && !strings.Contains(name, "/") {
		t.Name, rest = name, u
	}
	u, err := url.Parse(rest)
	if err != nil {
		return t, errors.New("a target is not [NAME=]URL[#KEY][@PID]: its URL cannot be read")
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || u.RawQuery != "" {
		return t, fmt.Errorf("the target %s must be an http:// or https:// URL with a path at most, such as http://127.0.0.1:8080/v1", u.Redacted())
	}
	t.URL = u
	if t.Name == "" {
		t.Name = u.Host
	}
	if hasKey {
		t.Key, err = Key(key, lookup)
	}
	return t, err
}

// Key reads a key: env:NAME is the value of a variable of the environment.
func Key(text string, lookup func(string) (string, bool)) (secret.Value, error) {
	name, ok := strings.CutPrefix(text, "env:")
	if !ok {
		return secret.New(text), nil
	}
	v, ok := lookup(name)
	if !ok || v == "" {
		return secret.Value{}, fmt.Errorf("the environment has no variable %s, which shall hold a key", name)
	}
	return secret.New(v), nil
}
