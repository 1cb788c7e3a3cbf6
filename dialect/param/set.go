package param

import (
	"math"
	"slices"
)

// Set is the parameters of a request that are not null, in order.
type Set []Value

// Get returns the parameter called name. found is false if it is absent or
// null.
func (s Set) Get(name string) (v Value, found bool) {
	for _, v := range s {
		if v.Path == name {
			return v, true
		}
	}
	return Value{}, false
}

// Is tells whether v is the same value as one of those given as JSON without
// space between tokens. Numbers are compared as such.
func (v Value) Is(values ...string) bool {
	if v.Type() != Number {
		return slices.Contains(values, string(v.JSON()))
	}
	number := func(v Value) (float64, error) { return v.Float(-math.MaxFloat64, math.MaxFloat64) }
	f, err := number(v)
	return err == nil && slices.ContainsFunc(values, func(s string) bool {
		n, err := number(Value{Raw: []byte(s)})
		return err == nil && n == f
	})
}
