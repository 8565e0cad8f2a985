package main

import (
	"testing"
	"time"
)

// event is one event of a watch, some seconds after the epoch.
func event(second int64, resource, kind, name, phase string) *sight {
	seen := &sight{at: time.Unix(second, 0), resource: resource, Type: kind}
	seen.Object.Metadata.Name, seen.Object.Status.Phase = name, phase
	return seen
}

func TestAJobIsReleasedOnceItsLastPodAndServiceAreGone(t *testing.T) {
	held := newHolding()
	held.pods["a"], held.pods["b"], held.services["s"] = true, true, true
	for _, seen := range []*sight{
		event(1, "pods", "MODIFIED", "a", "Succeeded"),
		event(2, "pods", "MODIFIED", "b", "Running"),
		event(3, "pods", "DELETED", "a", "Succeeded"),
		event(4, "pods", "MODIFIED", "b", "Succeeded"),
		event(5, "pods", "MODIFIED", "b", "Succeeded"), // it is being deleted
		event(6, "pods", "DELETED", "b", "Succeeded"),
		event(7, "services", "DELETED", "other", ""),
	} {
		if held.take(seen) {
			t.Fatalf("released by %+v", seen)
		}
	}
	if !held.take(event(9, "services", "DELETED", "s", "")) {
		t.Fatal("not released by the last deletion")
	}
	seen := summarizeReleases(map[string]*holding{"job": held})
	if want := (released{1, 2, 2, 2, 5, 5, 5}); seen != want {
		t.Errorf("%+v, want %+v", seen, want)
	}
}

func TestEachKindSaysInItsOwnWordsThatAllPodsRunAndThatItHasEnded(t *testing.T) {
	running := status{Nodes: struct{ Desired, Ready int }{4, 4}, ReplicaStatuses: map[string]struct{ Active int }{
		"Master": {1}, "Worker": {3},
	}}
	partly := status{Nodes: struct{ Desired, Ready int }{4, 3}, ReplicaStatuses: map[string]struct{ Active int }{
		"Master": {1}, "Worker": {2},
	}}
	ended := status{Phase: "Failed", Conditions: []struct{ Type, Status string }{
		{"Running", "False"}, {"Failed", "True"},
	}}
	for name, of := range kinds {
		if !of.ready(&running, 4) || of.ready(&partly, 4) || of.ready(&status{}, 4) {
			t.Errorf("%s: ready", name)
		}
		if !of.ended(&ended) || of.ended(&running) {
			t.Errorf("%s: ended", name)
		}
	}
}
