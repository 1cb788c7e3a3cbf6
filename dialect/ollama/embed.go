package ollama

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gatehouse-ai/gatehouse/dialect"
	"github.com/gatehouse-ai/gatehouse/dialect/failure"
	"github.com/gatehouse-ai/gatehouse/dialect/param"
	"github.com/gatehouse-ai/gatehouse/dialect/vector"
	"github.com/gatehouse-ai/gatehouse/meter"
)

// embedRequest is the body of /api/embed.
type embedRequest struct {
	Model      string          `json:"model"`
	Input      []string        `json:"input"`
	Dimensions int64           `json:"dimensions,omitempty"`
	Truncate   json.RawMessage `json:"truncate,omitempty"`
	KeepAlive  json.RawMessage `json:"keep_alive,omitempty"`
}

// translateEmbed turns a request for embeddings into the body of /api/embed.
func translateEmbed(c dialect.Call) (*embedRequest, dialect.Answer, error) {
	r, err := vector.Parse(c.Body)
	if err == nil {
		err = r.Refuse(name, "truncate", "keep_alive")
	}
	if err != nil {
		return nil, nil, err
	}
	out := &embedRequest{Model: c.Model, Input: r.Input, Dimensions: r.Dimensions}
	if v, found := r.Extra("truncate"); found {
		if err := v.Want(param.Boolean); err != nil {
			return nil, nil, err
		}
		out.Truncate = v.JSON()
	}
	if v, found := r.Extra("keep_alive"); found {
		if err := v.Want(param.String, param.Number); err != nil {
			return nil, nil, err
		}
		out.KeepAlive = v.JSON()
	}
	return out, vector.NewAnswer(c, r, decodeVectors), nil
}

// decodeVectors finds the vectors in an answer of /api/embed.
func decodeVectors(body []byte) (vector.Reply, error) {
	if failure.IsError(body) {
		return vector.Reply{}, failure.Read(200, body)
	}
	var r struct {
		Model      string          `json:"model"`
		Embeddings json.RawMessage `json:"embeddings"`
		Input      *json.Number    `json:"prompt_eval_count"`
	}
	if err := json.Unmarshal(body, &r); err != nil {
		return vector.Reply{}, fmt.Errorf("answer of Ollama: %w", err)
	}
	if len(r.Embeddings) == 0 || r.Embeddings[0] != '[' {
		return vector.Reply{}, errors.New("the answer has no embeddings")
	}
	return vector.Reply{Model: r.Model, Vectors: r.Embeddings, Usage: meter.Usage{Input: count(r.Input), Known: true}}, nil
}
