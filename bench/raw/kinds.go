package main

import (
	"encoding/json"
	"fmt"
)

// kind is one of the kinds of job that the load creates: the same pods, asked for in the words of each
// operator.
type kind struct {
	version  string // apiVersion
	resource string
	spec     func(Options) map[string]any
	ready    func(s *status, nodes int) bool // all pods are Running, and the status says so
	ended    func(*status) bool
}

// status is the part of a job's status that is looked at, of all kinds.
type status struct {
	Phase           string                          // TrainingJob
	Nodes           struct{ Desired, Ready int }    // TrainingJob
	ReplicaStatuses map[string]struct{ Active int } // PyTorchJob; a replica is active while its pod is Running
	Conditions      []struct{ Type, Status string } // both
}

func (s *status) has(condition string) bool {
	for _, one := range s.Conditions {
		if one.Type == condition && one.Status == "True" {
			return true
		}
	}
	return false
}

var kinds = map[string]kind{
	"TrainingJob": {
		version: "slipway.dev/v1alpha1", resource: "trainingjobs",
		spec: trainingJob,
		ready: func(s *status, _ int) bool {
			return s.Nodes.Desired > 0 && s.Nodes.Ready == s.Nodes.Desired
		},
		ended: func(s *status) bool { return s.Phase == "Complete" || s.Phase == "Failed" },
	},
	"PyTorchJob": {
		version: "kubeflow.org/v1", resource: "pytorchjobs",
		spec: pyTorchJob,
		ready: func(s *status, nodes int) bool {
			active := 0
			for _, replicas := range s.ReplicaStatuses {
				active += replicas.Active
			}
			return active == nodes
		},
		ended: func(s *status) bool { return s.has("Succeeded") || s.has("Failed") },
	},
}

// container is what every pod of the load runs; nothing of it is ever pulled.
func container() map[string]any {
	return map[string]any{
		"image": "registry.example/ml/train:1", "command": []string{"python", "train.py"},
		"args": []string{"--epochs=3"},
		"env":  []map[string]string{{"name": "DATASET", "value": "/data/train.parquet"}},
	}
}

func resources() map[string]any {
	return map[string]any{
		"requests": map[string]string{"cpu": "100m", "memory": "64Mi"},
		"limits":   map[string]string{"memory": "64Mi"},
	}
}

func trainingJob(options Options) map[string]any {
	trainer := container()
	trainer["numNodes"], trainer["numProcPerNode"], trainer["resourcesPerNode"] = options.Nodes, 1, resources()
	spec := map[string]any{"framework": "Torch", "trainer": trainer}
	if options.Clean != "" {
		spec["cleanPodPolicy"] = options.Clean
	}
	return spec
}

func pyTorchJob(options Options) map[string]any {
	replicas := func(count int) map[string]any {
		only := container()
		only["name"], only["resources"] = "pytorch", resources()
		return map[string]any{
			"replicas": count, "restartPolicy": "Never",
			"template": map[string]any{"spec": map[string]any{"containers": []any{only}}},
		}
	}
	all := map[string]any{"Master": replicas(1)}
	if options.Nodes > 1 {
		all["Worker"] = replicas(options.Nodes - 1)
	}
	spec := map[string]any{"pytorchReplicaSpecs": all}
	if options.Clean != "" {
		spec["runPolicy"] = map[string]any{"cleanPodPolicy": options.Clean}
	}
	return spec
}

// collection is the path of all jobs of the load.
func collection(options Options) string {
	of := kinds[options.Kind]
	return fmt.Sprintf("/apis/%s/namespaces/%s/%s", of.version, options.Namespace, of.resource)
}

// manifest is the i-th job of the load.
func manifest(options Options, i int) ([]byte, error) {
	of := kinds[options.Kind]
	return json.Marshal(map[string]any{
		"apiVersion": of.version, "kind": options.Kind,
		"metadata": map[string]string{"name": fmt.Sprintf("job-%04d", i), "namespace": options.Namespace},
		"spec":     of.spec(options),
	})
}
