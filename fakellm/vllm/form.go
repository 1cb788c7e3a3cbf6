package vllm

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"strings"

	"github.com/gatehouse-ai/gatehouse/fakellm/turn"
)

// form is a multipart body. Its fields may come in any order.
type form struct {
	values map[string][]string
	files  []file
}

type file struct {
	field, name string
	data        []byte
}

func (f *form) get(name string) string {
	if v := f.values[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// list returns the values of name and of name[].
func (f *form) list(name string) []string {
	return append(f.values[name], f.values[name+"[]"]...)
}

// file returns the first file of a field, also if the field ends in [].
func (f *form) file(name string) (file, bool) {
	for _, file := range f.files {
		if strings.TrimSuffix(file.field, "[]") == name {
			return file, true
		}
	}
	return file{}, false
}

// readForm reads a multipart body and checks its model.
func readForm(r *turn.Request) (*form, error) {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "multipart/form-data" || params["boundary"] == "" {
		return nil, turn.Errorf(400, "The body must be multipart/form-data with a boundary.")
	}
	f := &form{values: map[string][]string{}}
	parts := multipart.NewReader(bytes.NewReader(r.Body), params["boundary"])
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, turn.Errorf(400, "The form cannot be read: %v", err)
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return nil, turn.Errorf(400, "The form cannot be read: %v", err)
		}
		if part.FileName() != "" {
			f.files = append(f.files, file{part.FormName(), part.FileName(), data})
		} else {
			f.values[part.FormName()] = append(f.values[part.FormName()], string(data))
		}
	}
	model := f.get("model")
	err = flavour.Known(r, &model)
	f.values["model"] = []string{model}
	return f, err
}
