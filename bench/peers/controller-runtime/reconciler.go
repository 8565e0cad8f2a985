package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"slipway.dev/bench/trainingjob"
)

// Reconciler brings the children of one TrainingJob into being and reports on them.
type Reconciler struct {
	client         client.Client // reads from the cache
	live           client.Reader // reads from the server
	statusInterval time.Duration

	// When the status of a job was last written; only kept when statusInterval is set.
	lastWrite sync.Map // types.NamespacedName -> time.Time
}

// Reconcile makes one pass: read, create what is missing, write the status when it differs.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	var job trainingjob.TrainingJob
	if err := r.client.Get(ctx, request.NamespacedName, &job); err != nil {
		r.lastWrite.Delete(request.NamespacedName)
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if job.DeletionTimestamp != nil || job.Spec.Suspend || finished(&job.Status) {
		r.lastWrite.Delete(request.NamespacedName)
		return ctrl.Result{}, nil
	}
	nodes, err := r.ensureChildren(ctx, &job)
	if err != nil {
		return ctrl.Result{}, err
	}
	return r.report(ctx, &job, nextStatus(&job, nodes, metav1.Now()))
}

// ensureChildren creates what is missing, all at once, and returns what is known of each node.
//
// The children's names are known beforehand, so each is one look-up in the cache, and a create
// without a look at the server is safe: it can only fail with AlreadyExists.
func (r *Reconciler) ensureChildren(ctx context.Context, job *trainingjob.TrainingJob) ([]nodeState, error) {
	group, groupCtx := errgroup.WithContext(ctx)
	var service corev1.Service
	if missing, err := r.missing(ctx, job.Namespace, trainingjob.ServiceName(job), &service); err != nil {
		return nil, err
	} else if missing {
		group.Go(func() error { return r.create(groupCtx, job, trainingjob.Service(job, manager)) })
	}
	nodes := make([]nodeState, job.Spec.Trainer.NumNodes)
	for i := range nodes {
		var pod corev1.Pod
		missing, err := r.missing(ctx, job.Namespace, trainingjob.PodName(job, int32(i)), &pod)
		if err != nil {
			return nil, err
		}
		nodes[i] = observe(&pod)
		if missing {
			group.Go(func() error { return r.create(groupCtx, job, trainingjob.Pod(job, int32(i), manager)) })
		}
	}
	return nodes, group.Wait()
}

// missing reads an object from the cache, which has our own writes by then.
func (r *Reconciler) missing(ctx context.Context, namespace, name string, object client.Object) (bool, error) {
	err := r.client.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, object)
	return apierrors.IsNotFound(err), client.IgnoreNotFound(err)
}

// create takes an object that is there already for our own if the job owns it.
func (r *Reconciler) create(ctx context.Context, job *trainingjob.TrainingJob, object client.Object) error {
	err := r.client.Create(ctx, object)
	if !apierrors.IsAlreadyExists(err) {
		return err
	}
	if err := r.live.Get(ctx, client.ObjectKeyFromObject(object), object); err != nil {
		return err
	}
	if !metav1.IsControlledBy(object, job) {
		return fmt.Errorf("%T %s is there already and belongs to somebody else", object, object.GetName())
	}
	return nil
}

// report writes the status when it differs from the recorded one. With an interval, a status in
// which only counts have moved waits until the last one is that old.
func (r *Reconciler) report(
	ctx context.Context, job *trainingjob.TrainingJob, next trainingjob.Status,
) (ctrl.Result, error) {
	if equality.Semantic.DeepEqual(job.Status, next) {
		return ctrl.Result{}, nil
	}
	key := client.ObjectKeyFromObject(job)
	if r.statusInterval > 0 && next.Phase == job.Status.Phase {
		if last, ok := r.lastWrite.Load(key); ok {
			if wait := r.statusInterval - time.Since(last.(time.Time)); wait > 0 {
				return ctrl.Result{RequeueAfter: wait}, nil
			}
		}
	}
	// The server takes nothing but the status from this body, so nothing else is sent.
	update := &trainingjob.TrainingJob{Status: next}
	update.Namespace, update.Name = job.Namespace, job.Name
	update.UID, update.ResourceVersion = job.UID, job.ResourceVersion
	if err := r.client.Status().Update(ctx, update); err != nil {
		return ctrl.Result{}, err
	}
	if r.statusInterval > 0 {
		r.lastWrite.Store(key, time.Now())
	}
	return ctrl.Result{}, nil
}
