package tei

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gatehouse-ai/gatehouse/dialect"
	"github.com/gatehouse-ai/gatehouse/dialect/failure"
	"github.com/gatehouse-ai/gatehouse/dialect/param"
	"github.com/gatehouse-ai/gatehouse/dialect/vector"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// Dialect is the native protocol of Text Embeddings Inference. The zero value
// is ready for use.
type Dialect struct{}

var _ dialect.Translator = Dialect{}

const name = "TEI"

// Path is "": no operation goes on as it is.
func (Dialect) Path(string, *op.Operation) string { return "" }

// Credential is a bearer token.
func (Dialect) Credential(key string) wire.Field {
	return wire.Field{Name: "Authorization", Value: "Bearer " + key}
}

// Probe is the engine's health check.
func (Dialect) Probe(base string) string { return base + "/health" }

// Error reads the engine's error, which is a string beside its kind.
func (Dialect) Error(status int, body []byte) *fault.Error { return failure.Read(status, body) }

// Translates tells that embeddings are translated.
func (Dialect) Translates(id op.ID) bool { return id == op.Embedding }

// embed is the body of /embed.
type embed struct {
	Inputs     []string `json:"inputs"`
	Dimensions int64    `json:"dimensions,omitempty"`
	Truncate   *bool    `json:"truncate,omitempty"`
	Normalize  *bool    `json:"normalize,omitempty"`
	PromptName string   `json:"prompt_name,omitempty"`
}

// Translate turns a request for embeddings into one for /embed.
func (Dialect) Translate(base string, c dialect.Call) (dialect.Request, dialect.Answer, error) {
	if c.Op != op.Embedding {
		return dialect.Request{}, nil, fault.New(fault.UnsupportedOperation, "The endpoint of this model serves embeddings only.")
	}
	r, err := vector.Parse(c.Body)
	if err == nil {
		err = r.Refuse(name, "truncate", "normalize", "prompt_name")
	}
	if err != nil {
		return dialect.Request{}, nil, err
	}
	body := embed{Inputs: r.Input, Dimensions: r.Dimensions}
	if err := body.extras(r); err != nil {
		return dialect.Request{}, nil, err
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(body); err != nil {
		return dialect.Request{}, nil, fmt.Errorf("request for TEI: %w", err)
	}
	return dialect.Request{Path: base + "/embed", Body: bytes.TrimSpace(b.Bytes())}, vector.NewAnswer(c, r, decode), nil
}

// extras reads the engine's own parameters.
func (e *embed) extras(r *vector.Request) error {
	for _, f := range []struct {
		name string
		to   **bool
	}{{"truncate", &e.Truncate}, {"normalize", &e.Normalize}} {
		v, found := r.Extra(f.name)
		if !found {
			continue
		}
		on, err := v.Bool()
		if err != nil {
			return err
		}
		*f.to = &on
	}
	v, found := r.Extra("prompt_name")
	if !found {
		return nil
	}
	var err error
	e.PromptName, err = v.Text()
	return err
}

// decode finds the vectors, which are the whole body.
func decode(body []byte) (vector.Reply, error) {
	body = bytes.TrimSpace(body)
	if failure.IsError(body) {
		return vector.Reply{}, failure.Read(200, body)
	}
	if (param.Value{Raw: body}).Type() != param.Array {
		return vector.Reply{}, errors.New("a list of vectors was expected")
	}
	return vector.Reply{Vectors: body}, nil
}
