package meter_test

import (
	"testing"

	"github.com/gatehouse-ai/gatehouse/meter"
	"github.com/gatehouse-ai/gatehouse/wire"
)

func TestStrip(t *testing.T) {
	for _, c := range []struct{ event, want string }{
		{"data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3}}\n\n", ""},
		{"data: {\"choices\":[ ],\"usage\":{}}\n\n", ""},
		{"data: {\"choices\":[{}],\"usage\":{}}\n\n", "data: {\"choices\":[{}],\"usage\":{}}\n\n"},
		{"data: {\"choices\":[{}],\"usage\":null}\n\n", "data: {\"choices\":[{}]}\n\n"},
		{"id: 7\ndata:{\"choices\":[{}] , \"usage\" : null }\r\n\r\n", "id: 7\ndata:{\"choices\":[{}]  }\r\n\r\n"},
		{"data: {\"usage\":null , \"choices\":[{}]}\n\n", "data: { \"choices\":[{}]}\n\n"},
		{"data: {\"usage\":null}\n\n", "data: {}\n\n"},
		{"data: {\"x\":{\"usage\":null}}\n\n", "data: {\"x\":{\"usage\":null}}\n\n"},
		{"data: {\"usage\":null,\n\n", "data: {\"usage\":null,\n\n"},
		{"data: {\"a\":1,\ndata: \"usage\":null}\n\n", "data: {\"a\":1,\ndata: \"usage\":null}\n\n"},
		{"data: \"usage\"\n\n", "data: \"usage\"\n\n"},
		{": comment\n\n", ": comment\n\n"},
	} {
		var events wire.Events
		var buf []byte
		got := "no event"
		err := events.Feed([]byte(c.event), func(e wire.Event) error {
			var raw []byte
			raw, buf = meter.Strip(e, buf)
			got = string(raw)
			return nil
		})
		if err != nil || got != c.want {
			t.Errorf("%q: got %q, want %q (%v)", c.event, got, c.want, err)
		}
	}
}
