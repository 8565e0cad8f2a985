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
)

// observed is the part of a watch event that is looked at.
type observed struct {
	Type   string
	Object struct {
		Metadata struct{ Name string }
		Status   status
	}
}

func (o *observed) reached(options Options) bool {
	of := kinds[options.Kind]
	if options.Until == "finished" {
		return of.ended(&o.Object.Status)
	}
	return of.ready(&o.Object.Status, options.Nodes)
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
	options  Options
	appeared map[string]time.Time
	took     map[string]time.Duration
	last     time.Time
}

// observe watches the jobs as a user would and measures, for each, the time from its appearance
// until its status shows what is waited for. It prints a line as soon as it watches.
func observe(ctx context.Context, client *Client, options Options) error {
	path := collection(options) + "?watch=true"
	seen := &sightings{
		options: options, appeared: map[string]time.Time{}, took: map[string]time.Duration{},
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

func (s *sightings) complete() bool { return len(s.took) == s.options.Jobs }

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
		if _, known := s.took[name]; !known && event.reached(s.options) {
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
