package main

import (
	"strings"
	"testing"
	"time"
)

func TestRulesThatCannotAct(t *testing.T) {
	for name, test := range map[string]struct {
		rule Rule
		says string
	}{
		"phase":       {Rule{Phase: "later", Action: Action{Do: "drop"}}, `phase "later"`},
		"action":      {Rule{Phase: OnEvent, Action: Action{Do: "rival"}}, `action "rival" in phase event`},
		"name":        {Rule{Phase: OnEvent, Action: Action{Do: "lose"}, Match: Match{Name: "("}}, "match.name"},
		"signal":      {Rule{Phase: OnEvent, Action: Action{Do: "signal", Signal: "HUP"}}, `signal "HUP"`},
		"after":       {Rule{Phase: OnEvent, Action: Action{Do: "lose"}, Match: Match{After: 1}}, "match.after is 1"},
		"rotation":    {Rule{Phase: OnEvent, Action: Action{Do: "rotate", What: "keys"}}, `what: "keys"`},
		"no rotation": {Rule{Phase: OnEvent, Action: Action{Do: "rotate"}}, `what: ""`},
	} {
		if _, err := NewRules([]Rule{test.rule}); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, wanted %q", name, err, test.says)
		}
	}
}

func TestTheNthAndThoseThatFollow(t *testing.T) {
	rules, err := NewRules([]Rule{{Phase: BeforeForward, Action: Action{Do: "drop"},
		Match: Match{Verb: "create", Resource: "pods", Nth: 2, Times: 2}}})
	if err != nil {
		t.Fatal(err)
	}
	pod := Request{Verb: "create", Resource: "pods"}
	var acted []int
	for n := 1; n <= 5; n++ {
		rules.Next(BeforeForward, Request{Verb: "create", Resource: "services"}, "")
		rules.Next(AfterCommit, pod, "")
		if len(rules.Next(BeforeForward, pod, "")) > 0 {
			acted = append(acted, n)
		}
	}
	if len(acted) != 2 || acted[0] != 2 || acted[1] != 3 || rules.Fired[0] != 2 {
		t.Errorf("acted on %v, %d times by its own count", acted, rules.Fired[0])
	}
}

func TestNothingCountsBeforeTheRuleThatItFollows(t *testing.T) {
	rules, err := NewRules([]Rule{
		{Phase: BeforeForward, Action: Action{Do: "drop"}, Match: Match{Verb: "delete", Nth: 1}},
		{Phase: BeforeForward, Action: Action{Do: "drop"}, Match: Match{Verb: "list", Nth: 1, After: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	list := Request{Verb: "list"}
	if len(rules.Next(BeforeForward, list, "")) != 0 {
		t.Error("acts before")
	}
	rules.Next(BeforeForward, Request{Verb: "delete"}, "")
	if len(rules.Next(BeforeForward, list, "")) != 1 || len(rules.Next(BeforeForward, list, "")) != 0 {
		t.Error("does not act on the first one after")
	}
}

func TestForAWhile(t *testing.T) {
	rules, _ := NewRules([]Rule{{Phase: BeforeForward, Action: Action{Do: "drop"}, Match: Match{Nth: 2, Within: 30}}})
	asked := func() int { return len(rules.Next(BeforeForward, Request{Verb: "get"}, "")) }
	if asked() != 0 || asked() != 1 || asked() != 1 {
		t.Error("does not act from the second on")
	}
	time.Sleep(40 * time.Millisecond)
	if asked() != 0 {
		t.Error("does not end")
	}
}

func TestWritesAreWhatChangesTheWorkload(t *testing.T) {
	rules, _ := NewRules([]Rule{{Phase: BeforeForward, Action: Action{Do: "drop"}, Match: Match{Write: true}}})
	for _, silent := range []Request{{Verb: "list", Resource: "pods"}, {Verb: "update", Resource: "leases"},
		{Verb: "create", Resource: "events"}} {
		if len(rules.Next(BeforeForward, silent, "")) > 0 {
			t.Errorf("%v is taken for a write", silent)
		}
	}
	if len(rules.Next(BeforeForward, Request{Verb: "update", Resource: "trainingjobs", Subresource: "status"}, "")) != 1 {
		t.Error("a status is not taken for a write")
	}
}

func TestNoSubresourceIsNotAnySubresource(t *testing.T) {
	rules, _ := NewRules([]Rule{{Phase: BeforeForward, Action: Action{Do: "drop"}, Match: Match{Subresource: "-"}}})
	if len(rules.Next(BeforeForward, Request{Verb: "update", Subresource: "status"}, "")) != 0 {
		t.Error("acted on a subresource")
	}
	if len(rules.Next(BeforeForward, Request{Verb: "update"}, "")) != 1 {
		t.Error("did not act on the object itself")
	}
}
