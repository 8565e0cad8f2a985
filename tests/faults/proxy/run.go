package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// A Run is one way into the cluster, for one operator: a listener, the rules of its plan, and what
// passed through. Safe for concurrent use.
type Run struct {
	server  *http.Server
	port    int
	forward *http.Transport
	rival   *http.Client // somebody else who writes
	access  *Access
	own     string // the namespace that the run is about; empty: everything is
	door    *Door
	history History
	began   time.Time
	ended   chan struct{} // closed when the run is over

	mutex  sync.Mutex
	target *url.URL
	other  *url.URL // the second API server; nil: there is none
	rules  *Rules
	pid    int
	trace  Trace
}

// Trace is what a run has seen, in order.
type Trace struct {
	Now      int        `json:"now"` // milliseconds since the run began
	Requests []Exchange `json:"requests"`
	Events   []Told     `json:"events"`
	Fired    []int      `json:"fired"`   // by rule
	Rotated  []int      `json:"rotated"` // milliseconds since the run began: a rotation's last file was there
	Idle     []string   `json:"idle"`    // actions that were due, but could not be done
}

// Exchange is one request and what became of it.
type Exchange struct {
	Request
	At     int      `json:"at"`               // milliseconds since the run began
	Took   int      `json:"took"`             // milliseconds
	Status int      `json:"status,omitempty"` // of the API server; 0: it was not reached, or did not answer
	Faults []string `json:"faults,omitempty"`
}

// Told is one event of a watch.
type Told struct {
	At       int      `json:"at"`
	Resource string   `json:"resource"`
	Type     string   `json:"type"`
	Name     string   `json:"name,omitempty"`
	Faults   []string `json:"faults,omitempty"`
}

func NewRun(target, other *url.URL, rules []Rule, own string, access *Access, trust *tls.Config, rival *http.Client) (*Run, error) {
	checked, err := NewRules(rules)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	run := &Run{
		port:   listener.Addr().(*net.TCPAddr).Port,
		access: access,
		own:    own,
		door:   NewDoor(listener),
		target: target,
		other:  other,
		rules:  checked,
		began:  time.Now(),
		ended:  make(chan struct{}),
		rival:  rival,
		forward: &http.Transport{
			TLSClientConfig:     trust,
			TLSNextProto:        map[string]func(string, *tls.Conn) http.RoundTripper{}, // HTTP/1.1
			MaxIdleConnsPerHost: 100,
			DisableCompression:  true,
		},
	}
	run.server = &http.Server{
		Handler:      run,
		TLSConfig:    access.TLS(),
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){}, // HTTP/1.1
		ErrorLog:     quiet,
	}
	go func() { _ = run.server.ServeTLS(run.door, "", "") }()
	return run, nil
}

// Close ends all connections of the run.
func (run *Run) Close() {
	close(run.ended)
	run.access.Close()
	_ = run.server.Close()
	run.forward.CloseIdleConnections()
}

// Change replaces what is given: the process that signals go to, the rules (which count anew), or
// the API server that new requests go to.
func (run *Run) Change(pid int, rules *[]Rule, target *url.URL) error {
	run.mutex.Lock()
	defer run.mutex.Unlock()
	if pid != 0 {
		run.pid = pid
	}
	if target != nil {
		run.target = target
	}
	if rules == nil {
		return nil
	}
	checked, err := NewRules(*rules)
	if err == nil {
		run.rules = checked
	}
	return err
}

func (run *Run) Seen() Trace {
	run.mutex.Lock()
	defer run.mutex.Unlock()
	return Trace{run.since(), append([]Exchange{}, run.trace.Requests...), append([]Told{}, run.trace.Events...),
		append([]int{}, run.rules.Fired...), append([]int{}, run.trace.Rotated...),
		append([]string{}, run.trace.Idle...)}
}

func (run *Run) since() int { return int(time.Since(run.began).Milliseconds()) }

