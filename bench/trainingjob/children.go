package trainingjob

import (
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// ManagedBy is the label by which an operator selects its own children.
const ManagedBy = "app.kubernetes.io/managed-by"

const rendezvousPort = 29400

// ServiceName is the name of a job's headless Service: the same for every pass, new for a job that
// is created again under the same name.
func ServiceName(job *TrainingJob) string {
	return fmt.Sprintf("%s-rendezvous-%.8s", job.Name, job.UID)
}

// PodName is the name of one node's pod.
func PodName(job *TrainingJob, index int32) string {
	return fmt.Sprintf("%s-node-%d-%.8s", job.Name, index, job.UID)
}

// Service is the headless Service that gives each node of a job a DNS name, also before it is
// ready.
func Service(job *TrainingJob, manager string) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: childMeta(job, ServiceName(job), manager, "rendezvous"),
		Spec: corev1.ServiceSpec{
			ClusterIP:                corev1.ClusterIPNone,
			PublishNotReadyAddresses: true,
			Selector:                 map[string]string{"slipway.dev/owner-uid": string(job.UID)},
			Ports:                    []corev1.ServicePort{{Name: "rendezvous", Port: rendezvousPort}},
		},
	}
}

// Pod is one node of a job: restricted, and told how to find the others.
func Pod(job *TrainingJob, index int32, manager string) *corev1.Pod {
	meta := childMeta(job, PodName(job, index), manager, "node")
	meta.Labels["slipway.dev/node-index"] = strconv.Itoa(int(index))
	meta.Labels["slipway.dev/attempt"] = "0"
	trainer := &job.Spec.Trainer
	return &corev1.Pod{
		ObjectMeta: meta,
		Spec: corev1.PodSpec{
			RestartPolicy:                corev1.RestartPolicyNever,
			AutomountServiceAccountToken: ptr.To(false),
			EnableServiceLinks:           ptr.To(false),
			Hostname:                     fmt.Sprintf("node-%d", index),
			Subdomain:                    ServiceName(job),
			SecurityContext: &corev1.PodSecurityContext{
				RunAsNonRoot:   ptr.To(true),
				SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
			Containers: []corev1.Container{{
				Name:      "trainer",
				Image:     trainer.Image,
				Command:   trainer.Command,
				Args:      trainer.Args,
				Env:       append(rendezvous(job, index), trainer.Env...),
				Resources: trainer.ResourcesPerNode,
				Ports:     []corev1.ContainerPort{{Name: "rendezvous", ContainerPort: rendezvousPort}},
				SecurityContext: &corev1.SecurityContext{
					AllowPrivilegeEscalation: ptr.To(false),
					Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
				},
			}},
		},
	}
}

func childMeta(job *TrainingJob, name, manager, role string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name:      name,
		Namespace: job.Namespace,
		Labels: map[string]string{
			"app.kubernetes.io/name":      "training-job",
			"app.kubernetes.io/instance":  job.Name,
			"app.kubernetes.io/component": role,
			"app.kubernetes.io/part-of":   "slipway",
			ManagedBy:                     manager,
			"slipway.dev/role":            role,
			"slipway.dev/owner-uid":       string(job.UID),
			"slipway.dev/owner-kind":      Kind,
		},
		Annotations: map[string]string{"slipway.dev/owner": job.Namespace + "/" + job.Name},
		OwnerReferences: []metav1.OwnerReference{{
			APIVersion:         GroupVersion.String(),
			Kind:               Kind,
			Name:               job.Name,
			UID:                job.UID,
			Controller:         ptr.To(true),
			BlockOwnerDeletion: ptr.To(true),
		}},
	}
}

// rendezvous is what torchrun and the operator's own contract expect in the environment.
func rendezvous(job *TrainingJob, index int32) []corev1.EnvVar {
	nodes := job.Spec.Trainer.NumNodes
	addresses := make([]string, nodes)
	for i := range addresses {
		addresses[i] = fmt.Sprintf("node-%d.%s.%s.svc", i, ServiceName(job), job.Namespace)
	}
	count, rank, port := strconv.Itoa(int(nodes)), strconv.Itoa(int(index)), strconv.Itoa(rendezvousPort)
	return []corev1.EnvVar{
		{Name: "SLIPWAY_NODE_RANK", Value: rank},
		{Name: "SLIPWAY_NUM_NODES", Value: count},
		{Name: "SLIPWAY_NODE_ADDRESSES", Value: strings.Join(addresses, ",")},
		{Name: "SLIPWAY_RANK0_ADDRESS", Value: addresses[0]},
		{Name: "SLIPWAY_PORT", Value: port},
		{Name: "MASTER_ADDR", Value: addresses[0]},
		{Name: "MASTER_PORT", Value: port},
		{Name: "WORLD_SIZE", Value: count},
		{Name: "RANK", Value: rank},
		{Name: "LOCAL_WORLD_SIZE", Value: "1"},
		{Name: "PET_NNODES", Value: count},
		{Name: "PET_NPROC_PER_NODE", Value: "1"},
		{Name: "PET_NODE_RANK", Value: rank},
		{Name: "PET_MASTER_ADDR", Value: addresses[0]},
		{Name: "PET_MASTER_PORT", Value: port},
	}
}
