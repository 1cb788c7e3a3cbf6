package strictyaml

import (
	"errors"
	"math"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-ai/gatehouse/secret"
)

// Enum is a string type with a closed list of values.
type Enum interface {
	Values() []string
}

// Describer says what is written for a type, in words that follow "wanted".
type Describer interface {
	Describe() string
}

// Describe says what is written for a type, in words that follow "wanted".
func Describe(t reflect.Type) string {
	switch v := reflect.New(t).Interface().(type) {
	case Describer:
		return v.Describe()
	case Enum:
		return orList(v.Values())
	case *time.Duration:
		return "a duration such as 30s, 5m or 1h30m"
	case *secret.Value, *Path:
		return "text"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Struct, reflect.Map:
		return "a mapping"
	case reflect.Slice:
		return "a list"
	default:
		return "text"
	}
}

// orList writes a, b or c.
func orList(values []string) string {
	if n := len(values); n > 1 {
		return strings.Join(values[:n-1], ", ") + " or " + values[n-1]
	}
	return strings.Join(values, "")
}

// Path is the name of a file. A relative one is taken from the folder that the
// document is in, and holds that folder once it is decoded.
type Path string

// Size is a number of bytes, written as 512, 64KiB, 32MiB or 1GiB, or with
// powers of ten as 10MB.
type Size int64

var sizeUnits = []struct {
	name  string
	bytes int64
}{
	{"TiB", 1 << 40},
	{"GiB", 1 << 30},
	{"MiB", 1 << 20},
	{"KiB", 1 << 10},
	{"TB", 1e12},
	{"GB", 1e9},
	{"MB", 1e6},
	{"KB", 1e3},
	{"B", 1},
	{"", 1},
}

// binaryUnits is how many units, from the first, are those that sizes are
// printed in.
const binaryUnits = 4

// Describe says how a size is written.
func (Size) Describe() string { return "a size such as 64KiB, 32MiB or 1GiB" }

// UnmarshalText reads a size.
func (s *Size) UnmarshalText(text []byte) error {
	digits := strings.TrimRight(string(text), "BKMGTi")
	unit := string(text[len(digits):])
	n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
	for _, u := range sizeUnits {
		switch {
		case err != nil || u.name != unit || n < 0:
		case n > math.MaxInt64/u.bytes:
			return errors.New("wanted a size below 8388608TiB")
		default:
			*s = Size(n * u.bytes)
			return nil
		}
	}
	return errors.New("wanted " + s.Describe())
}

// String returns the size in the largest binary unit that divides it.
func (s Size) String() string {
	for _, u := range sizeUnits[:binaryUnits] {
		if s != 0 && int64(s)%u.bytes == 0 {
			return strconv.FormatInt(int64(s)/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// MarshalText returns the size as String does.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// URL is the address of a server, or of something below its root: http or
// https with a host, without a slash at the end. User, query and fragment have
// no place in it. The zero URL is none.
type URL struct{ url.URL }

// Describe says how a URL is written.
func (URL) Describe() string { return "a URL such as https://host.example/v1" }

// UnmarshalText reads a URL. Its errors do not quote the text, since people do
// put passwords into URLs.
func (u *URL) UnmarshalText(text []byte) error {
	got, err := url.Parse(string(text))
	switch {
	case err != nil || got.Scheme == "" || got.Opaque != "":
		return errors.New("wanted " + u.Describe())
	case got.Scheme != "http" && got.Scheme != "https":
		return errors.New("wanted a URL that begins with http:// or https://")
	case got.Hostname() == "" || strings.ContainsAny(got.Host, " \t"):
		return errors.New("wanted a URL with a host, such as https://host.example/v1")
	case !portOK(got.Port()):
		return errors.New("wanted a URL with a port between 1 and 65535")
	case got.User != nil:
		return errors.New("wanted a URL without user and password; credentials have settings of their own")
	case got.RawQuery != "" || got.ForceQuery:
		return errors.New("wanted a URL without a query (?)")
	case got.Fragment != "" || strings.Contains(string(text), "#"):
		return errors.New("wanted a URL without a fragment (#)")
	}
	got.Path, got.RawPath = strings.TrimRight(got.Path, "/"), strings.TrimRight(got.RawPath, "/")
	u.URL = *got
	return nil
}

func portOK(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil && n > 0
}

// IsZero tells whether there is no URL.
func (u URL) IsZero() bool { return u.Host == "" }

// Dial returns the host and the port that a connection to the server takes.
func (u URL) Dial() (host, port string) {
	switch host, port = u.Hostname(), u.Port(); {
	case port != "":
	case u.Scheme == "https":
		port = "443"
	default:
		port = "80"
	}
	return host, port
}

// String returns the URL as text.
func (u URL) String() string { return u.URL.String() }

// MarshalText returns the URL as String does.
func (u URL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }
