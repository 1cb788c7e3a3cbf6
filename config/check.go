package config

import (
	"crypto/tls"
	"crypto/x509"
	"slices"
	"strings"
	"unicode"

	"github.com/gatehouse-ai/gatehouse/apikey"
	"github.com/gatehouse-ai/gatehouse/hostport"
	"github.com/gatehouse-ai/gatehouse/route"
	"github.com/gatehouse-ai/gatehouse/secret"
	"github.com/gatehouse-ai/gatehouse/strictyaml"
)

// checker holds a configuration to the rules that its types do not say.
type checker struct {
	*Config
	*strictyaml.Document
	readFile func(string) ([]byte, error)
	read     []string // files that have been read

	endpoints map[string]int    // from name to index
	used      map[string]bool   // names of endpoints that a pool has
	aliases   map[string]string // from name to what it stands for
	routes    *route.Table      // of the rows of models that are in order
}

func (k *checker) check() {
	k.checkListen()
	k.checkAdmin()
	k.checkPair("tls", k.TLS.CertFile, k.TLS.KeyFile)
	k.checkCA("tls.client_ca_file", k.TLS.ClientCAFile)
	if k.TLS.ClientCAFile != "" && k.TLS.CertFile == "" {
		k.Mistakef("tls.client_ca_file", "", "client certificates need a TLS listener: cert_file and key_file are missing")
	}
	k.checkEndpoints()
	k.checkModels()
	k.checkKeys()
	k.checkLimits()
	if k.Retries.Attempts < 1 && !k.Wrong("retries.attempts") {
		k.Mistakef("retries.attempts", "1 switches retries off", "wanted at least 1, got %d", k.Retries.Attempts)
	}
}

func (k *checker) checkListen() {
	if k.Wrong("listen") {
		return
	}
	if len(k.Listen) == 0 {
		k.Mistakef("listen", "leave it out to listen on 127.0.0.1:8080", "there is no address")
	}
	var before []hostport.Address
	for i, text := range k.Listen {
		path := "listen"
		if k.Given("listen[0]") {
			path = strictyaml.Index(path, i)
		}
		a, err := hostport.Parse(text)
		if err != nil {
			k.Mistakef(path, "such as 127.0.0.1:8080, or :8080 for every address of the machine", "%v, got %q", err, text)
			continue
		}
		for j, b := range before {
			if a.Meets(b) {
				k.Mistakef(path, "", "is taken already by %s", strictyaml.Index("listen", j))
			}
		}
		before = append(before, a)
		if !a.Loopback() && len(k.APIKeys) == 0 && !k.Wrong("keys") {
			k.Mistakef(path, "make a key with `gatehouse key new` and put its hash under keys, or listen on 127.0.0.1",
				"without keys the gateway serves everybody, so it listens on loopback only, not on %q", text)
		}
	}
}

func (k *checker) checkAdmin() {
	if k.Admin.Listen == "off" {
		k.Admin.Listen = ""
	}
	path := "admin.listen"
	if !k.Given(path) && k.Given("admin") {
		path = "admin"
	}
	if !k.Admin.Enabled() || k.Wrong(path) {
		return
	}
	a, err := hostport.Parse(k.Admin.Listen)
	if err != nil {
		k.Mistakef(path, "such as 127.0.0.1:9090, or off", "%v, got %q", err, k.Admin.Listen)
		return
	}
	if slices.ContainsFunc(k.addresses(), a.Meets) {
		if !k.Given(path) {
			path = "listen"
		}
		k.Mistakef(path, "give them different ports, or switch one off with admin: off", "admin.listen (%s) and listen are the same", k.Admin.Listen)
		return
	}
	if !a.Loopback() {
		k.Warnf(path, "", "whoever reaches %s can read metrics and health without a key", k.Admin.Listen)
	}
}

// file returns the content of a file that path names, or nil after it has
// reported why not.
func (k *checker) file(path string, name strictyaml.Path) []byte {
	k.read = append(k.read, string(name))
	data, err := k.readFile(string(name))
	if err != nil {
		k.Mistakef(path, "", "the file %q cannot be read: %v", string(name), strictyaml.Reason(err))
		return nil
	}
	return data
}

// checkPair checks cert_file and key_file of the mapping at path.
func (k *checker) checkPair(path string, cert, key strictyaml.Path) {
	certPath, keyPath := strictyaml.Field(path, "cert_file"), strictyaml.Field(path, "key_file")
	switch {
	case cert == "" && key == "" || k.Wrong(certPath) || k.Wrong(keyPath):
		return
	case cert == "":
		k.Mistakef(certPath, "", "key_file needs a cert_file beside it")
		return
	case key == "":
		k.Mistakef(keyPath, "", "cert_file needs a key_file beside it")
		return
	}
	certPEM, keyPEM := k.file(certPath, cert), k.file(keyPath, key)
	if certPEM == nil || keyPEM == nil {
		return
	}
	if _, err := tls.X509KeyPair(certPEM, keyPEM); err != nil {
		k.Mistakef(certPath, "both are PEM; the key is not encrypted and belongs to the first certificate",
			"the certificate and its key cannot be used: %v", err)
	}
}

