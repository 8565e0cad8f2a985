package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"
)

// Event is one line of a watch, as far as it is looked at.
type Event struct {
	Type   string `json:"type"`
	Object struct {
		Kind     string `json:"kind"`
		Metadata struct {
			Namespace       string `json:"namespace"`
			Name            string `json:"name"`
			UID             string `json:"uid"`
			ResourceVersion string `json:"resourceVersion"`
		} `json:"metadata"`
	} `json:"object"`
}

// History is everything that a run was shown of its collections, in order: what a server that
// lags would still answer. Safe for concurrent use.
type History struct {
	mutex sync.Mutex
	// Told counts the events of all watches.
	told    int
	entries []entry
}

type entry struct {
	collection string // the list's path
	at         int    // how many events had been told before
	key        string
	object     json.RawMessage // nil: deleted
	version    string
	header     listHeader // of the list that it came from
}

type listHeader struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
}

// Listed takes in the answer to a list.
func (h *History) Listed(collection string, body []byte) {
	var list struct {
		listHeader
		Metadata struct {
			ResourceVersion string `json:"resourceVersion"`
		} `json:"metadata"`
		Items []json.RawMessage `json:"items"`
	}
	if json.Unmarshal(body, &list) != nil {
		return
	}
	h.mutex.Lock()
	defer h.mutex.Unlock()
	// The list itself, so that an empty one is known as well.
	h.entries = append(h.entries, entry{collection: collection, at: h.told,
		version: list.Metadata.ResourceVersion, header: list.listHeader})
	for _, item := range list.Items {
		var event Event
		if json.Unmarshal(item, &event.Object) == nil {
			h.entries = append(h.entries, entry{collection: collection, at: h.told,
				key: key(event), object: item, version: list.Metadata.ResourceVersion})
		}
	}
}

// Watched takes in an event and returns its number, from 1.
func (h *History) Watched(collection string, event Event, line []byte) int {
	return h.take(collection, event, line, 1)
}

// Overheard takes in an event of another run's object: a list has it, but it is not counted.
func (h *History) Overheard(collection string, event Event, line []byte) {
	h.take(collection, event, line, 0)
}

func (h *History) take(collection string, event Event, line []byte, counts int) int {
	var whole struct {
		Object json.RawMessage `json:"object"`
	}
	_ = json.Unmarshal(line, &whole)
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.told += counts
	one := entry{collection: collection, at: h.told, key: key(event),
		object: whole.Object, version: event.Object.Metadata.ResourceVersion}
	switch event.Type {
	case "DELETED":
		one.object = nil
	case "ADDED", "MODIFIED":
	default:
		return h.told
	}
	h.entries = append(h.entries, one)
	return h.told
}

// AsOf answers a list as it was when so many events had been told; false when it was never asked
// for by then.
func (h *History) AsOf(collection string, seen int) ([]byte, bool) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	var order []string
	objects := map[string]json.RawMessage{}
	var header *listHeader
	version := ""
	for _, one := range h.entries {
		if one.collection != collection || one.at > seen {
			continue
		}
		version = one.version
		if one.key == "" {
			// A new list: what it does not name is gone.
			header, order, objects = &one.header, nil, map[string]json.RawMessage{}
			continue
		}
		if _, known := objects[one.key]; !known {
			order = append(order, one.key)
		}
		objects[one.key] = one.object
	}
	if header == nil {
		return nil, false
	}
	var items [][]byte
	for _, name := range order {
		if objects[name] != nil {
			items = append(items, objects[name])
		}
	}
	return fmt.Appendf(nil, `{"apiVersion":%q,"kind":%q,"metadata":{"resourceVersion":%q},"items":[%s]}`,
		header.APIVersion, header.Kind, version, bytes.Join(items, []byte(","))), true
}

func key(event Event) string {
	return event.Object.Metadata.Namespace + "/" + event.Object.Metadata.Name
}
