package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/apimachinery/pkg/types"

	"slipway.dev/bench/trainingjob"
)

const manager = "raw"

// create is one object to be created.
type create struct {
	path string
	body func() ([]byte, error)
}

// children creates what an operator would, for each job that is named on the standard input, but
// watches nothing and reports nothing: what is left is the API server's own time.
func children(ctx context.Context, client *Client, options Options) error {
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		return err
	}
	encoder := protobuf.NewSerializer(scheme, scheme)
	// Never full, so that the reader of the standard input is never held up.
	queue := make(chan create, options.Jobs*(options.Nodes+1))
	group, ctx := errgroup.WithContext(ctx)
	for range options.Connections {
		group.Go(func() error {
			for next := range queue {
				body, err := next.body()
				if err != nil {
					return err
				}
				if err := client.Write(ctx, http.MethodPost, next.path, asProtobuf, asProtobuf+metadataOnly, body); err != nil {
					return err
				}
			}
			return nil
		})
	}
	group.Go(func() error {
		defer close(queue)
		return readJobs(ctx, options, encoder, queue)
	})
	return group.Wait()
}

func readJobs(ctx context.Context, options Options, encoder runtime.Encoder, queue chan<- create) error {
	base := fmt.Sprintf("/api/v1/namespaces/%s/", options.Namespace)
	put := func(resource string, object runtime.Object, gvk string) error {
		object.GetObjectKind().SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind(gvk))
		next := create{path: base + resource + "?fieldManager=raw", body: func() ([]byte, error) {
			var body bytes.Buffer
			err := encoder.Encode(object, &body)
			return body.Bytes(), err
		}}
		select {
		case queue <- next:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		job := newJob(options)
		if _, err := fmt.Sscan(lines.Text(), &job.Name, (*string)(&job.UID)); err != nil {
			return fmt.Errorf("input %q is not NAME UID: %w", lines.Text(), err)
		}
		if err := put("services", trainingjob.Service(job, manager), "Service"); err != nil {
			return err
		}
		for i := range int32(options.Nodes) {
			if err := put("pods", trainingjob.Pod(job, i, manager), "Pod"); err != nil {
				return err
			}
		}
	}
	return lines.Err()
}

// newJob is a TrainingJob of the load as far as its children depend on it.
func newJob(options Options) *trainingjob.TrainingJob {
	job := &trainingjob.TrainingJob{}
	job.Namespace, job.UID = options.Namespace, types.UID("")
	job.Spec.Trainer = trainingjob.Trainer{
		Image:    "registry.example/ml/train:1",
		Command:  []string{"python", "train.py"},
		Args:     []string{"--epochs=3"},
		Env:      []corev1.EnvVar{{Name: "DATASET", Value: "/data/train.parquet"}},
		NumNodes: int32(options.Nodes),
		ResourcesPerNode: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{
				corev1.ResourceCPU: resource.MustParse("100m"), corev1.ResourceMemory: resource.MustParse("64Mi"),
			},
			Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("64Mi")},
		},
	}
	return job
}
