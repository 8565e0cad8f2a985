package main

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"slipway.dev/bench/trainingjob"
)

// nodeState is all that this operator wants to know of a pod.
type nodeState int

const (
	active nodeState = iota // created, not ready; also what a pod is right after its creation
	ready
	succeeded
	failed
)

func observe(pod *corev1.Pod) nodeState {
	switch pod.Status.Phase {
	case corev1.PodSucceeded:
		return succeeded
	case corev1.PodFailed:
		return failed
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue {
			return ready
		}
	}
	return active
}

func count(states []nodeState) *trainingjob.Nodes {
	nodes := &trainingjob.Nodes{Desired: int32(len(states))}
	for _, state := range states {
		switch state {
		case active:
			nodes.Active++
		case ready:
			nodes.Active++
			nodes.Ready++
		case succeeded:
			nodes.Succeeded++
		case failed:
			nodes.Failed++
		}
	}
	return nodes
}

func finished(status *trainingjob.Status) bool {
	return status.Phase == "Complete" || status.Phase == "Failed"
}

func phase(nodes *trainingjob.Nodes) string {
	switch {
	case nodes.Failed > 0:
		return "Failed"
	case nodes.Succeeded == nodes.Desired:
		return "Complete"
	case nodes.Ready+nodes.Succeeded == nodes.Desired:
		return "Running"
	default:
		return "Starting"
	}
}

// nextStatus is what the recorded status should be, given the nodes.
func nextStatus(job *trainingjob.TrainingJob, states []nodeState, now metav1.Time) trainingjob.Status {
	now = now.Rfc3339Copy()
	next := job.Status.DeepCopy()
	next.ObservedGeneration = job.Generation
	next.Nodes = count(states)
	next.Phase = phase(next.Nodes)
	if next.StartTime == nil {
		next.StartTime = &now
	}
	if finished(&next) && next.CompletionTime == nil {
		next.CompletionTime = &now
	}
	setConditions(&next, now)
	return next
}

func setConditions(status *trainingjob.Status, now metav1.Time) {
	nodes := status.Nodes
	message := fmt.Sprintf("%d of %d nodes are ready, %d succeeded, %d failed",
		nodes.Ready, nodes.Desired, nodes.Succeeded, nodes.Failed)
	set := func(name string, value bool) {
		condition := metav1.Condition{
			Type: name, Status: metav1.ConditionFalse, Reason: status.Phase, Message: message,
			ObservedGeneration: status.ObservedGeneration, LastTransitionTime: now,
		}
		if value {
			condition.Status = metav1.ConditionTrue
		}
		meta.SetStatusCondition(&status.Conditions, condition)
	}
	set("Ready", status.Phase == "Complete")
	set("Running", status.Phase == "Running")
	if !finished(status) {
		set("Reconciling", true)
		return
	}
	meta.RemoveStatusCondition(&status.Conditions, "Reconciling")
	set(status.Phase, true)
}
