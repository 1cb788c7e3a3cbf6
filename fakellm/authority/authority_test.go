package authority_test

import (
	"crypto/tls"
	"crypto/x509"
	"testing"

	"github.com/gatehouse-ai/gatehouse/fakellm/authority"
)

func TestIssue(t *testing.T) {
	a, err := authority.New()
	if err != nil {
		t.Fatal(err)
	}
	c, err := a.Issue("engine", "127.0.0.1", "engine.example")
	if err != nil {
		t.Fatal(err)
	}
	certificate, key, err := authority.PEM(c)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	fromFile := x509.NewCertPool()
	if !fromFile.AppendCertsFromPEM(a.PEM()) {
		t.Fatal("the authority's certificate cannot be read")
	}
	other, err := authority.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []struct {
		host  string
		roots *x509.CertPool
		ok    bool
	}{
		{"127.0.0.1", a.Pool(), true}, {"engine.example", fromFile, true}, {"other.example", a.Pool(), false}, {"engine.example", other.Pool(), false},
	} {
		_, err := pair.Leaf.Verify(x509.VerifyOptions{DNSName: v.host, Roots: v.roots})
		if v.ok != (err == nil) {
			t.Errorf("%s: %v", v.host, err)
		}
	}
	if pair.Leaf.Subject.CommonName != "engine" {
		t.Errorf("the name is %s", pair.Leaf.Subject.CommonName)
	}
}
