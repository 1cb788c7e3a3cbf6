package fakellm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// Plan is what a script file holds.
type Plan struct {
	Every Script   `json:"every,omitzero"` // for every request
	Queue []Script `json:"queue,omitempty"`
}

// ReadPlan reads a plan: JSON, with durations like "50ms". Unknown members are
// errors.
func ReadPlan(r io.Reader) (Plan, error) {
	var p Plan
	dec := json.NewDecoder(r)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		return Plan{}, fmt.Errorf("the script cannot be read: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Plan{}, errors.New("the script cannot be read: something stands after it")
	}
	for _, s := range append([]Script{p.Every}, p.Queue...) {
		if err := s.check(); err != nil {
			return Plan{}, err
		}
	}
	return p, nil
}

// check finds words that are none.
func (s *Script) check() error {
	if b := s.Break; b != nil {
		if !slices.Contains([]How{Hang, Reset, Close, End, Garble}, b.How) {
			return fmt.Errorf("break.how is %q; it must be hang, reset, close, end or garble", b.How)
		}
		if !slices.Contains([]Where{BeforeBody, BeforeHeader, AfterBytes, AfterEvents}, b.Where) {
			return fmt.Errorf("break.where is %q; it must be before_body, before_header, after_bytes or after_events", b.Where)
		}
	}
	if r := s.Refuse; r != nil {
		if r.Shape != "" && !slices.Contains(Shapes(), r.Shape) {
			return fmt.Errorf("refuse.shape is %q; it must be one of %q", r.Shape, Shapes())
		}
		if r.Status != 0 && (r.Status < 200 || r.Status > 599) {
			return fmt.Errorf("refuse.status is %d; it must be from 200 to 599", r.Status)
		}
	}
	if e := s.Form.LineEnd; e != "" && e != "\n" && e != "\r\n" && e != "\r" {
		return fmt.Errorf(`form.line_end is %q; it must be "\n", "\r\n" or "\r"`, e)
	}
	return nil
}

// duration is a time.Duration that is written as in Go.
type duration time.Duration

// UnmarshalText reads a duration like "50ms".
func (d *duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	*d = duration(v)
	return err
}

// MarshalText writes a duration like "50ms".
func (d duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

type waitJSON struct {
	Header duration `json:"header,omitzero"`
	First  duration `json:"first,omitzero"`
	Token  duration `json:"token,omitzero"`
	Piece  duration `json:"piece,omitzero"`
}

// UnmarshalJSON reads durations like "50ms".
func (w *Wait) UnmarshalJSON(b []byte) error {
	var j waitJSON
	err := strict(b, &j)
	*w = Wait{
		Header: time.Duration(j.Header), First: time.Duration(j.First),
		Token: time.Duration(j.Token), Piece: time.Duration(j.Piece),
	}
	return err
}

// MarshalJSON writes durations like "50ms". A gate is not written.
func (w Wait) MarshalJSON() ([]byte, error) {
	return json.Marshal(waitJSON{duration(w.Header), duration(w.First), duration(w.Token), duration(w.Piece)})
}

type refusalJSON struct {
	Status     int               `json:"status,omitempty"`
	Shape      Shape             `json:"shape,omitempty"`
	Message    string            `json:"message,omitempty"`
	Body       string            `json:"body,omitempty"`
	Type       string            `json:"type,omitempty"`
	Header     map[string]string `json:"header,omitempty"`
	RetryAfter duration          `json:"retry_after,omitzero"`
	Limits     bool              `json:"limits,omitempty"`
}

// UnmarshalJSON reads durations like "50ms".
func (f *Refusal) UnmarshalJSON(b []byte) error {
	var j refusalJSON
	err := strict(b, &j)
	*f = Refusal{j.Status, j.Shape, j.Message, j.Body, j.Type, j.Header, time.Duration(j.RetryAfter), j.Limits}
	return err
}

// MarshalJSON writes durations like "50ms".
func (f Refusal) MarshalJSON() ([]byte, error) {
	return json.Marshal(refusalJSON{f.Status, f.Shape, f.Message, f.Body, f.Type, f.Header, duration(f.RetryAfter), f.Limits})
}

func strict(b []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	return dec.Decode(v)
}
