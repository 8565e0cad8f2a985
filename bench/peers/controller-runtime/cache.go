package main

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"slipway.dev/bench/trainingjob"
)

// manager is the value of the label that this operator puts on its children.
const manager = "controller-runtime-peer"

// cacheOptions lets only our own children into memory, and of them only what is read again.
func cacheOptions() cache.Options {
	own := labels.SelectorFromSet(labels.Set{trainingjob.ManagedBy: manager})
	return cache.Options{
		// Nothing read from the cache is ever changed here.
		DefaultUnsafeDisableDeepCopy: ptr.To(true),
		DefaultTransform:             cache.TransformStripManagedFields(),
		ByObject: map[client.Object]cache.ByObject{
			&corev1.Pod{}:     {Label: own, Transform: slimPod},
			&corev1.Service{}: {Label: own, Transform: slimService},
		},
	}
}

func slimPod(object any) (any, error) {
	pod, ok := object.(*corev1.Pod)
	if !ok {
		return object, nil
	}
	status := corev1.PodStatus{Phase: pod.Status.Phase}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: condition.Status}}
		}
	}
	return &corev1.Pod{ObjectMeta: slimMeta(&pod.ObjectMeta), Status: status}, nil
}

func slimService(object any) (any, error) {
	service, ok := object.(*corev1.Service)
	if !ok {
		return object, nil
	}
	return &corev1.Service{ObjectMeta: slimMeta(&service.ObjectMeta)}, nil
}

func slimMeta(meta *metav1.ObjectMeta) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name:              meta.Name,
		Namespace:         meta.Namespace,
		UID:               meta.UID,
		ResourceVersion:   meta.ResourceVersion,
		DeletionTimestamp: meta.DeletionTimestamp,
		OwnerReferences:   meta.OwnerReferences,
	}
}

// register tells the manager which events lead to a reconcile: only those that can change its
// result. Our own writes come back as events too, and those are the greater part.
func (r *Reconciler) register(mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("trainingjob").
		For(&trainingjob.TrainingJob{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Owns(&corev1.Pod{}, builder.WithPredicates(predicate.Funcs{
			CreateFunc: func(e event.CreateEvent) bool { return observe(e.Object.(*corev1.Pod)) != active },
			UpdateFunc: func(e event.UpdateEvent) bool {
				return observe(e.ObjectOld.(*corev1.Pod)) != observe(e.ObjectNew.(*corev1.Pod))
			},
		})).
		Owns(&corev1.Service{}, builder.WithPredicates(predicate.Funcs{
			CreateFunc: func(event.CreateEvent) bool { return false },
			UpdateFunc: func(event.UpdateEvent) bool { return false },
		})).
		Complete(r)
}
