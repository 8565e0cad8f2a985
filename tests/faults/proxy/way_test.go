package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func content(t *testing.T, folder, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func bearing(token []byte) *http.Request {
	return &http.Request{Header: http.Header{"Authorization": {"Bearer " + string(token)}}}
}

func TestATokenIsExchangedAndEnds(t *testing.T) {
	for name, hard := range map[string]bool{"hard": true, "soft": false} {
		folder := t.TempDir()
		access, err := NewAccess(folder, "token", "real")
		if err != nil {
			t.Fatal(err)
		}
		former := content(t, folder, "token")
		request := bearing(former)
		if !access.Admit(request) || request.Header.Get("Authorization") != "Bearer real" {
			t.Errorf("%s: the first token is refused, or handed on", name)
		}
		if access.Admit(bearing([]byte("guessed"))) || access.Admit(&http.Request{Header: http.Header{}}) {
			t.Errorf("%s: anybody is let in", name)
		}
		cut := false
		err = access.Rotate(RotateOwn, hard, time.Millisecond, func() {
			cut = true
			written := !bytes.Equal(content(t, folder, "token"), former)
			if written == hard || access.Admit(bearing(former)) {
				t.Errorf("%s: the new one is written: %v, when the old one ends", name, written)
			}
		})
		if err != nil || !cut || !access.Admit(bearing(content(t, folder, "token"))) {
			t.Errorf("%s: the new token is refused (%v)", name, err)
		}
		last := content(t, folder, "token")
		access.Close()
		if access.Rotate(RotateOwn, hard, 0, func() {}) == nil || !bytes.Equal(content(t, folder, "token"), last) {
			t.Errorf("%s: a run that is over writes", name)
		}
	}
}

func TestACertificateIsReplaced(t *testing.T) {
	folder := t.TempDir()
	access, err := NewAccess(folder, "certificate", "real")
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	door := NewDoor(listener)
	server := &http.Server{TLSConfig: access.TLS(), ErrorLog: quiet, Handler: http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			if access.Admit(r) {
				_, _ = io.WriteString(w, "in")
			}
		})}
	go func() { _ = server.ServeTLS(door, "", "") }()
	defer server.Close()
	ask := func() string {
		own, err := tls.LoadX509KeyPair(filepath.Join(folder, "client.pem"), filepath.Join(folder, "client.key"))
		if err != nil {
			t.Fatal(err)
		}
		trust := x509.NewCertPool()
		trust.AppendCertsFromPEM(content(t, folder, "ca.pem"))
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true,
			TLSClientConfig: &tls.Config{RootCAs: trust, Certificates: []tls.Certificate{own}}}}
		answer, err := client.Get("https://" + listener.Addr().String())
		if err != nil {
			return ""
		}
		defer answer.Body.Close()
		text, _ := io.ReadAll(answer.Body)
		return string(text)
	}
	for _, what := range []string{RotateOwn, RotateAuthority} {
		if ask() != "in" {
			t.Fatal("not let in before", what)
		}
		err := access.Rotate(what, true, time.Millisecond, func() {
			if ask() != "" {
				t.Error("still let in with the old", what)
			}
		})
		if err != nil || ask() != "in" {
			t.Errorf("not let in after %s (%v)", what, err)
		}
	}
	door.Shut(100 * time.Millisecond)
	if ask() != "" {
		t.Error("let in through a shut door")
	}
	time.Sleep(120 * time.Millisecond)
	if ask() != "in" {
		t.Error("the door stays shut")
	}
}

func TestWhatALinkSaysIsLateAndWhole(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Protocols: onlyHTTP2(), ErrorLog: quiet, Handler: http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) { // An echo, as a call of gRPC that goes both ways.
			w.Header().Set("Trailer", "Grpc-Status")
			w.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(w).Flush()
			_, _ = io.Copy(w, r.Body)
			w.Header().Set("Grpc-Status", "0")
		})}
	defer server.Close()
	go func() { _ = server.Serve(listener) }()
	const lag = 60 * time.Millisecond
	link, err := NewLink(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	link.Lag(lag)
	client := http.Client{Transport: &http.Transport{Protocols: onlyHTTP2()}}
	sent := bytes.Repeat([]byte("0123456789"), 200000) // More than the windows of HTTP/2.
	began := time.Now()
	answer, err := client.Post(fmt.Sprintf("http://127.0.0.1:%d/", link.Port()), "application/grpc", bytes.NewReader(sent))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	if err != nil || !bytes.Equal(got, sent) {
		t.Fatalf("what comes is not what was sent (%v)", err)
	}
	if took := time.Since(began); took < lag {
		t.Errorf("it came after %v", took)
	}
	if answer.Trailer.Get("Grpc-Status") != "0" {
		t.Errorf("trailers: %v", answer.Trailer)
	}
}
