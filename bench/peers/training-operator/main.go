// Command training-operator runs the PyTorchJob controller of Kubeflow's Training Operator, as its
// module has it, without the client limits that its own program sets and has no flag for. See
// README.md.
package main

import (
	"flag"
	"os"

	kubeflow "github.com/kubeflow/training-operator/pkg/apis/kubeflow.org/v1"
	"github.com/kubeflow/training-operator/pkg/config"
	"github.com/kubeflow/training-operator/pkg/controller.v1/common"
	"github.com/kubeflow/training-operator/pkg/controller.v1/pytorch"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

func main() {
	threads := flag.Int("controller-threads", 1, "as in the operator's own program")
	flag.Parse()
	ctrl.SetLogger(zap.New(zap.UseDevMode(true))) // as in the operator's own program
	if err := run(*threads); err != nil {
		ctrl.Log.Error(err, "operator ended")
		os.Exit(1)
	}
}

func run(threads int) error {
	cfg, err := ctrl.GetConfig()
	if err != nil {
		return err
	}
	// Defaults of flags of its own program, which reads them from this package.
	config.Config.PyTorchInitContainerImage = config.PyTorchInitContainerImageDefault
	config.Config.PyTorchInitContainerTemplateFile = config.PyTorchInitContainerTemplateFileDefault
	config.Config.PyTorchInitContainerMaxTries = config.PyTorchInitContainerMaxTriesDefault
	cfg.QPS = -1 // its own program leaves controller-runtime's default: 20 a second, 30 in a burst

	types := runtime.NewScheme()
	utilruntime.Must(scheme.AddToScheme(types))
	utilruntime.Must(kubeflow.AddToScheme(types))
	mgr, err := ctrl.NewManager(cfg, ctrl.Options{Scheme: types, Metrics: server.Options{BindAddress: "0"}})
	if err != nil {
		return err
	}
	reconciler := pytorch.NewReconciler(mgr, common.GenNonGangSchedulerSetupFunc())
	if err := reconciler.SetupWithManager(mgr, threads); err != nil {
		return err
	}
	return mgr.Start(ctrl.SetupSignalHandler())
}
