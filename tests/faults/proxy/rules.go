package main

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"time"
)

// A Rule says what goes wrong, and when. A plan is a list of them.
type Rule struct {
	Match  Match  `json:"match"`
	Phase  string `json:"phase"`
	Action Action `json:"action"`
}

// The phases: a request that the API server never sees, one whose answer is interfered with
// after it took effect, and an event of a watch.
const (
	BeforeForward = "before-forward"
	AfterCommit   = "after-commit"
	OnEvent       = "event"
)

// Match selects requests, or events of watches. What is left out matches everything.
type Match struct {
	Write       bool   `json:"write,omitempty"` // writes only, see Request.IsWrite
	Verb        string `json:"verb,omitempty"`
	Resource    string `json:"resource,omitempty"`
	Subresource string `json:"subresource,omitempty"` // "-": none
	Name        string `json:"name,omitempty"`        // a regular expression for the whole name
	Event       string `json:"event,omitempty"`
	// Acts on the Nth that matches (from 1; 0: on each) and on the Times-1 that follow it, or on all
	// that come within so many milliseconds.
	Nth    int `json:"nth,omitempty"`
	Times  int `json:"times,omitempty"`
	Within int `json:"within,omitempty"`
	// Nothing counts before the rule of this number, from 1, has acted.
	After int `json:"after,omitempty"`
}

// Action is what happens. Do is one of actions; the other fields are its parameters.
type Action struct {
	Do      string            `json:"do"`
	Ms      int               `json:"ms,omitempty"`
	Bytes   int               `json:"bytes,omitempty"`
	Status  int               `json:"status,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    string            `json:"body,omitempty"`
	Seen    int               `json:"seen,omitempty"` // stale: how many events the answer knows
	Signal  string            `json:"signal,omitempty"`
	What    string            `json:"what,omitempty"` // rotate: what of the access, see Access.Rotate
	Hard    bool              `json:"hard,omitempty"` // rotate: the old one ends before the new one is known
}

// actions names, for each phase, what may be done there.
var actions = map[string][]string{
	// drop: FIN; reset: RST; silence: no answer, the socket stays open; replace: an answer of the
	// rule's own; signal: to the operator's process, which may be its end; stale: a list as it was;
	// rival: somebody else changes the object first; late: a delay after which the request arrives
	// also when its sender waits no more; elsewhere: the other API server is asked.
	BeforeForward: append([]string{"drop", "reset", "silence", "delay", "replace", "signal", "duplicate",
		"stale", "rival", "late", "elsewhere"}, anywhere...),
	// truncate: the first Bytes of the answer, then FIN; trickle: a byte at a time, Ms apart.
	AfterCommit: append([]string{"drop", "reset", "silence", "delay", "replace", "signal", "truncate",
		"trickle"}, anywhere...),
	// hide: not sent before the object's next event, which replaces it, or before Ms have passed;
	// lose: not sent, and the watch ends.
	OnEvent: append([]string{"hide", "lose", "duplicate", "delay", "replace", "signal", "truncate", "reset",
		"silence"}, anywhere...),
}

// anywhere is what happens to the way itself, not to the request or event at which it does.
// rotate: the operator's access changes; outage: for Ms no connection lives; move: from now on the
// other API server is asked; clock: the operator's clock jumps by Ms.
var anywhere = []string{"rotate", "outage", "move", "clock"}

// Check says what is wrong with a rule, so that no plan passes because it did nothing.
func (r Rule) Check() error {
	known, ok := actions[r.Phase]
	if !ok {
		return fmt.Errorf("phase %q: use one of %s, %s, %s", r.Phase, BeforeForward, AfterCommit, OnEvent)
	}
	if !slices.Contains(known, r.Action.Do) {
		return fmt.Errorf("action %q in phase %s: use one of %v", r.Action.Do, r.Phase, known)
	}
	if _, err := regexp.Compile(r.Match.Name); err != nil {
		return fmt.Errorf("match.name: %w", err)
	}
	switch r.Action.Do {
	case "signal":
		_, err := signalNamed(r.Action.Signal)
		return err
	case "rotate":
		return checkRotation(r.Action.What)
	}
	return nil
}

// Rules counts matches and hands out actions. Not safe for concurrent use.
type Rules struct {
	rules []Rule
	names []*regexp.Regexp
	seen  []int
	first []time.Time // when a rule acted first
	// Fired counts how often each rule has acted.
	Fired []int
}

func NewRules(rules []Rule) (*Rules, error) {
	all := &Rules{rules: rules, seen: make([]int, len(rules)),
		first: make([]time.Time, len(rules)), Fired: make([]int, len(rules))}
	for i, rule := range rules {
		if err := rule.Check(); err != nil {
			return nil, fmt.Errorf("rule %d: %w", i, err)
		}
		if rule.Match.After < 0 || rule.Match.After > i {
			return nil, fmt.Errorf("rule %d: match.after is %d: it names an earlier rule, from 1", i, rule.Match.After)
		}
		all.names = append(all.names, regexp.MustCompile("^(?:"+rule.Match.Name+")$"))
	}
	return all, nil
}

// Next counts a request (or, with an event type, an event) and returns the actions that are due.
func (a *Rules) Next(phase string, d Request, event string) []Action {
	var due []Action
	for i, rule := range a.rules {
		if rule.Phase != phase || !a.matches(i, d, event) || rule.Match.After > 0 && a.Fired[rule.Match.After-1] == 0 {
			continue
		}
		a.seen[i]++
		if !a.isDue(i) {
			continue
		}
		if a.Fired[i] == 0 {
			a.first[i] = time.Now()
		}
		a.Fired[i]++
		due = append(due, rule.Action)
	}
	return due
}

// isDue tells whether it is the turn of a rule that matches.
func (a *Rules) isDue(i int) bool {
	m := a.rules[i].Match
	if m.Nth == 0 || a.seen[i] < m.Nth {
		return m.Nth == 0
	}
	if m.Within > 0 && a.Fired[i] > 0 {
		return time.Since(a.first[i]) < time.Duration(m.Within)*time.Millisecond
	}
	return m.Within > 0 || a.seen[i] < m.Nth+max(m.Times, 1)
}

func (a *Rules) matches(i int, d Request, event string) bool {
	m := a.rules[i].Match
	if m.Write && !d.IsWrite() {
		return false
	}
	for _, pair := range [][2]string{
		{m.Verb, d.Verb}, {m.Resource, d.Resource}, {m.Subresource, cmp.Or(d.Subresource, "-")}, {m.Event, event},
	} {
		if pair[0] != "" && pair[0] != pair[1] {
			return false
		}
	}
	return m.Name == "" || a.names[i].MatchString(d.Name)
}
