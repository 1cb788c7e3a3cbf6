package hostport

import (
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
)

// Address is a host:port that has been read. An empty host is every address of
// the machine, and so are 0.0.0.0 and ::.
type Address struct{ Host, Port string }

// Parse reads host:port.
func Parse(text string) (Address, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return Address{}, errors.New("wanted host:port")
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
		return Address{}, errors.New("wanted a port between 0 and 65535")
	}
	if _, err := netip.ParseAddr(host); err != nil && !Valid(host) {
		return Address{}, errors.New("wanted the name or the IP address of a host before the port")
	}
	return Address{host, port}, nil
}

// Valid tells whether a name consists of what names of hosts do, or is empty.
func Valid(host string) bool {
	return !strings.ContainsFunc(host, func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '.' && r != '_'
	})
}

// Everywhere tells whether the host means every address of the machine.
func (a Address) Everywhere() bool {
	ip, err := netip.ParseAddr(a.Host)
	return a.Host == "" || err == nil && ip.IsUnspecified()
}

// Loopback tells whether only this machine reaches the host.
func (a Address) Loopback() bool { return IsLoopback(a.Host) }

// IsLoopback tells whether a name or an IP address of a host is of this machine
// alone.
func IsLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.Unmap().IsLoopback()
}

// Meets tells whether both may be the same socket.
func (a Address) Meets(b Address) bool {
	return a.Port == b.Port && a.Port != "0" && (a.Everywhere() || b.Everywhere() || sameHost(a.Host, b.Host))
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

// Reaches tells whether a connection to target ends at the listener a.
func (a Address) Reaches(target Address) bool {
	if a.Port != target.Port || a.Port == "0" {
		return false
	}
	here := target.Loopback() || target.Everywhere()
	return sameHost(a.Host, target.Host) || a.Everywhere() && here || a.Loopback() && target.Everywhere()
}
