package envelope

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/secret"
)

// Repeats tells whether a body has one of the secrets.
func Repeats(body []byte, secrets []secret.Value) bool {
	return slices.ContainsFunc(secrets, func(s secret.Value) bool { return bytes.Contains(body, []byte(s.Reveal())) })
}

// Discreet returns an endpoint's error without the secrets that it was sent: an
// endpoint that repeats the key which it refuses must not tell it to clients.
func Discreet(f *fault.Error, secrets []secret.Value) *fault.Error {
	out := *f
	for _, s := range secrets {
		for _, text := range []*string{&out.Message, &out.Param, &out.Type, &out.Code} {
			*text = strings.ReplaceAll(*text, s.Reveal(), "***")
		}
	}
	return &out
}

// Remembered is what a record keeps of an error. The message of an endpoint
// is not kept: engines quote prompts in theirs, and the record goes to the log.
func Remembered(f *fault.Error) *fault.Error {
	if f.Kind != fault.UpstreamError {
		return f
	}
	out := *f
	out.Message = "The endpoint answered with an error of status " + strconv.Itoa(f.HTTPStatus())
	if f.Type != "" {
		out.Message += ", type " + f.Type
	}
	if f.Code != "" {
		out.Message += ", code " + f.Code
	}
	return &out
}
