package config

import (
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
)

// address is a host:port that has been read.
type address struct{ host, port string }

func parseAddress(text string) (address, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return address{}, errors.New("wanted host:port")
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
		return address{}, errors.New("wanted a port between 0 and 65535")
	}
	if _, err := netip.ParseAddr(host); err != nil && !hostOK(host) {
		return address{}, errors.New("wanted the name or the IP address of a host before the port")
	}
	return address{host, port}, nil
}

// hostOK tells whether a name consists of what names of hosts do, or is empty.
func hostOK(host string) bool {
	return !strings.ContainsFunc(host, func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '.' && r != '_'
	})
}

// everywhere tells whether the host means every address of the machine.
func (a address) everywhere() bool {
	ip, err := netip.ParseAddr(a.host)
	return a.host == "" || err == nil && ip.IsUnspecified()
}

// loopback tells whether only this machine reaches the host.
func (a address) loopback() bool { return isLoopback(a.host) }

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.Unmap().IsLoopback()
}

// meets tells whether both may be the same socket.
func (a address) meets(b address) bool {
	return a.port == b.port && a.port != "0" && (a.everywhere() || b.everywhere() || sameHost(a.host, b.host))
}

func sameHost(a, b string) bool {
	x, errX := netip.ParseAddr(a)
	y, errY := netip.ParseAddr(b)
	switch {
	case errX == nil && errY == nil:
		return x.Unmap() == y.Unmap()
	case strings.EqualFold(a, "localhost"):
		return b == "127.0.0.1" || b == "::1" || strings.EqualFold(a, b)
	case strings.EqualFold(b, "localhost"):
		return a == "127.0.0.1" || a == "::1"
	}
	return strings.EqualFold(a, b)
}

// addresses returns what listen has, without what is no address.
func (c *Config) addresses() []address {
	var out []address
	for _, text := range c.Listen {
		if a, err := parseAddress(text); err == nil {
			out = append(out, a)
		}
	}
	return out
}

// reaches tells whether a connection to target ends at the listener a.
func (a address) reaches(target address) bool {
	if a.port != target.port || a.port == "0" {
		return false
	}
	here := target.loopback() || target.everywhere()
	return sameHost(a.host, target.host) || a.everywhere() && here || a.loopback() && target.everywhere()
}

// own returns which listener of the gateway's own a connection to target ends
// at, "" if none.
func (c *Config) own(target address) string {
	for _, a := range c.addresses() {
		if a.reaches(target) {
			return "listen"
		}
	}
	if a, err := parseAddress(c.Admin.Listen); err == nil && a.reaches(target) {
		return "admin.listen"
	}
	return ""
}

// Owns tells whether a connection from this machine to a host:port ends at one
// of the gateway's own listeners.
func (c *Config) Owns(hostport string) bool {
	a, err := parseAddress(hostport)
	return err == nil && c.own(a) != ""
}
