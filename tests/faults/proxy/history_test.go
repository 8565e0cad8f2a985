package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

const pods = "/api/v1/pods"

func tell(t *testing.T, history *History, change, name, version string) {
	t.Helper()
	line := fmt.Appendf(nil, `{"type":%q,"object":{"metadata":{"name":%q,"resourceVersion":%q}}}`, change, name, version)
	var event Event
	if err := json.Unmarshal(line, &event); err != nil {
		t.Fatal(err)
	}
	history.Watched(pods, event, line)
}

func TestAListAsItWas(t *testing.T) {
	var history History
	history.Listed(pods, []byte(`{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"5"},
		"items":[{"metadata":{"name":"a"}}]}`))
	tell(t, &history, "ADDED", "b", "6")
	tell(t, &history, "DELETED", "a", "7")
	tell(t, &history, "BOOKMARK", "", "8")
	tell(t, &history, "MODIFIED", "b", "9")
	for seen, wanted := range map[int]struct {
		names   string
		version string
	}{0: {"a", "5"}, 1: {"a b", "6"}, 2: {"b", "7"}, 3: {"b", "7"}, 4: {"b", "9"}} {
		answer, known := history.AsOf(pods, seen)
		var list struct {
			Kind     string
			Metadata struct{ ResourceVersion string }
			Items    []struct{ Metadata struct{ Name string } }
		}
		if err := json.Unmarshal(answer, &list); err != nil || !known {
			t.Fatalf("after %d events: %v, known: %v", seen, err, known)
		}
		names := ""
		for i, item := range list.Items {
			if i > 0 {
				names += " "
			}
			names += item.Metadata.Name
		}
		if names != wanted.names || list.Metadata.ResourceVersion != wanted.version || list.Kind != "PodList" {
			t.Errorf("after %d events: %s at %s, wanted %v", seen, names, list.Metadata.ResourceVersion, wanted)
		}
	}
	if _, known := history.AsOf("/api/v1/services", 4); known {
		t.Error("a list that was never asked for is known")
	}
}

func TestANewListForgetsWhatItDoesNotName(t *testing.T) {
	var history History
	history.Listed(pods, []byte(`{"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"a"}}]}`))
	history.Listed(pods, []byte(`{"metadata":{"resourceVersion":"2"},"items":[]}`))
	if answer, _ := history.AsOf(pods, 0); string(answer) != `{"apiVersion":"","kind":"","metadata":{"resourceVersion":"2"},"items":[]}` {
		t.Errorf("got %s", answer)
	}
}

func TestWhatAnotherRunDoesIsKnownButNotCounted(t *testing.T) {
	const namespaces = "/api/v1/namespaces"
	var history History
	history.Listed(namespaces, []byte(`{"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"trial-1"}}]}`))
	line := []byte(`{"type":"ADDED","object":{"metadata":{"name":"trial-2","resourceVersion":"2"}}}`)
	var event Event
	if err := json.Unmarshal(line, &event); err != nil {
		t.Fatal(err)
	}
	history.Overheard(namespaces, event, line)
	if answer, _ := history.AsOf(namespaces, 0); !strings.Contains(string(answer), "trial-2") {
		t.Errorf("it is not known: %s", answer)
	}
	if number := history.Watched(namespaces, event, line); number != 1 {
		t.Errorf("the first event that counts is number %d", number)
	}
}
