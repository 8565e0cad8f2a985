package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// observed is the part of a watch event that is looked at.
type observed struct {
	Type   string
	Object struct {
		Metadata struct{ Name string }
		Status   struct {
			Phase string
			Nodes struct{ Desired, Ready int }
		}
	}
}

func (o *observed) reached(until string) bool {
	status := &o.Object.Status
	if until == "finished" {
		return status.Phase == "Complete" || status.Phase == "Failed"
	}
	return status.Nodes.Desired > 0 && status.Nodes.Ready == status.Nodes.Desired
}

// report is what observe prints: Unix times in seconds, durations in seconds.
type report struct {
	Jobs       int     `json:"jobs"`
	First      float64 `json:"first_seen"`
	Last       float64 `json:"last_reached"`
	P50        float64 `json:"p50"`
	P95        float64 `json:"p95"`
	Longest    float64 `json:"max"`
	Reconnects int     `json:"reconnects"`
}

// sightings is what has been seen of the jobs so far.
type sightings struct {
	wanted   int
	until    string
	appeared map[string]time.Time
	took     map[string]time.Duration
	last     time.Time
}

// observe watches the jobs as a user would and measures, for each, the time from its appearance
// until its status shows what is waited for. It prints a line as soon as it watches.
func observe(ctx context.Context, client *Client, options Options) error {
	path := fmt.Sprintf("/apis/slipway.dev/v1alpha1/namespaces/%s/trainingjobs?watch=true", options.Namespace)
	seen := &sightings{
		wanted: options.Jobs, until: options.Until,
		appeared: map[string]time.Time{}, took: map[string]time.Duration{},
	}
	reconnects := -1
	for !seen.complete() {
		// A watch without a resourceVersion begins with every object as it is, so nothing is lost
		// when the server has ended the one before, as an overloaded one does.
		answer, err := client.Do(ctx, http.MethodGet, path, asJSON, asJSON, nil)
		if err != nil {
			return err
		}
		if reconnects++; reconnects == 0 {
			fmt.Println("watching")
		}
		err = seen.follow(answer.Body)
		answer.Body.Close()
		if ctx.Err() != nil {
			return fmt.Errorf("%d of %d jobs are %s: %w", len(seen.took), options.Jobs, options.Until, err)
		}
	}
	return json.NewEncoder(os.Stdout).Encode(seen.summarize(reconnects))
}

func (s *sightings) complete() bool { return len(s.took) == s.wanted }

// follow reads events until all jobs have been seen as wanted or the stream ends.
func (s *sightings) follow(stream io.Reader) error {
	for events := json.NewDecoder(stream); !s.complete(); {
		var event observed
		if err := events.Decode(&event); err != nil {
			return err
		}
		now, name := time.Now(), event.Object.Metadata.Name
		if _, known := s.appeared[name]; !known {
			s.appeared[name] = now
		}
		if _, known := s.took[name]; !known && event.reached(s.until) {
			s.took[name], s.last = now.Sub(s.appeared[name]), now
		}
	}
	return nil
}

func (s *sightings) summarize(reconnects int) report {
	first := s.last
	for _, at := range s.appeared {
		if at.Before(first) {
			first = at
		}
	}
	sorted := slices.Sorted(maps.Values(s.took))
	seconds := func(at time.Time) float64 { return float64(at.UnixMicro()) / 1e6 }
	return report{
		Jobs:       len(sorted),
		First:      seconds(first),
		Last:       seconds(s.last),
		P50:        sorted[len(sorted)/2].Seconds(),
		P95:        sorted[len(sorted)*95/100].Seconds(),
		Longest:    sorted[len(sorted)-1].Seconds(),
		Reconnects: reconnects,
	}
}

// finish tells kwok to let every pod of the namespace succeed.
func finish(ctx context.Context, client *Client, options Options) error {
	path := fmt.Sprintf("/api/v1/namespaces/%s/pods", options.Namespace)
	answer, err := client.Do(ctx, http.MethodGet, path, asJSON,
		"application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	var pods struct {
		Items []struct{ Metadata struct{ Name string } }
	}
	if err := json.NewDecoder(answer.Body).Decode(&pods); err != nil {
		return err
	}
	patch := []byte(`{"metadata":{"annotations":{"kwok.slipway.dev/complete-after":"0s"}}}`)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(options.Connections)
	for _, pod := range pods.Items {
		group.Go(func() error {
			return client.Write(ctx, http.MethodPatch, path+"/"+pod.Metadata.Name,
				"application/merge-patch+json", asJSON+metadataOnly, patch)
		})
	}
	return group.Wait()
}
