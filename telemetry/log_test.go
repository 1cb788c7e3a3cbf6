package telemetry_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/record"
	"github.com/gatehouse-ai/gatehouse/telemetry"
)

// logged returns what the JSON log has of a request, and the line itself.
func logged(t *testing.T, r *record.Record) (map[string]any, string) {
	t.Helper()
	var b bytes.Buffer
	a := telemetry.NewAccess(&b, telemetry.JSON, slog.LevelInfo)
	a.Done(r)
	a.Close()
	if n := strings.Count(b.String(), "\n"); n != 1 {
		t.Fatalf("%d lines: %s", n, &b)
	}
	var m map[string]any
	if err := json.Unmarshal(b.Bytes(), &m); err != nil {
		t.Fatalf("%v in %s", err, &b)
	}
	return m, b.String()
}

func TestLine(t *testing.T) {
	r := good()
	r.Fallback = true
	_, line := logged(t, r)
	want := `{"time":"2026-01-02T03:04:07Z","level":"INFO","msg":"request","id":"req_1","client_id":"mine",` +
		`"method":"POST","path":"/v1/chat/completions","operation":"createChatCompletion","key":"alice",` +
		`"model":"gpt-4o-mini","route":"llama-3.1-8b","endpoint":"gpu1","upstream_model":"llama","fallback":true,` +
		`"status":200,"outcome":"complete","duration_ms":2000,"first_ms":120,"attempts":1,"bytes_in":100,"bytes_out":2000,` +
		`"input_tokens":10,"output_tokens":20,"cached_tokens":4,"stream":true,"remote":"10.1.2.3:4567","generation":3}` + "\n"
	if diff := cmp.Diff(want, line); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsZeroIsLeftOut(t *testing.T) {
	_, line := logged(t, &record.Record{})
	if want := `{"level":"INFO","msg":"request"}` + "\n"; line != want {
		t.Errorf("got %s, want %s", line, want)
	}
}

func TestLevelAndErrorComeFromTheFault(t *testing.T) {
	for _, c := range []struct {
		err         *fault.Error
		level, want string
	}{
		{fault.New(fault.UnknownModel, "no model \"x\""), "INFO", `unknown_model: no model "x"`},
		{fault.Wrap(fault.UpstreamUnreachable, errors.New("dial tcp: refused"), "cannot reach gpu1"), "WARN", "upstream_unreachable: cannot reach gpu1: dial tcp: refused"},
		{fault.Wrap(fault.Internal, errors.New("disk on fire"), "internal error"), "ERROR", "internal: internal error: disk on fire"},
	} {
		m, _ := logged(t, with(func(r *record.Record) { r.Fault = c.err }))
		if m["level"] != c.level || m["fault"] != c.err.Kind.String() || m["error"] != c.want {
			t.Errorf("got %v %v %v, want %s %s", m["level"], m["fault"], m["error"], c.level, c.want)
		}
	}
}

func TestLevelsBelowAreNotWritten(t *testing.T) {
	var b bytes.Buffer
	a := telemetry.NewAccess(&b, telemetry.JSON, slog.LevelWarn)
	defer a.Close()
	a.Done(good())
	a.Flush()
	if b.Len() != 0 {
		t.Errorf("got %s", &b)
	}
	a.Done(with(func(r *record.Record) { r.Fault = fault.New(fault.NoEndpoint, "none") }))
	a.Flush()
	if b.Len() == 0 {
		t.Error("a warning is not written")
	}
}

// A client must not be able to make up lines, fill the disk, or send a terminal
// control characters.
func TestTextsOfClientsAreHarmless(t *testing.T) {
	evil := "a\nlevel=ERROR msg=\"made up\"\x1b[31m\xff\x00"
	long := strings.Repeat("ü", 5000)
	r := with(func(r *record.Record) {
		r.Path, r.Model, r.ClientID, r.Method, r.Upstream, r.Remote = evil+long, evil+long, evil+long, evil+long, long, long
		r.Fault = fault.New(fault.UnknownModel, "no model %s", evil+long)
	})
	m, line := logged(t, r)
	for key, most := range map[string]int{"path": 256, "model": 256, "client_id": 256, "method": 256, "upstream_model": 256, "remote": 256, "error": 1024} {
		// A byte that is not UTF-8 is written as the two more bytes of U+FFFD.
		if s, _ := m[key].(string); len(s) > most+2 || len(s) < most-6 || !strings.HasSuffix(s, "…") {
			t.Errorf("%s has %d bytes, at most %d are allowed: %q", key, len(s), most, s)
		}
	}
	if strings.ContainsAny(line, "\x1b\x00") {
		t.Errorf("control characters in %q", line)
	}
	var b bytes.Buffer
	a := telemetry.NewAccess(&b, telemetry.Text, slog.LevelInfo)
	a.Done(r)
	a.Close()
	if s := b.String(); strings.Count(s, "\n") != 1 || strings.ContainsAny(s, "\x1b\x00") {
		t.Errorf("got %q", s)
	}
}

func TestCredentialsAreMasked(t *testing.T) {
	const canary = "canary4711abcdef"
	for _, s := range []string{
		"Incorrect API key provided: " + canary + ". You can find it at …",
		"Incorrect API key provided: sk-gh-" + canary,
		"invalid token sk-" + canary,
		"invalid header Authorization: Bearer " + canary,
		`{"authorization":"basic ` + canary + `"}`,
		`Get "http://gpu1/v1/models?api_key=` + canary + `&x=y": refused`,
		`{"api_key": "` + canary + `"}`,
		`{"Api-Key" : "` + canary + `"}`,
		"{'apikey':'" + canary + "'}",
		"API_KEY = " + canary + ", PK-" + canary + ", gh_" + canary,
		"sk_" + canary + " pk_" + canary + " gh-" + canary + " accesstoken:" + canary + " access-token=" + canary,
		"access_token=" + canary,
		"password: " + canary,
		strings.Repeat("x", 1000) + " sk-gh-" + canary, // across the bound
		strings.Repeat("x", 1010) + " Bearer " + canary,
	} {
		m, line := logged(t, with(func(r *record.Record) {
			r.Fault = fault.Wrap(fault.UpstreamError, errors.New(s), "%s", s)
		}))
		for n := 6; n <= len(canary); n++ {
			if strings.Contains(line, canary[:n]) {
				t.Fatalf("%s: got %v", s, m["error"])
			}
		}
	}
	for _, s := range []string{
		"The API key is not known.",
		"upstream_unreachable: key-value store: token expired",
		"Unexpected token } in JSON at position 4",
		"max_tokens: 4096 is too large",
		"model sk-8b is not known",
	} {
		m, _ := logged(t, with(func(r *record.Record) { r.Fault = fault.New(fault.UpstreamError, "%s", s) }))
		if want := "upstream_error: " + s; m["error"] != want {
			t.Errorf("got %v, want %s", m["error"], want)
		}
	}
}

func TestNewLogger(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	file, err := os.Create(t.TempDir() + "/log")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, c := range []struct {
		what, format string
		w            io.Writer
		json         bool
	}{
		{"JSON", telemetry.JSON, &bytes.Buffer{}, true},
		{"JSON on a device", telemetry.JSON, null, true},
		{"text", telemetry.Text, &bytes.Buffer{}, false},
		{"text in a file", telemetry.Text, file, false},
		{"auto", telemetry.Auto, &bytes.Buffer{}, true},
		{"auto in a file", telemetry.Auto, file, true},
		{"auto on a device", telemetry.Auto, null, false}, // a terminal is one
		{"none of the formats", "yaml", &bytes.Buffer{}, true},
	} {
		h := telemetry.NewLogger(c.w, c.format, slog.LevelInfo).Handler()
		if _, ok := h.(*slog.JSONHandler); ok != c.json {
			t.Errorf("%s: got %T", c.what, h)
		}
	}
	if diff := cmp.Diff([]string{"auto", "json", "text"}, telemetry.Formats()); diff != "" {
		t.Error(diff)
	}
	_ = file.Close()
	telemetry.NewLogger(file, telemetry.Auto, slog.LevelInfo).Info("a closed file is no terminal")
}

func FuzzLine(f *testing.F) {
	f.Add("model", "no model")
	f.Add("a\nb\x00\xff", "Bearer sk-gh-0123456789")
	f.Add(strings.Repeat("é", 200), "api_key = \"x\" key: ")
	f.Fuzz(func(t *testing.T, model, message string) {
		r := &record.Record{Model: model, Fault: fault.New(fault.UpstreamError, "%s", message)}
		m, line := logged(t, r)
		// Every byte is at most six of the line: \u00xx.
		if len(line) > 6*(256+1024)+200 {
			t.Errorf("the line has %d bytes", len(line))
		}
		if s, _ := m["error"].(string); !strings.HasPrefix(s, "upstream_error: ") {
			t.Errorf("got %q", s)
		}
	})
}
