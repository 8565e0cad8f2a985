// Command mirror is a registry of container images as behind an air gap: HTTPS, and a log of who asked
// for what.
//
//	mirror serve ADDRESS FOLDER CERTIFICATE KEY LOG   serves; FOLDER keeps the layers
//	mirror push ARCHIVE NAME                          puts an image archive there, prints its digest
//
// LOG has a JSON object a line: method, path, status, and which program asked. `push` trusts what
// SSL_CERT_FILE names.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/crane"
	"github.com/google/go-containerregistry/pkg/registry"
)

type answer struct {
	http.ResponseWriter
	status int
}

func (a *answer) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

// logged writes a line after each request; a connection that sends none leaves none.
func logged(handler http.Handler, to io.Writer) http.Handler {
	var lock sync.Mutex
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen := &answer{ResponseWriter: w, status: http.StatusOK}
		handler.ServeHTTP(seen, r)
		line, _ := json.Marshal(map[string]any{ // of strings and a number, which cannot fail
			"method": r.Method, "path": r.URL.Path, "status": seen.status, "program": r.UserAgent(),
		})
		lock.Lock()
		defer lock.Unlock()
		fmt.Fprintf(to, "%s\n", line)
	})
}

func serve(address, folder, certificate, key, logName string) error {
	to, err := os.OpenFile(logName, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	handler := registry.New(registry.WithBlobHandler(registry.NewDiskBlobHandler(folder)),
		registry.Logger(log.New(io.Discard, "", 0)))
	server := &http.Server{Addr: address, Handler: logged(handler, to), ReadHeaderTimeout: 5 * time.Second}
	return server.ListenAndServeTLS(certificate, key)
}

func push(archive, name string) error {
	image, err := crane.Load(archive)
	if err != nil {
		return err
	}
	if err := crane.Push(image, name); err != nil {
		return err
	}
	digest, err := image.Digest()
	if err == nil {
		fmt.Println(digest)
	}
	return err
}

func main() {
	args := os.Args[1:]
	var err error
	switch {
	case len(args) == 6 && args[0] == "serve":
		err = serve(args[1], args[2], args[3], args[4], args[5])
	case len(args) == 3 && args[0] == "push":
		err = push(args[1], args[2])
	default:
		err = fmt.Errorf("usage: mirror serve ADDRESS FOLDER CERTIFICATE KEY LOG | mirror push ARCHIVE NAME")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
