// The fault proxy: the only way from an operator under test to its API servers.
//
// It ends the operator's TLS with an authority of its own, hands every request on to a real API
// server, writes down what passes, and does what the rules of a plan say. Runs are independent of
// each other: each has a port, rules and a trace of its own. They are made and changed over HTTP on
// the address that is printed at the start:
//
//	POST   /runs        {"target": URL, "other": URL, "rules": [...],    -> {"id": N, "port": N}
//	                     "folder": DIR, "by": "token"|"certificate", "token": the real one,
//	                     "namespace": what it is about}
//	PATCH  /runs/N      {"pid": N, "rules": [...], "target": URL}  each only if it is to change;
//	                    {"open": true} ends an outage
//	GET    /runs/N      what it has seen
//	DELETE /runs/N      ends it and its connections
//	POST   /links       {"target": HOST:PORT}                           -> {"id": N, "port": N}
//	PATCH  /links/N     {"ms": N}                                       how late it is
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
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
	rival := flag.String("rival", "", "file with certificate and key of somebody else who may write (PEM)")
	flag.Parse()
	if err := serve(*trust, *rival); err != nil {
		fmt.Fprintln(os.Stderr, "faultproxy:", err)
		os.Exit(1)
	}
}

func serve(trustFile, rivalFile string) error {
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
	control := &Control{runs: map[int]*Run{}, trust: &tls.Config{RootCAs: servers},
		rival: &http.Client{Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: servers, Certificates: []tls.Certificate{rival}}}}}
	return http.Serve(listener, control.Handler())
}

// Control is the proxy's own API.
type Control struct {
	trust *tls.Config
	rival *http.Client
	mutex sync.Mutex
	runs  map[int]*Run
	last  int
	links []*Link
}

type wanted struct {
	Target string  `json:"target"`
	Other  string  `json:"other"`
	Rules  *[]Rule `json:"rules"`
	Pid    int     `json:"pid"`
	Folder string  `json:"folder"`
	By     string  `json:"by"`
	Token  string  `json:"token"`
	Own    string  `json:"namespace"`
	Ms     int     `json:"ms"`
	Open   bool    `json:"open"`
}

func (c *Control) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /runs", answering(c.create))
	mux.HandleFunc("PATCH /runs/{id}", answering(c.change))
	mux.HandleFunc("GET /runs/{id}", answering(c.see))
	mux.HandleFunc("DELETE /runs/{id}", answering(c.remove))
	mux.HandleFunc("POST /links", answering(c.link))
	mux.HandleFunc("PATCH /links/{id}", answering(c.slow))
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

func read(r *http.Request) (wanted, error) {
	var given wanted
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	return given, decoder.Decode(&given)
}

// address reads an API server's; nil when none is given.
func address(text string) (*url.URL, error) {
	if text == "" {
		return nil, nil
	}
	return url.Parse(text)
}

func (c *Control) link(r *http.Request) (any, error) {
	given, err := read(r)
	if err != nil {
		return nil, err
	}
	made, err := NewLink(given.Target)
	if err != nil {
		return nil, err
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.links = append(c.links, made)
	return map[string]int{"id": len(c.links) - 1, "port": made.Port()}, nil
}

func (c *Control) slow(r *http.Request) (any, error) {
	given, err := read(r)
	if err != nil {
		return nil, err
	}
	id, err := strconv.Atoi(r.PathValue("id"))
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if err != nil || id < 0 || id >= len(c.links) {
		return nil, fmt.Errorf("no link %q", r.PathValue("id"))
	}
	c.links[id].Lag(time.Duration(given.Ms) * time.Millisecond)
	return struct{}{}, nil
}

func (c *Control) create(r *http.Request) (any, error) {
	given, err := read(r)
	if err != nil {
		return nil, err
	}
	target, err := address(given.Target)
	other, problem := address(given.Other)
	if err := errors.Join(err, problem); err != nil {
		return nil, err
	}
	if target == nil {
		return nil, errors.New("target: the API server's address is missing")
	}
	access, err := NewAccess(given.Folder, given.By, given.Token)
	if err != nil {
		return nil, err
	}
	var rules []Rule
	if given.Rules != nil {
		rules = *given.Rules
	}
	run, err := NewRun(target, other, rules, given.Own, access, c.trust, c.rival)
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
	given, err := read(r)
	if err != nil {
		return nil, err
	}
	target, err := address(given.Target)
	if err != nil {
		return nil, err
	}
	if err := run.Change(given.Pid, given.Rules, target); err != nil {
		return nil, err
	}
	if given.Open {
		run.door.Shut(0)
	}
	return struct{}{}, nil
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
