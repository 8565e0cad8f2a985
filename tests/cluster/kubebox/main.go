// Command kubebox is one binary that holds the parts of a Kubernetes cluster; its first argument
// picks one, or the name by which it is called (a link named kubectl). One binary instead of nine shares one link step and most of its code: 140 MB instead
// of about 700 MB.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"

	"slipway.dev/tests/cluster/kubebox/netpol"
	"slipway.dev/tests/cluster/kubebox/portal"
)

// parts maps the first argument to what it runs. Each gets os.Args without that argument, as if
// it had been started as a program of its own, and returns the exit status.
var parts = map[string]func() int{
	"etcd":               func() int { etcdmain.Main(os.Args); return 0 },
	"apiserver":          command(apiserver.NewAPIServerCommand),
	"controller-manager": command(controllermanager.NewControllerManagerCommand),
	"scheduler":          command(func() *cobra.Command { return scheduler.NewSchedulerCommand() }),
	"kubelet":            command(func() *cobra.Command { return kubelet.NewKubeletCommand(context.Background()) }),
	"proxy":              command(proxy.NewProxyCommand),
	"kubectl":            command(kubectl.NewDefaultKubectlCommand),
	"netpol":             netpol.Main,
	"portal":             portal.Main,
}

func command(build func() *cobra.Command) func() int {
	return func() int { return cli.Run(build()) }
}

func names() string {
	var all []string
	for name := range parts {
		all = append(all, name)
	}
	slices.Sort(all)
	return strings.Join(all, "|")
}

func main() {
	if run, ok := parts[filepath.Base(os.Args[0])]; ok {
		os.Exit(run())
	}
	if len(os.Args) < 2 {
		fmt.Fprintf(os.Stderr, "usage: kubebox %s ARGS\n", names())
		os.Exit(2)
	}
	run, ok := parts[os.Args[1]]
	if !ok {
		fmt.Fprintf(os.Stderr, "kubebox: %q is no part of it; there are %s\n", os.Args[1], names())
		os.Exit(2)
	}
	os.Args = append([]string{os.Args[1]}, os.Args[2:]...)
	os.Exit(run())
}
