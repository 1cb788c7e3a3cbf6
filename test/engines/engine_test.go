package engines_test

import "testing"

// TestEngine puts the questions to the engine itself: what the gateway is held
// to is what the engine really does.
func TestEngine(t *testing.T) {
	engine := startEngine(t)
	for _, check := range checks() {
		t.Run(check.name, func(t *testing.T) { check.do(t, engine) })
	}
	t.Run("a client that leaves", func(t *testing.T) { cancelled(t, engine, engine) })
}
