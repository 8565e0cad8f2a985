package main

import (
	"net/http"
	"time"
)

// Watch is the client's end of a watch. It can hide an event until the object's next one, as a
// server does whose cache has only the newest state of each object.
type Watch struct {
	w       http.ResponseWriter
	hidden  string // whose event is hidden; empty: nobody's
	held    [][]byte
	overdue <-chan time.Time
}

// Hide keeps back an object's event, and the order with it: nothing is sent until the object's
// next event, or until the patience is over.
func (watch *Watch) Hide(object string, line []byte, patience time.Duration) {
	watch.Release("")
	watch.hidden, watch.held, watch.overdue = object, [][]byte{line}, time.After(patience)
}

// Release sends what is held back: without the hidden event when it is this object's turn again,
// with it when no object is named. An event of another object changes nothing.
func (watch *Watch) Release(object string) {
	if watch.hidden == "" || (object != "" && object != watch.hidden) {
		return
	}
	held := watch.held
	if object != "" {
		held = held[1:]
	}
	watch.hidden, watch.held, watch.overdue = "", nil, nil
	for _, line := range held {
		_ = watch.Write(line)
	}
}

// Write sends a line, or holds it back behind a hidden one.
func (watch *Watch) Write(line []byte) error {
	if watch.hidden != "" {
		watch.held = append(watch.held, line)
		return nil
	}
	_, err := watch.w.Write(line)
	return err
}
