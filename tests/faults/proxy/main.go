// The fault proxy: the only way from an operator under test to its API servers.
//
// It ends the operator's TLS with an authority of its own, hands every request on to a real API
// server, writes down what passes, and does what the rules of a plan say. Runs are independent of
// each other: each has a port, rules and a trace of its own. They are made and changed over HTTP on
// the address that is printed at the start:
//
//	POST   /runs        {"target": URL, "rules": [...]}            -> {"id": N, "port": N}
//	PATCH  /runs/N      {"pid": N, "rules": [...], "target": URL}  each only if it is to change
//	GET    /runs/N      what it has seen
//	DELETE /runs/N      ends it and its connections
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"sync"
	"time"
)

// quiet takes what net/http says of connections that end as a plan wants them to.
var quiet = log.New(io.Discard, "", 0)

func main() {
	trust := flag.String("trust", "", "file with the authority of the API servers (PEM)")
	authority := flag.String("authority", "", "file to write the proxy's own authority to (PEM)")
	rival := flag.String("rival", "", "file with certificate and key of somebody else who may write (PEM)")
	flag.Parse()
	if err := serve(*trust, *authority, *rival); err != nil {
		fmt.Fprintln(os.Stderr, "faultproxy:", err)
		os.Exit(1)
	}
}

func serve(trustFile, authorityFile, rivalFile string) error {
	pemOfServers, err := os.ReadFile(trustFile)
	if err != nil {
		return err
	}
	servers := x509.NewCertPool()
	if !servers.AppendCertsFromPEM(pemOfServers) {
		return fmt.Errorf("%s holds no certificate", trustFile)
	}
	rival, err := tls.LoadX509KeyPair(rivalFile, rivalFile)
	if err != nil {
		return err
	}
	identity, err := selfSigned()
	if err != nil {
		return err
	}
	own := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: identity.Certificate[0]})
	if err := os.WriteFile(authorityFile, own, 0o600); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	// Whoever started the proxy holds its standard input open; the proxy ends with it.
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	control := &Control{identity: identity, runs: map[int]*Run{}, trust: &tls.Config{RootCAs: servers},
		rival: &http.Client{Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: servers, Certificates: []tls.Certificate{rival}}}}}
	return http.Serve(listener, control.Handler())
}

// selfSigned makes a certificate for 127.0.0.1 that is its own authority.
func selfSigned() (tls.Certificate, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(time.Now().UnixNano()),
		Subject:               pkix.Name{CommonName: "fault proxy"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().AddDate(1, 0, 0),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}, err
}

// Control is the proxy's own API.
type Control struct {
	identity tls.Certificate
	trust    *tls.Config
	rival    *http.Client
	mutex    sync.Mutex
	runs     map[int]*Run
	last     int
}

type wanted struct {
	Target string  `json:"target"`
	Rules  *[]Rule `json:"rules"`
	Pid    int     `json:"pid"`
}

func (c *Control) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /runs", answering(c.create))
	mux.HandleFunc("PATCH /runs/{id}", answering(c.change))
	mux.HandleFunc("GET /runs/{id}", answering(c.see))
	mux.HandleFunc("DELETE /runs/{id}", answering(c.remove))
	return mux
}

func answering(do func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer, err := do(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer)
	}
}

func read(r *http.Request) (wanted, *url.URL, error) {
	var given wanted
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&given); err != nil {
		return given, nil, err
	}
	if given.Target == "" {
		return given, nil, nil
	}
	target, err := url.Parse(given.Target)
	return given, target, err
}

func (c *Control) create(r *http.Request) (any, error) {
	given, target, err := read(r)
	if err != nil {
		return nil, err
	}
	if target == nil {
		return nil, errors.New("target: the API server's address is missing")
	}
	var rules []Rule
	if given.Rules != nil {
		rules = *given.Rules
	}
	run, err := NewRun(target, rules, c.identity, c.trust, c.rival)
	if err != nil {
		return nil, err
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.last++
	c.runs[c.last] = run
	return map[string]int{"id": c.last, "port": run.port}, nil
}

func (c *Control) find(r *http.Request) (int, *Run, error) {
	id, _ := strconv.Atoi(r.PathValue("id"))
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if run := c.runs[id]; run != nil {
		return id, run, nil
	}
	return 0, nil, fmt.Errorf("no run %q", r.PathValue("id"))
}

func (c *Control) change(r *http.Request) (any, error) {
	_, run, err := c.find(r)
	if err != nil {
		return nil, err
	}
	given, target, err := read(r)
	if err != nil {
		return nil, err
	}
	return struct{}{}, run.Change(given.Pid, given.Rules, target)
}

func (c *Control) see(r *http.Request) (any, error) {
	_, run, err := c.find(r)
	if err != nil {
		return nil, err
	}
	return run.Seen(), nil
}

func (c *Control) remove(r *http.Request) (any, error) {
	id, run, err := c.find(r)
	if err != nil {
		return nil, err
	}
	run.Close()
	c.mutex.Lock()
	delete(c.runs, id)
	c.mutex.Unlock()
	return struct{}{}, nil
}
