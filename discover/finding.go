package discover

import (
	"fmt"
	"strings"
)

// State says what came of looking for something.
type State int

// The states.
const (
	Absent   State = iota // it is not there
	Found                 // it is an endpoint now
	Unusable              // it is there but cannot be used
)

// Finding is what came of looking at one place or for one provider.
type Finding struct {
	State State
	// Name is that of the endpoint, or of what usually is at the place.
	Name string
	// Where is the address or the environment variable that was looked at.
	Where string
	// What says what was found or why not.
	What string
	// Models are the names of models that go to it, in the case of a provider
	// the beginnings of names, each with a *.
	Models []string
}

// String returns the finding in one line, models left out.
func (f Finding) String() string { return fmt.Sprintf("%s (%s): %s", f.Name, f.Where, f.What) }

// finding returns what is said of an answer. name is that of its endpoint.
func (a *answer) finding(name string) Finding {
	f := Finding{State: a.state, Name: name, Where: a.place.Address, What: a.why}
	if a.state != Found {
		f.Name = a.place.Usual
		return f
	}
	parts := []string{engines[a.engine].title}
	if a.version != "" {
		parts = append(parts, a.version)
	}
	f.What = strings.Join(parts, " ") + ", " + count(len(a.models))
	return f
}

// count writes a number of models.
func count(n int) string {
	switch n {
	case 0:
		return "no models"
	case 1:
		return "1 model"
	}
	return fmt.Sprintf("%d models", n)
}