// due notes an exchange's faults and returns them.
func (run *Run) due(phase string, d Request, index int) []Action {
	run.mutex.Lock()
	defer run.mutex.Unlock()
	due := run.rules.Next(phase, d, "")
	for _, action := range due {
		one := &run.trace.Requests[index]
		one.Faults = append(one.Faults, strings.TrimSpace(phase+" "+action.Do+" "+action.Signal))
	}
	return due
}

// idle notes that an action could not be done: then the plan was not what ran.
func (run *Run) idle(why string) {
	run.mutex.Lock()
	defer run.mutex.Unlock()
	run.trace.Idle = append(run.trace.Idle, why)
}

func (run *Run) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d := Describe(r)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	run.mutex.Lock()
	index := len(run.trace.Requests)
	run.trace.Requests = append(run.trace.Requests, Exchange{Request: d, At: run.since()})
	target := run.target
	run.mutex.Unlock()
	defer func() {
		run.mutex.Lock()
		run.trace.Requests[index].Took = run.since() - run.trace.Requests[index].At
		run.mutex.Unlock()
	}()

	if !run.access.Admit(r) {
		run.mutex.Lock()
		run.trace.Requests[index].Status = http.StatusUnauthorized
		run.mutex.Unlock()
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","code":401,`+
			`"reason":"Unauthorized","message":"Unauthorized"}`)
		return
	}
	again := false
	for _, action := range run.due(BeforeForward, d, index) {
		switch action.Do {
		case "duplicate":
			again = true
		case "rival":
			run.edit(r, target)
		case "late":
			r = r.WithContext(context.WithoutCancel(r.Context()))
			run.wait(r.Context(), time.Duration(action.Ms)*time.Millisecond)
			if run.over() {
				return // What comes now belongs to another run.
			}
		case "elsewhere":
			if run.other != nil {
				target = run.other
			} else {
				run.idle("elsewhere: there is no other API server")
			}
		case "stale":
			if answer, known := run.history.AsOf(r.URL.Path, action.Seen); known {
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write(answer)
				return
			}
		default:
			if run.act(action, w, r) {
				return
			}
		}
	}
	if again {
		if first, err := run.send(r, target, body); err == nil {
			_, _ = io.Copy(io.Discard, first.Body)
			first.Body.Close()
		}
	}
	answer, err := run.send(r, target, body)
	if err != nil {
		abort(w, false)
		return
	}
	defer answer.Body.Close()
	run.mutex.Lock()
	run.trace.Requests[index].Status = answer.StatusCode
	run.mutex.Unlock()
	if d.Verb == "watch" && answer.StatusCode == http.StatusOK {
		run.stream(w, r, d, answer)
		return
	}
	run.reply(w, r, d, answer, index)
}

func (run *Run) send(r *http.Request, target *url.URL, body []byte) (*http.Response, error) {
	request := r.Clone(r.Context())
	request.RequestURI = ""
	request.URL.Scheme, request.URL.Host, request.Host = target.Scheme, target.Host, target.Host
	request.Body = io.NopCloser(bytes.NewReader(body))
	request.ContentLength = int64(len(body))
	return run.forward.RoundTrip(request)
}

// edit changes the object that a request is about, as somebody else would just before it.
func (run *Run) edit(r *http.Request, target *url.URL) {
	object := *target
	object.Path = strings.TrimSuffix(r.URL.Path, "/status")
	patch := fmt.Sprintf(`{"metadata":{"annotations":{"rival.example.com/edit":"%d"}}}`, time.Now().UnixNano())
	request, err := http.NewRequestWithContext(r.Context(), http.MethodPatch, object.String(), strings.NewReader(patch))
	if err != nil {
		return
	}
	request.Header.Set("Content-Type", "application/merge-patch+json")
	answer, err := run.rival.Do(request)
	if err != nil {
		run.idle("rival: " + err.Error())
		return
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		run.idle(fmt.Sprintf("rival: %s is answered by %d", object.Path, answer.StatusCode))
	}
}

