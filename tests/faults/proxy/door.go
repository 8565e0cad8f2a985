package main

import (
	"net"
	"sync"
	"time"
)

// A Door is a listener that can be shut, and that can end what has come in. Safe for concurrent use.
type Door struct {
	net.Listener
	mutex sync.Mutex
	in    map[*visitor]struct{}
	shut  time.Time // until then nobody comes in
}

type visitor struct {
	net.Conn
	door *Door
}

func NewDoor(listener net.Listener) *Door {
	return &Door{Listener: listener, in: map[*visitor]struct{}{}}
}

// Accept waits for somebody who may come in; who may not is sent away without a word.
func (d *Door) Accept() (net.Conn, error) {
	for {
		connection, err := d.Listener.Accept()
		if err != nil {
			return nil, err
		}
		one := &visitor{connection, d}
		d.mutex.Lock()
		closed := time.Now().Before(d.shut)
		if !closed {
			d.in[one] = struct{}{}
		}
		d.mutex.Unlock()
		if !closed {
			return one, nil
		}
		end(connection, true)
	}
}

func (v *visitor) Close() error {
	v.door.mutex.Lock()
	delete(v.door.in, v)
	v.door.mutex.Unlock()
	return v.Conn.Close()
}

// Cut ends all connections.
func (d *Door) Cut() {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	for one := range d.in {
		end(one.Conn, true)
	}
	clear(d.in)
}

// Shut ends all connections and lets nobody in for a while.
func (d *Door) Shut(duration time.Duration) {
	d.mutex.Lock()
	d.shut = time.Now().Add(duration)
	d.mutex.Unlock()
	d.Cut()
}
