package config

import (
	"errors"
	"strconv"
	"strings"

	"github.com/gatehouse-ai/gatehouse/catalog"
	"github.com/gatehouse-ai/gatehouse/strictyaml"
)

// Addresses are host:port each. One of them may stand without a list.
type Addresses []string

// UnmarshalText reads one address.
func (a *Addresses) UnmarshalText(text []byte) error {
	*a = Addresses{string(text)}
	return nil
}

// Describe says how addresses are written.
func (Addresses) Describe() string { return "host:port, or a list of them" }

// Share is a part of a whole, from 0 to 1, written as 0.1 or 10%.
type Share float64

// Describe says how a share is written.
func (Share) Describe() string { return "a share such as 10% or 0.1" }

// UnmarshalText reads a share.
func (s *Share) UnmarshalText(text []byte) error {
	number, percent := strings.CutSuffix(string(text), "%")
	f, err := strconv.ParseFloat(number, 64)
	if percent {
		f /= 100
	}
	if err != nil || !(f >= 0 && f <= 1) {
		return errors.New("wanted a share between 0% and 100%, or between 0 and 1")
	}
	*s = Share(f)
	return nil
}

// The types below are closed lists of values.
type (
	// Dialect is a protocol that endpoints speak.
	Dialect catalog.Dialect
	// AuthMode says which credential an endpoint gets.
	AuthMode catalog.AuthMode
	// Protocol is a version of HTTP.
	Protocol catalog.Protocol
	// Front is what serves clients.
	Front string
	// TLSVersion is a version of TLS.
	TLSVersion string
	// LogFormat is the form of the log's lines.
	LogFormat string
	// LogLevel says what is worth a line in the log.
	LogLevel string
)

var (
	_ strictyaml.Enum = Dialect("")
	_ strictyaml.Enum = AuthMode("")
	_ strictyaml.Enum = Protocol("")
	_ strictyaml.Enum = Front("")
	_ strictyaml.Enum = TLSVersion("")
	_ strictyaml.Enum = LogFormat("")
	_ strictyaml.Enum = LogLevel("")
)

// The fronts.
const (
	AutoFront Front = "auto"     // the fast one, where the system has event loops
	NetHTTP   Front = "net/http" // that of Go's library for everything
)

// The forms of the log.
const (
	AutoFormat LogFormat = "auto"
	JSONFormat LogFormat = "json"
	TextFormat LogFormat = "text"
)

// Values returns the dialects.
func (Dialect) Values() []string { return texts(catalog.Dialects()) }

// Values returns the modes.
func (AuthMode) Values() []string { return texts(catalog.AuthModes()) }

// Values returns the protocols.
func (Protocol) Values() []string { return texts(catalog.Protocols()) }

// Values returns the fronts.
func (Front) Values() []string { return texts([]Front{AutoFront, NetHTTP}) }

// Values returns the versions.
func (TLSVersion) Values() []string { return []string{"1.2", "1.3"} }

// Values returns the forms.
func (LogFormat) Values() []string { return texts([]LogFormat{AutoFormat, TextFormat, JSONFormat}) }

// Values returns the levels.
func (LogLevel) Values() []string { return []string{"debug", "info", "warn", "error"} }

func texts[T ~string](values []T) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}
