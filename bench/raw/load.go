package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"

	"golang.org/x/sync/errgroup"
)

const jobTemplate = `{"apiVersion":"slipway.dev/v1alpha1","kind":"TrainingJob",
"metadata":{"name":"job-%04d","namespace":"%s"},
"spec":{"framework":"Torch","trainer":{
"image":"registry.example/ml/train:1","command":["python","train.py"],"args":["--epochs=3"],
"env":[{"name":"DATASET","value":"/data/train.parquet"}],"numNodes":%d,"numProcPerNode":1,
"resourcesPerNode":{"requests":{"cpu":"100m","memory":"64Mi"},"limits":{"memory":"64Mi"}}}}}`

// load creates the jobs in one burst and prints name and UID of each as soon as it exists.
func load(ctx context.Context, client *Client, options Options) error {
	path := fmt.Sprintf("/apis/slipway.dev/v1alpha1/namespaces/%s/trainingjobs?fieldManager=storm", options.Namespace)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(options.Connections)
	for i := range options.Jobs {
		group.Go(func() error {
			body := fmt.Appendf(nil, jobTemplate, i, options.Namespace, options.Nodes)
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
