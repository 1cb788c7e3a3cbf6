package wire_test

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/wire"
)

const formType = `multipart/form-data; boundary="xyz"`

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

var formBody = crlf("--xyz\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\nContent-Type: audio/wav\n\nRIFF\n--xy\n\n--xyzz no\n" +
	"--xyz\nContent-Disposition: form-data; name=\"model\"\n\nwhisper-1\n" +
	"--xyz\ncontent-disposition: form-data; name=\"empty\"\n\n\n" +
	"--xyz--\n")

type field struct {
	name, value string
	file        bool
}

func fields(t *testing.T, body string, size int) (out []field, err error) {
	t.Helper()
	f, err := wire.NewForm(formType)
	if err != nil {
		t.Fatal(err)
	}
	for p := []byte(body); len(p) > 0 && err == nil; {
		n := min(size, len(p))
		err = f.Feed(p[:n], func(p wire.Part) error {
			v := body[p.Start:p.End]
			if !p.File && v != string(p.Value) {
				t.Errorf("%s: the value is %q, but the body has %q from %d to %d", p.Name, p.Value, v, p.Start, p.End)
			}
			out = append(out, field{p.Name, v, p.File})
			return nil
		})
		p = p[n:]
	}
	if err == nil && !f.Done() {
		err = io.ErrUnexpectedEOF
	}
	return out, err
}

func TestFormOnEverySplit(t *testing.T) {
	// "--xyzz" begins with the boundary: RFC 2046 makes that a mistake of the sender.
	body := strings.ReplaceAll(formBody, "\r\n--xyzz no", "")
	want := []field{{"file", "RIFF\r\n--xy\r\n", true}, {"model", "whisper-1", false}, {"empty", "", false}}
	for size := 1; size <= len(body); size++ {
		got, err := fields(t, body, size)
		if err != nil || len(got) != len(want) {
			t.Fatalf("pieces of %d: %v, %+v", size, err, got)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("pieces of %d: %+v, want %+v", size, got[i], want[i])
			}
		}
	}
}

func TestMalformedForms(t *testing.T) {
	for name, body := range map[string]string{
		"boundary and text": formBody,
		"no end":            "--xyz\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nv",
		"no name":           "--xyz\r\nContent-Disposition: form-data\r\n\r\nv\r\n--xyz--",
		"no disposition":    "--xyz\r\nA: b\r\n\r\nv\r\n--xyz--",
		"two dispositions":  "--xyz\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\nv\r\n--xyz--",
		"no boundary":       strings.Repeat("x", 20000),
		"long value":        "--xyz\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n" + strings.Repeat("v", 70000) + "\r\n--xyz--",
		"long header":       "--xyz\r\nA: " + strings.Repeat("v", 70000),
		"epilogue":          "--xyz\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nv\r\n--xyz--\r\nmore",
		"many parts":        strings.Repeat("--xyz\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nv\r\n", 1001) + "--xyz--",
	} {
		if _, err := fields(t, body, 1000); err == nil {
			t.Errorf("%s: no error", name)
		} else if name != "no end" && !errors.Is(err, wire.ErrForm) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, ct := range []string{"", "application/json", "multipart/form-data", "multipart/mixed; boundary=x", "multipart/form-data; boundary=" + strings.Repeat("x", 71)} {
		if _, err := wire.NewForm(ct); err == nil {
			t.Errorf("%q: no error", ct)
		}
	}
}

// What mime/multipart writes, Form reads the same as mime/multipart.
func FuzzForm(f *testing.F) {
	f.Add("model", "m", []byte("content"), 3)
	f.Add("a b", "\r\n--", []byte("\r\n--xyz"), 1)
	f.Fuzz(func(t *testing.T, name, value string, file []byte, size int) {
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		_ = w.SetBoundary("xyz")
		fw, err := w.CreateFormFile("file", "x")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = fw.Write(file)
		if err := w.WriteField(name, value); err != nil {
			return
		}
		_ = w.Close()
		var want []field
		r := multipart.NewReader(bytes.NewReader(b.Bytes()), "xyz")
		for {
			p, err := r.NextPart()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				want = nil
				break
			}
			v, err := io.ReadAll(p)
			if err != nil {
				want = nil
				break
			}
			want = append(want, field{p.FormName(), string(v), p.FileName() != ""})
		}
		got, err := fields(t, b.String(), 1+size&63)
		if err != nil {
			return // stricter than mime/multipart
		}
		if want == nil || len(want) != len(got) {
			t.Fatalf("%q: got %+v, mime/multipart has %+v", b.String(), got, want)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%q: got %+v, mime/multipart has %+v", b.String(), got[i], want[i])
			}
		}
	})
}

func TestInsert(t *testing.T) {
	body := "a preamble\r\n--xyz\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nv\r\n--xyz--\r\n"
	for _, from := range []int{0, len("a preamble\r\n")} {
		body := body[from:]
		f, err := wire.NewForm(formType)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Feed([]byte(body), func(wire.Part) error { return nil }); err != nil {
			t.Fatal(err)
		}
		at, part := f.Insert("model", "m/1")
		got, err := fields(t, body[:at]+string(part)+body[at:], 1000)
		if want := []field{{"model", "m/1", false}, {"a", "v", false}}; err != nil || len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
			t.Errorf("%+v, %v", got, err)
		}
	}
}
