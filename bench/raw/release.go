package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// child is what is looked at of a pod or a Service.
type child struct {
	Metadata struct {
		Name            string
		OwnerReferences []struct{ Name string }
	}
	Status struct{ Phase string }
}

// job is the name of the job that the child belongs to.
func (c *child) job() string {
	if len(c.Metadata.OwnerReferences) == 0 {
		return ""
	}
	return c.Metadata.OwnerReferences[0].Name
}

// sight is one event of a watch.
type sight struct {
	at       time.Time
	resource string
	Type     string
	Object   child
}

// holding is what a job still has of the cluster.
type holding struct {
	pods, services map[string]bool // names of those that are not gone
	ended          map[string]bool // pods that were seen to end; a pod changes once more when it is deleted
	lastExit       time.Time       // when its last pod was seen to end
	podsGone       time.Time
	allGone        time.Time
}

// release ends the pods of all jobs, --pace jobs a second, and measures for each job the time from
// the end of its last pod until all of its pods, and all of its pods and Services, are gone. Ends are
// seen by one client over watches, so what a watch takes to arrive cancels out.
func release(ctx context.Context, client *Client, options Options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // of the watches
	jobs := map[string]*holding{}
	group, ctx := errgroup.WithContext(ctx)
	sights := make(chan sight)
	for _, resource := range []string{"pods", "services"} {
		version, err := hold(ctx, client, options, resource, jobs)
		if err != nil {
			return err
		}
		group.Go(func() error { return look(ctx, client, options, resource, version, sights) })
	}
	if len(jobs) != options.Jobs {
		return fmt.Errorf("%d jobs have pods or services and not %d", len(jobs), options.Jobs)
	}
	pods := podsOf(jobs)
	group.Go(func() error { return endPods(ctx, client, options, pods) })

	for left := len(jobs); left > 0; {
		select {
		case seen := <-sights:
			if held := jobs[seen.Object.job()]; held != nil && held.take(&seen) {
				left--
			}
		case <-ctx.Done():
			return fmt.Errorf("%d of %d jobs still have pods or services: %w", left, len(jobs), group.Wait())
		}
	}
	return json.NewEncoder(os.Stdout).Encode(summarizeReleases(jobs))
}

// hold lists a resource, notes which job has what of it, and returns the list's version.
func hold(
	ctx context.Context, client *Client, options Options, resource string, jobs map[string]*holding,
) (string, error) {
	answer, err := client.Do(ctx, http.MethodGet, namespaced(options, resource), asJSON,
		"application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", nil)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	var found struct {
		Metadata struct{ ResourceVersion string }
		Items    []child
	}
	if err := json.NewDecoder(answer.Body).Decode(&found); err != nil {
		return "", err
	}
	for _, item := range found.Items {
		held := jobs[item.job()]
		if held == nil {
			held = newHolding()
			jobs[item.job()] = held
		}
		held.of(resource)[item.Metadata.Name] = true
	}
	return found.Metadata.ResourceVersion, nil
}

func newHolding() *holding {
	return &holding{pods: map[string]bool{}, services: map[string]bool{}, ended: map[string]bool{}}
}

func (h *holding) of(resource string) map[string]bool {
	if resource == "pods" {
		return h.pods
	}
	return h.services
}

// take notes an event; true when by it the last of the job has gone.
func (h *holding) take(seen *sight) bool {
	phase, name := seen.Object.Status.Phase, seen.Object.Metadata.Name
	if seen.resource == "pods" && (phase == "Succeeded" || phase == "Failed") && !h.ended[name] {
		h.ended[name], h.lastExit = true, seen.at
	}
	if seen.Type != "DELETED" || !h.of(seen.resource)[name] {
		return false
	}
	delete(h.of(seen.resource), name)
	if seen.resource == "pods" && len(h.pods) == 0 {
		h.podsGone = seen.at
	}
	if len(h.pods) > 0 || len(h.services) > 0 {
		return false
	}
	h.allGone = seen.at
	return true
}

// look passes on what is seen of a resource until the context ends.
func look(
	ctx context.Context, client *Client, options Options, resource, version string, sights chan<- sight,
) error {
	path := fmt.Sprintf("%s?watch=true&resourceVersion=%s", namespaced(options, resource), version)
	answer, err := client.Do(ctx, http.MethodGet, path, asJSON, asJSON, nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	for events := json.NewDecoder(answer.Body); ; {
		event := sight{resource: resource}
		if err := events.Decode(&event); err != nil {
			return fmt.Errorf("the watch of %s ended: %w", resource, err)
		}
		event.at = time.Now()
		select {
		case sights <- event:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// released is what release prints: seconds from the last exit of a job.
type released struct {
	Jobs     int     `json:"jobs"`
	PodsP50  float64 `json:"pods_p50"`
	PodsP99  float64 `json:"pods_p99"`
	PodsMax  float64 `json:"pods_max"`
	TotalP50 float64 `json:"total_p50"`
	TotalP99 float64 `json:"total_p99"`
	TotalMax float64 `json:"total_max"`
}

func summarizeReleases(jobs map[string]*holding) released {
	var pods, total []float64
	for _, held := range jobs {
		pods = append(pods, held.podsGone.Sub(held.lastExit).Seconds())
		total = append(total, held.allGone.Sub(held.lastExit).Seconds())
	}
	slices.Sort(pods)
	slices.Sort(total)
	at := func(sorted []float64, percent int) float64 { return sorted[(len(sorted)-1)*percent/100] }
	return released{
		Jobs:    len(jobs),
		PodsP50: at(pods, 50), PodsP99: at(pods, 99), PodsMax: at(pods, 100),
		TotalP50: at(total, 50), TotalP99: at(total, 99), TotalMax: at(total, 100),
	}
}
