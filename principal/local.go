package principal

import (
	"net/netip"
	"strings"

	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// Local keeps web pages away from a gateway that serves everybody on loopback:
// a browser would let any page send requests to it, and by a name that points
// to loopback even read the answers. host is the Host of the request, with or
// without a port.
func Local(host string, h wire.Header) *fault.Error {
	name := host
	if i := strings.LastIndexByte(name, ':'); i >= 0 && !strings.HasSuffix(name, "]") && (name[0] == '[' || strings.IndexByte(name, ':') == i) {
		name = name[:i]
	}
	name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
	if ip, err := netip.ParseAddr(name); (err != nil || !ip.IsLoopback()) && name != "localhost" && !strings.HasSuffix(name, ".localhost") {
		return fault.New(fault.Forbidden, "A gateway without keys serves requests to localhost only, and this one is for %q. Configure a key to serve other names.", name)
	}
	if site := h.Get("Sec-Fetch-Site"); site == "cross-site" || site == "same-site" {
		return fault.New(fault.Forbidden, "A gateway without keys does not serve web pages of other sites. Configure a key for them.")
	}
	return nil
}