// reply hands on a whole answer.
func (run *Run) reply(w http.ResponseWriter, r *http.Request, d Request, answer *http.Response, index int) {
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		abort(w, false)
		return
	}
	if d.Verb == "list" && answer.StatusCode == http.StatusOK && r.URL.Query().Get("continue") == "" {
		run.history.Listed(r.URL.Path, body)
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	answer.ContentLength = int64(len(body))
	for _, action := range run.due(AfterCommit, d, index) {
		switch action.Do {
		case "truncate", "trickle":
			var raw bytes.Buffer
			_ = answer.Write(&raw)
			run.part(w, raw.Bytes(), action)
			return
		default:
			if run.act(action, w, r) {
				return
			}
		}
	}
	for name, values := range answer.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.StatusCode)
	_, _ = w.Write(body)
}

// stream hands on a watch, event by event.
func (run *Run) stream(w http.ResponseWriter, r *http.Request, d Request, answer *http.Response) {
	for name, values := range answer.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.StatusCode)
	flush := http.NewResponseController(w).Flush
	_ = flush()
	lines := make(chan []byte)
	failed := make(chan error, 1)
	go func() {
		reader := bufio.NewReaderSize(answer.Body, 1<<16)
		for {
			line, err := reader.ReadBytes('\n')
			if err != nil {
				failed <- err
				return
			}
			select {
			case lines <- line:
			case <-r.Context().Done():
				return
			}
		}
	}()
	watch := Watch{w: w}
	for {
		select {
		case line := <-lines:
			if !run.tell(&watch, r, d, line) {
				return
			}
		case <-watch.overdue:
			watch.Release("")
		case err := <-failed:
			if err != io.EOF && r.Context().Err() == nil {
				abort(w, false)
			}
			return
		}
		_ = flush()
	}
}

// IsOfAnotherRun says whether an event is about what another run does: a kind that is in no namespace,
// and of which each run has one object, called like its namespace.
func IsOfAnotherRun(resource string, event Event, own string) bool {
	meta := event.Object.Metadata
	shared := resource == "namespaces" || resource == "isolationpolicies"
	return own != "" && shared && meta.Name != "" && meta.Name != own
}

// tell hands on one event; false ends the watch.
func (run *Run) tell(watch *Watch, r *http.Request, d Request, line []byte) bool {
	w := watch.w
	var event Event
	_ = json.Unmarshal(line, &event)
	if IsOfAnotherRun(d.Resource, event, run.own) {
		run.history.Overheard(r.URL.Path, event, line)
		return watch.Write(line) == nil
	}
	run.history.Watched(r.URL.Path, event, line)
	told := Told{At: run.since(), Resource: d.Resource, Type: event.Type, Name: event.Object.Metadata.Name}
	d.Name = told.Name
	run.mutex.Lock()
	due := run.rules.Next(OnEvent, d, event.Type)
	for _, action := range due {
		told.Faults = append(told.Faults, action.Do)
	}
	run.trace.Events = append(run.trace.Events, told)
	run.mutex.Unlock()

	watch.Release(key(event))
	for _, action := range due {
		switch action.Do {
		case "hide":
			watch.Hide(key(event), line, time.Duration(action.Ms)*time.Millisecond)
			return true
		case "lose":
			abort(w, false)
			return false
		case "duplicate":
			_ = watch.Write(line)
		case "replace":
			line = []byte(strings.TrimRight(action.Body, "\n") + "\n")
		case "truncate":
			if connection := take(w); connection != nil {
				_, _ = fmt.Fprintf(connection, "%x\r\n%s", len(line), line[:min(action.Bytes, len(line))])
				end(connection, false)
			}
			return false
		default:
			if run.act(action, w, r) {
				return false
			}
		}
	}
	return watch.Write(line) == nil
}
