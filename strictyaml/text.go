package strictyaml

import (
	"errors"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/gatehouse-ai/gatehouse/secret"
)

// errKind tells that a type is not one that is read from a text.
var errKind = errors.New("is not read from a text")

// setText sets v from a text in which references have been replaced. The error
// says what was wanted and does not quote the text.
func setText(v reflect.Value, text string) error {
	if t := texter(v); t != nil {
		return t.UnmarshalText([]byte(text))
	}
	switch p := v.Addr().Interface().(type) {
	case *time.Duration:
		return setDuration(p, text)
	case *secret.Value:
		*p = secret.New(text)
		return nil
	case Enum:
		if !slices.Contains(p.Values(), text) {
			return errors.New("wanted " + Describe(v.Type()))
		}
	}
	wanted := errors.New("wanted " + Describe(v.Type()))
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		if text != "true" && text != "false" {
			return wanted
		}
		v.SetBool(text == "true")
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(text, 10, v.Type().Bits())
		if err != nil {
			return wanted
		}
		v.SetInt(n)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, err := strconv.ParseUint(text, 10, v.Type().Bits())
		if err != nil {
			return errors.New("wanted a whole number that is not negative")
		}
		v.SetUint(n)
	case reflect.Float32, reflect.Float64:
		n, err := strconv.ParseFloat(text, v.Type().Bits())
		if err != nil || n-n != 0 { // what is left of infinity and of no number is not 0
			return wanted
		}
		v.SetFloat(n)
	default:
		return errKind
	}
	return nil
}

func setDuration(p *time.Duration, text string) error {
	n, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return errors.New("wanted " + Describe(reflect.TypeFor[time.Duration]()))
	case n < 0:
		return errors.New("wanted a duration that is not negative")
	}
	*p = n
	return nil
}
