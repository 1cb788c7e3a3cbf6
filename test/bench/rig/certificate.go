package rig

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Certificates are the files of one authority and of one server on loopback,
// which everything of a run that speaks TLS shows.
type Certificates struct {
	Authority   string
	Certificate string
	Key         string
	Pair        string // the certificate and its key in one file
}

// MakeCertificates makes them in a folder, valid for some hours from now.
func MakeCertificates(dir string, now time.Time) (*Certificates, error) {
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	key, err2 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err := errors.Join(err, err2); err != nil {
		return nil, fmt.Errorf("making keys: %w", err)
	}
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "benchmark authority"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(48 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	server := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: authority.NotBefore, NotAfter: authority.NotAfter,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	authorityDER, err := x509.CreateCertificate(rand.Reader, authority, authority, &authorityKey.PublicKey, authorityKey)
	serverDER, err2 := x509.CreateCertificate(rand.Reader, server, authority, &key.PublicKey, authorityKey)
	keyDER, err3 := x509.MarshalPKCS8PrivateKey(key)
	if err := errors.Join(err, err2, err3); err != nil {
		return nil, fmt.Errorf("making certificates: %w", err)
	}
	c := &Certificates{
		Authority: filepath.Join(dir, "authority.pem"), Certificate: filepath.Join(dir, "certificate.pem"),
		Key: filepath.Join(dir, "key.pem"), Pair: filepath.Join(dir, "pair.pem"),
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: serverDER})
	private := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	err = errors.Join(
		os.WriteFile(c.Authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authorityDER}), 0o600),
		os.WriteFile(c.Certificate, certificate, 0o600),
		os.WriteFile(c.Key, private, 0o600),
		os.WriteFile(c.Pair, append(certificate, private...), 0o600),
	)
	if err != nil {
		return nil, fmt.Errorf("writing certificates: %w", err)
	}
	return c, nil
}
