package config

import "github.com/gatehouse-ai/gatehouse/hostport"

// addresses returns what listen has, without what is no address.
func (c *Config) addresses() []hostport.Address {
	var out []hostport.Address
	for _, text := range c.Listen {
		if a, err := hostport.Parse(text); err == nil {
			out = append(out, a)
		}
	}
	return out
}

// own returns which listener of the gateway's own a connection to target ends
// at, "" if none.
func (c *Config) own(target hostport.Address) string {
	for _, a := range c.addresses() {
		if a.Reaches(target) {
			return "listen"
		}
	}
	if a, err := hostport.Parse(c.Admin.Listen); err == nil && a.Reaches(target) {
		return "admin.listen"
	}
	return ""
}

// Owns tells whether a connection from this machine to a host:port ends at one
// of the gateway's own listeners.
func (c *Config) Owns(address string) bool {
	a, err := hostport.Parse(address)
	return err == nil && c.own(a) != ""
}
