package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestWhatIsOfAnotherRun(t *testing.T) {
	for _, test := range []struct {
		resource, name, own string
		wanted              bool
	}{
		{"namespaces", "trial-2", "trial-1", true},
		{"namespaces", "kube-system", "trial-1", true},
		{"isolationpolicies", "trial-2", "trial-1", true},
		{"isolationpolicies", "trial-1", "trial-1", false},
		{"isolationpolicies", "", "trial-1", false}, // A bookmark.
		{"isolationpolicies", "trial-2", "", false},
		{"pods", "x", "trial-1", false},
		{"nodes", "kwok-1", "trial-1", false}, // All runs have them together.
	} {
		var event Event
		event.Object.Metadata.Name = test.name
		if IsOfAnotherRun(test.resource, event, test.own) != test.wanted {
			t.Errorf("%v", test)
		}
	}
}

// The events of others are handed on, and neither counted nor interfered with.
func TestRulesAreForTheRunsOwnObjects(t *testing.T) {
	rules, err := NewRules([]Rule{{Phase: OnEvent, Action: Action{Do: "duplicate"},
		Match: Match{Resource: "isolationpolicies", Nth: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	run := &Run{rules: rules, own: "trial-1"}
	handedOn := httptest.NewRecorder()
	watch := Watch{w: handedOn}
	request := httptest.NewRequest(http.MethodGet, "/apis/slipway.dev/v1alpha1/isolationpolicies?watch=true", nil)
	theirs := []byte(`{"type":"ADDED","object":{"metadata":{"name":"trial-2","resourceVersion":"5"}}}` + "\n")
	ours := []byte(`{"type":"ADDED","object":{"metadata":{"name":"trial-1","resourceVersion":"6"}}}` + "\n")
	for _, line := range [][]byte{theirs, ours} {
		if !run.tell(&watch, request, Describe(request), line) {
			t.Fatalf("the watch ends at %s", line)
		}
	}
	if wanted := bytes.Join([][]byte{theirs, ours, ours}, nil); !bytes.Equal(handedOn.Body.Bytes(), wanted) {
		t.Errorf("handed on: %s", handedOn.Body)
	}
	if events := run.trace.Events; len(events) != 1 || events[0].Name != "trial-1" {
		t.Errorf("counted: %v", events)
	}
}
