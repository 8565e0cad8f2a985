package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"
)

// act does what may be done at any moment of a request and tells whether that has ended it.
func (run *Run) act(action Action, w http.ResponseWriter, r *http.Request) bool {
	switch action.Do {
	case "drop":
		abort(w, false)
	case "reset":
		abort(w, true)
	case "silence":
		run.wait(r.Context(), time.Hour)
	case "delay":
		run.wait(r.Context(), time.Duration(action.Ms)*time.Millisecond)
		return false
	case "replace":
		for name, value := range action.Headers {
			w.Header().Set(name, value)
		}
		w.WriteHeader(action.Status)
		_, _ = io.WriteString(w, action.Body)
	case "signal":
		return run.signal(action, w)
	default:
		run.change(action)
		return false
	}
	return true
}

// change does what is about the way itself. What takes its time goes on beside the request.
func (run *Run) change(action Action) {
	pause := time.Duration(action.Ms) * time.Millisecond
	switch action.Do {
	case "rotate":
		go func() {
			if err := run.access.Rotate(action.What, action.Hard, pause, run.door.Cut); err != nil {
				if !run.over() {
					run.idle("rotate: " + err.Error())
				}
				return
			}
			run.mutex.Lock()
			defer run.mutex.Unlock()
			run.trace.Rotated = append(run.trace.Rotated, run.since())
		}()
	case "outage":
		run.door.Shut(pause)
	case "move":
		run.mutex.Lock()
		run.target, run.other = run.other, run.target
		run.mutex.Unlock()
		run.door.Cut()
	case "clock":
		if err := run.access.write("clock", fmt.Appendf(nil, "%+d", action.Ms/1000)); err != nil {
			run.idle("clock: " + err.Error())
		}
	}
}

// signal ends, stops or asks the operator's process; one that was killed hears no answer.
func (run *Run) signal(action Action, w http.ResponseWriter) bool {
	run.mutex.Lock()
	pid := run.pid
	run.mutex.Unlock()
	number, err := signalNamed(action.Signal)
	if err == nil && pid > 1 {
		err = syscall.Kill(pid, number)
	}
	if err != nil || pid <= 1 {
		run.idle(fmt.Sprintf("signal %s to process %d: %v", action.Signal, pid, err))
		return false
	}
	switch number {
	case syscall.SIGKILL:
		abort(w, true)
		return true
	case syscall.SIGSTOP:
		time.AfterFunc(time.Duration(action.Ms)*time.Millisecond, func() { _ = syscall.Kill(pid, syscall.SIGCONT) })
	}
	return false
}

func signalNamed(name string) (syscall.Signal, error) {
	known := map[string]syscall.Signal{"KILL": syscall.SIGKILL, "TERM": syscall.SIGTERM, "STOP": syscall.SIGSTOP}
	number, ok := known[name]
	if !ok {
		return 0, fmt.Errorf("signal %q: use KILL, TERM or STOP", name)
	}
	return number, nil
}

func (run *Run) wait(ctx context.Context, duration time.Duration) {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-run.ended:
	case <-timer.C:
	}
}

func (run *Run) over() bool {
	select {
	case <-run.ended:
		return true
	default:
		return false
	}
}

// abort ends the connection without a word: by RST or by FIN.
func abort(w http.ResponseWriter, reset bool) {
	if connection := take(w); connection != nil {
		end(connection, reset)
	}
}

func take(w http.ResponseWriter) net.Conn {
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		return nil
	}
	connection, _, err := hijacker.Hijack()
	if err != nil {
		return nil
	}
	return connection
}

func end(connection net.Conn, reset bool) {
	if secure, ok := connection.(*tls.Conn); ok {
		connection = secure.NetConn() // no close_notify: the peer is gone
	}
	raw := connection
	if one, ok := raw.(*visitor); ok {
		raw = one.Conn
	}
	if tcp, ok := raw.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0)
	}
	_ = connection.Close()
}

// part sends the beginning of an answer, or all of it byte by byte.
func (run *Run) part(w http.ResponseWriter, raw []byte, action Action) {
	connection := take(w)
	if connection == nil {
		return
	}
	defer end(connection, false)
	if action.Do == "truncate" {
		_, _ = connection.Write(raw[:min(action.Bytes, len(raw))])
		return
	}
	for i := range raw {
		if _, err := connection.Write(raw[i : i+1]); err != nil {
			return
		}
		run.wait(context.Background(), time.Duration(action.Ms)*time.Millisecond)
	}
}
