package record_test

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/record"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// A clone outlives the buffers that the texts of its record point into, those of
// fields to come included.
func TestCloneOutlivesTheRequest(t *testing.T) {
	r, want := &record.Record{Attempts: 2, Outcome: record.Complete}, &record.Record{Attempts: 2, Outcome: record.Complete}
	var buffers [][]byte
	v, w := reflect.ValueOf(r).Elem(), reflect.ValueOf(want).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.Type() == reflect.TypeFor[string]() {
			b := []byte("text of " + v.Type().Field(i).Name)
			w.Field(i).SetString(string(b))
			f.SetString(wire.View(b))
			buffers = append(buffers, b)
		}
	}
	c := r.Clone()
	for _, b := range buffers { // the next request
		clear(b)
	}
	if diff := cmp.Diff(want, c); diff != "" || len(buffers) == 0 {
		t.Error(diff)
	}
}
