package main

import (
	"net/http"
	"strings"
)

// Request is what the Kubernetes API calls an HTTP request.
type Request struct {
	Verb        string `json:"verb"` // get, list, watch, create, update, patch, delete, deletecollection
	Resource    string `json:"resource"`
	Subresource string `json:"subresource,omitempty"`
	Namespace   string `json:"namespace,omitempty"`
	Name        string `json:"name,omitempty"`
}

// Describe reads a request as the API server does:
// /api/v1 or /apis/GROUP/VERSION, then [namespaces/NS/]RESOURCE[/NAME[/SUBRESOURCE]].
func Describe(r *http.Request) Request {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case len(parts) >= 2 && parts[0] == "api":
		parts = parts[2:]
	case len(parts) >= 3 && parts[0] == "apis":
		parts = parts[3:]
	default:
		return Request{Verb: "get"}
	}
	var d Request
	if len(parts) >= 3 && parts[0] == "namespaces" {
		d.Namespace = parts[1]
		parts = parts[2:]
	}
	parts = append(parts, "", "", "")
	d.Resource, d.Name, d.Subresource = parts[0], parts[1], parts[2]
	d.Verb = verb(r, d.Name != "")
	return d
}

func verb(r *http.Request, named bool) string {
	switch r.Method {
	case http.MethodPost:
		return "create"
	case http.MethodPut:
		return "update"
	case http.MethodPatch:
		return "patch"
	case http.MethodDelete:
		if named {
			return "delete"
		}
		return "deletecollection"
	}
	if watch := r.URL.Query().Get("watch"); watch == "true" || watch == "1" {
		return "watch"
	}
	if named {
		return "get"
	}
	return "list"
}

// IsWrite tells whether the request changes what is being tested. Leases and Events are not: the
// one is written by the clock, the other is a courtesy.
func (d Request) IsWrite() bool {
	switch d.Verb {
	case "create", "update", "patch", "delete", "deletecollection":
		return d.Resource != "leases" && d.Resource != "events"
	}
	return false
}
