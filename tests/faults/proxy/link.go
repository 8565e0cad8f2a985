package main

import (
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"time"
)

// A Link leads to a server that speaks HTTP/2 without TLS, as etcd does, and is slow in one direction:
// what the server says arrives late. An API server whose etcd is behind a Link is behind the others.
//
// It is late above HTTP/2, not on the connection. There the late window updates would allow no more than
// one window in each lag, and an API server that gets less than is written falls behind without end.
type Link struct {
	listener net.Listener
	lag      atomic.Int64 // nanoseconds
}

// NewLink leads to the server at `to`, "host:port".
func NewLink(to string) (*Link, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	link := &Link{listener: listener}
	way := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: to})
	way.Transport = &http.Transport{Protocols: onlyHTTP2(), DisableCompression: true}
	way.FlushInterval = -1
	way.ErrorLog = quiet
	way.ModifyResponse = func(answer *http.Response) error {
		answer.Body = link.late(answer.Body)
		return nil
	}
	server := &http.Server{Handler: way, Protocols: onlyHTTP2(), ErrorLog: quiet}
	go func() { _ = server.Serve(listener) }()
	return link, nil
}

func onlyHTTP2() *http.Protocols {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	return protocols
}

// Lag says how late everything is that comes from now on.
func (l *Link) Lag(lag time.Duration) { l.lag.Store(int64(lag)) }

func (l *Link) Port() int { return l.listener.Addr().(*net.TCPAddr).Port }

type chunk struct {
	due   time.Time
	bytes []byte
	err   error
}

// A lateBody gives each part of a body so long after it has come, and in order; the end, and with it the
// trailers, too.
type lateBody struct {
	io.Closer
	waiting chan chunk
	now     chunk
	over    chan struct{}
}

func (l *Link) late(from io.ReadCloser) io.ReadCloser {
	body := &lateBody{Closer: from, waiting: make(chan chunk, 1<<14), over: make(chan struct{})}
	go func() {
		for {
			buffer := make([]byte, 1<<14)
			n, err := from.Read(buffer)
			select {
			case body.waiting <- chunk{time.Now().Add(time.Duration(l.lag.Load())), buffer[:n], err}:
			case <-body.over:
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return body
}

func (b *lateBody) Read(into []byte) (int, error) {
	for len(b.now.bytes) == 0 {
		if b.now.err != nil {
			return 0, b.now.err
		}
		b.now = <-b.waiting
		time.Sleep(time.Until(b.now.due))
	}
	n := copy(into, b.now.bytes)
	b.now.bytes = b.now.bytes[n:]
	return n, nil
}

func (b *lateBody) Close() error {
	close(b.over)
	return b.Closer.Close()
}
