// Package trainingjob holds what the Go contenders have in common: the part of the TrainingJob API
// that they use, and the children that every contender creates for a job.
package trainingjob

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion is the API version of the custom resource.
var GroupVersion = schema.GroupVersion{Group: "slipway.dev", Version: "v1alpha1"}

// Kind is the kind of the custom resource.
const Kind = "TrainingJob"

// TrainingJob is the custom resource. Fields that are not named here are skipped while decoding
// and so take no memory in a cache.
type TrainingJob struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   Spec   `json:"spec,omitzero"`
	Status Status `json:"status,omitzero"`
}

// Spec is what the user wants.
type Spec struct {
	Trainer Trainer `json:"trainer"`
	Suspend bool    `json:"suspend,omitempty"`
}

// Trainer describes the pods.
type Trainer struct {
	Image            string                      `json:"image"`
	Command          []string                    `json:"command,omitempty"`
	Args             []string                    `json:"args,omitempty"`
	Env              []corev1.EnvVar             `json:"env,omitempty"`
	NumNodes         int32                       `json:"numNodes,omitempty"`
	ResourcesPerNode corev1.ResourceRequirements `json:"resourcesPerNode,omitzero"`
}

// Status is what a contender reports.
type Status struct {
	ObservedGeneration int64              `json:"observedGeneration"`
	Phase              string             `json:"phase,omitempty"`
	Conditions         []metav1.Condition `json:"conditions,omitempty"`
	Nodes              *Nodes             `json:"nodes,omitempty"`
	StartTime          *metav1.Time       `json:"startTime,omitempty"`
	CompletionTime     *metav1.Time       `json:"completionTime,omitempty"`
}

// Nodes counts the pods of a job. A pod counts as active from its creation to its end.
type Nodes struct {
	Desired   int32 `json:"desired"`
	Active    int32 `json:"active"`
	Ready     int32 `json:"ready"`
	Succeeded int32 `json:"succeeded"`
	Failed    int32 `json:"failed"`
}

// List is a list of TrainingJobs.
type List struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []TrainingJob `json:"items"`
}

// AddToScheme makes the kind known to a scheme.
func AddToScheme(scheme *runtime.Scheme) {
	scheme.AddKnownTypeWithName(GroupVersion.WithKind(Kind), &TrainingJob{})
	scheme.AddKnownTypeWithName(GroupVersion.WithKind(Kind+"List"), &List{})
	metav1.AddToGroupVersion(scheme, GroupVersion)
}

// DeepCopyObject implements runtime.Object.
func (j *TrainingJob) DeepCopyObject() runtime.Object {
	out := &TrainingJob{TypeMeta: j.TypeMeta, Spec: j.Spec, Status: j.Status.DeepCopy()}
	j.ObjectMeta.DeepCopyInto(&out.ObjectMeta)
	out.Spec.Trainer.Command = append([]string(nil), j.Spec.Trainer.Command...)
	out.Spec.Trainer.Args = append([]string(nil), j.Spec.Trainer.Args...)
	out.Spec.Trainer.Env = make([]corev1.EnvVar, len(j.Spec.Trainer.Env))
	for i := range j.Spec.Trainer.Env {
		j.Spec.Trainer.Env[i].DeepCopyInto(&out.Spec.Trainer.Env[i])
	}
	j.Spec.Trainer.ResourcesPerNode.DeepCopyInto(&out.Spec.Trainer.ResourcesPerNode)
	return out
}

// DeepCopy returns a status that shares nothing with s but immutable times.
func (s Status) DeepCopy() Status {
	s.Conditions = append([]metav1.Condition(nil), s.Conditions...)
	if s.Nodes != nil {
		nodes := *s.Nodes
		s.Nodes = &nodes
	}
	return s
}

// DeepCopyObject implements runtime.Object.
func (l *List) DeepCopyObject() runtime.Object {
	out := &List{TypeMeta: l.TypeMeta, ListMeta: *l.ListMeta.DeepCopy(), Items: make([]TrainingJob, len(l.Items))}
	for i := range l.Items {
		out.Items[i] = *l.Items[i].DeepCopyObject().(*TrainingJob)
	}
	return out
}
