// Command controller-runtime is a reference operator to measure against: it runs TrainingJobs as
// well as one on controller-runtime can be written to. See README.md.
package main

import (
	"flag"
	"log/slog"
	"os"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"slipway.dev/bench/trainingjob"
)

const concurrency = 16

func main() {
	interval := flag.Duration("status-interval", 0,
		"hold back a status that only counts nodes until the last one is this old; 0 writes each")
	protocol := flag.String("protocol", "h2", "h2: one HTTP/2 connection; http/1.1: a pool of connections")
	flag.Parse()
	ctrl.SetLogger(logr.FromSlogHandler(slog.NewJSONHandler(os.Stderr, nil)))
	if err := run(*interval, *protocol); err != nil {
		ctrl.Log.Error(err, "operator ended")
		os.Exit(1)
	}
}

func run(statusInterval time.Duration, protocol string) error {
	cfg, err := ctrl.GetConfig()
	if err != nil {
		return err
	}
	cfg.QPS = -1 // the API server's own priority and fairness is the limit
	cfg.NextProtos = []string{protocol}

	scheme := runtime.NewScheme()
	utilruntime.Must(corev1.AddToScheme(scheme))
	trainingjob.AddToScheme(scheme)
	mgr, err := ctrl.NewManager(cfg, ctrl.Options{
		Scheme:     scheme,
		Cache:      cacheOptions(),
		Client:     client.Options{Cache: &client.CacheOptions{EnableReadYourWritesConsistency: ptr.To(true)}},
		Controller: config.Controller{MaxConcurrentReconciles: concurrency},
		Metrics:    server.Options{BindAddress: "0"},
	})
	if err != nil {
		return err
	}
	reconciler := &Reconciler{client: mgr.GetClient(), live: mgr.GetAPIReader(), statusInterval: statusInterval}
	if err := reconciler.register(mgr); err != nil {
		return err
	}
	return mgr.Start(ctrl.SetupSignalHandler())
}
