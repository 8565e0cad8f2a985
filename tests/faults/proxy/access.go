package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Access is how an operator is let in: files in a folder of its own, as a kubelet would mount them,
// and the check that what it shows is what they hold now. Safe for concurrent use.
//
//	ca.pem                   whom to trust
//	token                    what to show, if it comes by token
//	client.pem, client.key   what to show, if it comes by certificate
type Access struct {
	folder string
	by     string
	real   string // the token that the API servers know

	mutex  sync.Mutex
	server tls.Certificate
	shown  [][]byte // tokens, or client certificates (DER), that are accepted
	closed bool
}

// Of a rotation: the authority and with it the server's certificate, or what the operator shows.
const (
	RotateAuthority = "authority"
	RotateOwn       = "own"
)

func checkRotation(what string) error {
	if what != RotateAuthority && what != RotateOwn {
		return fmt.Errorf("what: %q: use %s or %s", what, RotateAuthority, RotateOwn)
	}
	return nil
}

// NewAccess writes the files. `by` is "token" or "certificate".
func NewAccess(folder, by, real string) (*Access, error) {
	access := &Access{folder: folder, by: by, real: real}
	server, err := selfSigned("fault proxy", x509.ExtKeyUsageServerAuth)
	if err != nil {
		return nil, err
	}
	access.server = server
	if err := access.write("ca.pem", certificatePEM(server)); err != nil {
		return nil, err
	}
	shown, publish, err := access.renewOwn()
	if err != nil {
		return nil, err
	}
	access.shown = [][]byte{shown}
	return access, publish()
}

// Admit says whether the request shows what it must, and makes it one of the API servers' own.
func (a *Access) Admit(r *http.Request) bool {
	shown := []byte(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	if a.by == "certificate" {
		shown = r.TLS.PeerCertificates[0].Raw
	}
	r.Header.Set("Authorization", "Bearer "+a.real)
	return a.accepts(shown)
}

func (a *Access) accepts(shown []byte) bool {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return slices.ContainsFunc(a.shown, func(one []byte) bool { return slices.Equal(one, shown) })
}

// TLS is how connections are begun: with the certificate of now, and no client's but the one of now.
func (a *Access) TLS() *tls.Config {
	config := &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			a.mutex.Lock()
			defer a.mutex.Unlock()
			server := a.server
			return &server, nil
		},
	}
	if a.by == "certificate" {
		config.ClientAuth = tls.RequireAnyClientCert
		config.VerifyPeerCertificate = func(chain [][]byte, _ [][]*x509.Certificate) error {
			if !a.accepts(chain[0]) {
				return errors.New("not the client's certificate of now")
			}
			return nil
		}
	}
	return config
}

// Rotate replaces what is named. Softly, the new is known before the old one ends; hard, it is known
// `pause` after that. `cut` ends the connections of the old one. Returns when all is done.
func (a *Access) Rotate(what string, hard bool, pause time.Duration, cut func()) error {
	if what == RotateAuthority {
		return a.rotateAuthority(hard, pause, cut)
	}
	shown, publish, err := a.renewOwn()
	if err != nil {
		return err
	}
	if !hard {
		a.accept(append(a.accepted(), shown)...)
		if err := publish(); err != nil {
			return err
		}
		time.Sleep(pause)
	}
	a.accept(shown)
	cut()
	if hard {
		time.Sleep(pause)
		return publish()
	}
	return nil
}

func (a *Access) rotateAuthority(hard bool, pause time.Duration, cut func()) error {
	former := certificatePEM(a.server)
	server, err := selfSigned("fault proxy", x509.ExtKeyUsageServerAuth)
	if err != nil {
		return err
	}
	if !hard {
		if err := a.write("ca.pem", append(former, certificatePEM(server)...)); err != nil {
			return err
		}
		time.Sleep(pause)
	}
	a.mutex.Lock()
	a.server = server
	a.mutex.Unlock()
	cut()
	if hard {
		time.Sleep(pause)
	}
	return a.write("ca.pem", certificatePEM(server))
}

// Close ends all writing: the folder may be another run's from now on.
func (a *Access) Close() {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.closed = true
}

func (a *Access) accepted() [][]byte {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return slices.Clone(a.shown)
}

func (a *Access) accept(shown ...[]byte) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.shown = shown
}

// renewOwn makes what the operator is to show next, and the way to write it down.
func (a *Access) renewOwn() ([]byte, func() error, error) {
	if a.by == "token" {
		random := make([]byte, 24)
		_, err := rand.Read(random)
		token := []byte(hex.EncodeToString(random))
		return token, func() error { return a.write("token", token) }, err
	}
	own, err := selfSigned("operator", x509.ExtKeyUsageClientAuth)
	if err != nil {
		return nil, nil, err
	}
	key, err := x509.MarshalPKCS8PrivateKey(own.PrivateKey)
	if err != nil {
		return nil, nil, err
	}
	return own.Certificate[0], func() error {
		err := a.write("client.key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
		return errors.Join(err, a.write("client.pem", certificatePEM(own)))
	}, nil
}

// write replaces a file as a kubelet does: readers see the old or the new one, never a part.
func (a *Access) write(name string, content []byte) error {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if a.closed {
		return errors.New("the run is over")
	}
	final := filepath.Join(a.folder, name)
	if err := os.WriteFile(final+".new", content, 0o600); err != nil {
		return err
	}
	return os.Rename(final+".new", final)
}

func certificatePEM(one tls.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: one.Certificate[0]})
}

// selfSigned makes a certificate that is its own authority, of a server for 127.0.0.1.
func selfSigned(name string, usage x509.ExtKeyUsage) (tls.Certificate, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(time.Now().UnixNano()),
		Subject:               pkix.Name{CommonName: fmt.Sprintf("%s %d", name, time.Now().UnixNano())},
		NotBefore:             time.Now().Add(-48 * time.Hour),
		NotAfter:              time.Now().AddDate(1, 0, 0),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{usage},
		BasicConstraintsValid: true,
		IsCA:                  true,
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}, err
}