// checkCA checks a file of certificate authorities.
func (k *checker) checkCA(path string, name strictyaml.Path) {
	if name == "" || k.Wrong(path) {
		return
	}
	if data := k.file(path, name); data != nil && !x509.NewCertPool().AppendCertsFromPEM(data) {
		k.Mistakef(path, "", "the file %q has no certificate in PEM", string(name))
	}
}

// shortKey is the number of characters below which a key is warned of.
const shortKey = 20

func (k *checker) checkKeys() {
	names, digests := map[string]int{}, map[apikey.Digest]int{}
	for i := range k.APIKeys {
		row, path := &k.APIKeys[i], strictyaml.Index("keys", i)
		k.checkName(strictyaml.Field(path, "name"), row.Name)
		k.unique(path, "name", "keys", names, row.Name, i)
		k.checkDigest(row, path)
		if j, taken := digests[row.Hash]; taken && !row.Hash.IsZero() {
			k.Mistakef(path, "", "is the same key as %s", strictyaml.Index("keys", j))
		} else {
			digests[row.Hash] = i
		}
		k.checkAllowed(row, strictyaml.Field(path, "models"))
		k.checkKeyLimits(&row.Limits, strictyaml.Field(path, "limits"))
	}
}

// checkKeyLimits checks the rate limits of a key.
func (k *checker) checkKeyLimits(l *KeyLimits, path string) {
	for _, c := range []struct {
		key    string
		amount int64
	}{
		{"requests_per_minute", l.RequestsPerMinute},
		{"tokens_per_minute", l.TokensPerMinute},
	} {
		if at := strictyaml.Field(path, c.key); k.Given(at) && !k.Wrong(at) && c.amount < 1 {
			k.Mistakef(at, "leave it out for no limit", "wanted a whole number above 0, got %d", c.amount)
		}
	}
}

// checkDigest sees to it that a key has a digest and nothing but a digest.
func (k *checker) checkDigest(row *Key, path string) {
	const hint = "`gatehouse key new` prints a key and its hash"
	keyPath, hashPath := strictyaml.Field(path, "key"), strictyaml.Field(path, "hash")
	text := row.Key.Reveal()
	row.Key = secret.Value{}
	switch {
	case k.Wrong(keyPath) || k.Wrong(hashPath):
	case k.Given(keyPath) && k.Given(hashPath):
		k.Mistakef(hashPath, "leave one of them out", "has both a hash and a key")
	case k.Given(keyPath):
		k.checkCredential(keyPath, text)
		if len(text) < shortKey {
			k.Warnf(keyPath, hint, "a key of fewer than %d characters can be guessed", shortKey)
		}
		row.Hash = apikey.Hash(text)
	case !k.Given(hashPath) && !k.Wrong(path):
		k.Mistakef(path, hint, "has neither a hash nor a key")
	}
}

// checkAllowed checks the models that a key may use.
func (k *checker) checkAllowed(row *Key, path string) {
	if k.Given(path) && len(row.Models) == 0 && !k.Wrong(path) {
		k.Mistakef(path, "leave the list out to allow every model", "the list is empty")
	}
	for i, entry := range row.Models {
		path := strictyaml.Index(path, i)
		if k.Wrong(path) {
			continue
		}
		if err := apikey.CheckModel(entry); err != nil {
			k.Mistakef(path, "", "%v, got %q", err, entry)
		} else if !strings.HasSuffix(entry, "*") && !k.known(entry) {
			k.Warnf(path, "", "no row of models serves %q", entry)
		}
	}
}

func (k *checker) checkLimits() {
	l := &k.Limits
	for _, c := range []struct {
		key  string
		size strictyaml.Size
	}{
		{"json_body", l.JSONBody},
		{"upload_body", l.UploadBody},
		{"control_body", l.ControlBody},
		{"header_bytes", l.HeaderBytes},
		{"answer", l.Answer},
	} {
		if c.size == 0 && !k.Wrong("limits."+c.key) {
			k.Mistakef(strictyaml.Field("limits", c.key), "leave it out for the default", "wanted a size above 0")
		}
	}
	if k.Given("limits.memory") && !k.Wrong("limits") && l.Memory < l.JSONBody {
		k.Mistakef("limits.memory", "", "wanted at least json_body (%s), or a request of that size is never served, got %s", l.JSONBody, l.Memory)
	}
}

// checkName checks a name that stands in logs and metrics.
func (k *checker) checkName(path, name string) {
	if !k.Given(path) || k.Wrong(path) {
		return
	}
	switch {
	case name == "":
		k.Mistakef(path, "", "the name is empty")
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) || strings.TrimSpace(name) != name:
		k.Mistakef(path, "", "wanted a name of printable characters without spaces around it, got %q", name)
	}
}

// unique reports a text that an earlier element of a list has under the same
// key, and notes it if none has.
func (k *checker) unique(path, key, list string, seen map[string]int, text string, i int) {
	j, taken := seen[text]
	switch {
	case text == "":
	case taken:
		k.Mistakef(strictyaml.Field(path, key), "", "the %s %q is taken already by %s", key, text, strictyaml.Index(list, j))
	default:
		seen[text] = i
	}
}

// checkCredential reports a secret that no header can carry. It does not quote
// it.
func (k *checker) checkCredential(path, text string) {
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		k.Mistakef(path, "is there a line break or a space in it?", "the secret has characters that cannot be sent in a header")
	}
}
