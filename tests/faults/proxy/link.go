package main

import (
	"io"
	"net"
	"sync/atomic"
	"time"
)

// A Link is a TCP connection of something else that is slow in one direction: what the server says
// arrives late. An API server whose etcd is behind a Link is behind the others.
type Link struct {
	listener net.Listener
	to       string
	lag      atomic.Int64 // nanoseconds
}

func NewLink(to string) (*Link, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	link := &Link{listener: listener, to: to}
	go link.accept()
	return link, nil
}

// Lag says how late everything is that comes from now on.
func (l *Link) Lag(lag time.Duration) { l.lag.Store(int64(lag)) }

func (l *Link) Port() int { return l.listener.Addr().(*net.TCPAddr).Port }

func (l *Link) accept() {
	for {
		client, err := l.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", l.to)
		if err != nil {
			client.Close()
			continue
		}
		go func() {
			_, _ = io.Copy(server, client)
			server.Close()
		}()
		go l.late(client, server)
	}
}

type chunk struct {
	due   time.Time
	bytes []byte
}

// late copies, each part so long after it has come, and in order.
func (l *Link) late(to io.WriteCloser, from io.Reader) {
	waiting := make(chan chunk, 1<<14)
	go func() {
		defer close(waiting)
		for {
			buffer := make([]byte, 1<<14)
			n, err := from.Read(buffer)
			if n > 0 {
				waiting <- chunk{time.Now().Add(time.Duration(l.lag.Load())), buffer[:n]}
			}
			if err != nil {
				return
			}
		}
	}()
	defer to.Close()
	for one := range waiting {
		time.Sleep(time.Until(one.due))
		if _, err := to.Write(one.bytes); err != nil {
			return
		}
	}
}
