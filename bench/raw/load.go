package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"

	"golang.org/x/sync/errgroup"
)

// load creates the jobs in one burst and prints name and UID of each as soon as it exists.
func load(ctx context.Context, client *Client, options Options) error {
	path := collection(options) + "?fieldManager=storm"
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(options.Connections)
	for i := range options.Jobs {
		group.Go(func() error {
			body, err := manifest(options, i)
			if err != nil {
				return err
			}
			answer, err := client.Do(ctx, http.MethodPost, path, asJSON, asJSON+metadataOnly, body)
			if err != nil {
				return err
			}
			defer answer.Body.Close()
			var created struct{ Metadata struct{ Name, UID string } }
			if err := json.NewDecoder(answer.Body).Decode(&created); err != nil {
				return err
			}
			_, err = fmt.Fprintf(os.Stdout, "%s %s\n", created.Metadata.Name, created.Metadata.UID)
			return err
		})
	}
	return group.Wait()
}
