package config

import (
	"fmt"
	"net"
	"path/filepath"
	"slices"

	"github.com/gatehouse-ai/gatehouse/hostport"
	"github.com/gatehouse-ai/gatehouse/strictyaml"
)

// Load reads the file at path. If the file has mistakes the error is a
// *strictyaml.Error that lists all of them.
func Load(path string) (*Config, error) {
	data, err := strictyaml.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the configuration %q cannot be read: %w", path, strictyaml.Reason(err))
	}
	return Parse(path, data)
}

// Parse reads a configuration that is called name in messages, and whose
// relative paths are relative to the folder of name. If it has mistakes the
// error is a *strictyaml.Error that lists all of them.
func Parse(name string, data []byte) (*Config, error) {
	return parse(strictyaml.Source{Name: name, Data: data, Dir: filepath.Dir(name)})
}

// Default returns the configuration that an empty file is.
func Default() *Config {
	c, err := Parse("", nil)
	if err != nil {
		panic("config: the defaults have mistakes: " + err.Error())
	}
	return c
}

func parse(src strictyaml.Source) (*Config, error) {
	if src.ReadFile == nil {
		src.ReadFile = strictyaml.ReadFile
	}
	c := &Config{name: src.Name}
	k := &checker{Config: c, Document: strictyaml.Decode(src, c), readFile: src.ReadFile}
	k.check()
	if err := k.Err(); err != nil {
		return nil, err
	}
	c.warnings = k.Document.Warnings()
	c.files = append(k.Document.Files(), k.read...)
	return c, nil
}

// Warnings returns what is not wrong but unlikely to be meant, in the order of
// the file.
func (c *Config) Warnings() []strictyaml.Problem { return slices.Clone(c.warnings) }

// Files returns the paths of the files that the configuration is made of: its
// own, those of its references, and certificates and keys. When one of them
// changes, Load may return something else.
func (c *Config) Files() []string {
	files := slices.Clone(c.files)
	if c.name != "" {
		files = append(files, c.name)
	}
	slices.Sort(files)
	return slices.Compact(files)
}

// WithListen returns the configuration with another address to listen on,
// checked against the same rules.
func (c *Config) WithListen(address string) (*Config, error) {
	out := *c
	out.Listen = Addresses{address}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("the address %q to listen on is not host:port", address)
	}
	if len(out.APIKeys) == 0 && !hostport.IsLoopback(host) {
		return nil, fmt.Errorf("without any key the gateway serves everybody, so it listens on loopback only, not on %q.\nhint: make a key with `gatehouse key new` and put it into the configuration", address)
	}
	return &out, nil
}
