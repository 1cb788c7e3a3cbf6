package ident_test

import (
	"regexp"
	"testing"

	"github.com/gatehouse-ai/gatehouse/ident"
)

func TestNew(t *testing.T) {
	form := regexp.MustCompile(`^req_[0-9a-f]{32}$`)
	seen := map[string]bool{}
	for range 1000 {
		id := ident.New("req_")
		if !form.MatchString(id) || seen[id] {
			t.Fatalf("%q is malformed or not new", id)
		}
		seen[id] = true
	}
}
