package relaying_test

import (
	"bytes"
	"mime/multipart"
	"testing"

	"github.com/gatehouse-ai/gatehouse/gwtest"
)

// part is a part of a form.
type part interface {
	write(w *multipart.Writer) error
}

// field is a part that is a text.
type field struct{ name, value string }

func (f field) write(w *multipart.Writer) error { return w.WriteField(f.name, f.value) }

// upload is a part that is a file.
type upload struct {
	name, file string
	content    []byte
}

func (u upload) write(w *multipart.Writer) error {
	p, err := w.CreateFormFile(u.name, u.file)
	if err == nil {
		_, err = p.Write(u.content)
	}
	return err
}

// boundary is that of all forms, so that bodies are the same in each run.
const boundary = "----gatehouse7MA4YWxkTrZu0gW"

// form returns a multipart body and its content type.
func form(t *testing.T, parts ...part) (body []byte, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := w.SetBoundary(boundary); err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		if err := p.write(w); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), w.FormDataContentType()
}

// multipartOf are the fields of a request with a form.
func multipartOf(contentType string) fields {
	return fields{"Authorization", "Bearer " + gwtest.Key, "Content-Type", contentType}
}
