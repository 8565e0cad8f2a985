package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// namespaced is the path of a built-in resource in the namespace of the jobs.
func namespaced(options Options, resource string) string {
	return fmt.Sprintf("/api/v1/namespaces/%s/%s", options.Namespace, resource)
}

// finish lets every pod of the namespace succeed.
func finish(ctx context.Context, client *Client, options Options) error {
	jobs := map[string]*holding{}
	if _, err := hold(ctx, client, options, "pods", jobs); err != nil {
		return err
	}
	return endPods(ctx, client, options, podsOf(jobs))
}

// podsOf names the pods of each job.
func podsOf(jobs map[string]*holding) [][]string {
	pods := make([][]string, 0, len(jobs))
	for _, held := range jobs {
		pods = append(pods, slices.Collect(maps.Keys(held.pods)))
	}
	return pods
}

// endPods tells kwok to let all pods succeed, those of --pace jobs a second.
func endPods(ctx context.Context, client *Client, options Options, jobs [][]string) error {
	patch := []byte(`{"metadata":{"annotations":{"kwok.slipway.dev/complete-after":"0s"}}}`)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(options.Connections)
	for _, pods := range jobs {
		for _, pod := range pods {
			group.Go(func() error {
				return client.Write(ctx, http.MethodPatch, namespaced(options, "pods")+"/"+pod,
					"application/merge-patch+json", asJSON+metadataOnly, patch)
			})
		}
		if options.Pace > 0 {
			select {
			case <-time.After(time.Duration(float64(time.Second) / options.Pace)):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return group.Wait()
}
