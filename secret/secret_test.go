package secret_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/secret"
)

func TestNeverPrinted(t *testing.T) {
	const canary = "canary-4711"
	v := secret.New(canary)
	type wrap struct {
		Key secret.Value
		Ptr *secret.Value
	}
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&b, verb+"\n", v)
		fmt.Fprintf(&b, verb+"\n", wrap{v, &v})
		fmt.Fprintf(&b, verb+"\n", []*wrap{{v, &v}})
		fmt.Fprintf(&b, verb+"\n", map[string]*wrap{"a": {v, &v}})
	}
	if err := json.NewEncoder(&b).Encode(wrap{v, &v}); err != nil {
		t.Fatal(err)
	}
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "key", v, "wrap", wrap{v, &v})
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "key", v, "wrap", wrap{v, &v})
	if s := b.String(); strings.Contains(s, canary) || strings.Contains(s, fmt.Sprintf("%x", canary)) {
		t.Errorf("the secret was printed:\n%s", s)
	}
	if v.Reveal() != canary || v.IsZero() || !(secret.Value{}).IsZero() {
		t.Error("Reveal or IsZero lies")
	}
}
