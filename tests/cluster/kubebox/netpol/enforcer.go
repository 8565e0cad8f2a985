package netpol

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	netv1 "k8s.io/api/networking/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

// Changes that come together are compiled together.
const settle = 20 * time.Millisecond

// Main runs the enforcer until it is killed; gives the exit status when it cannot start.
func Main() int {
	flags := flag.NewFlagSet("netpol", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "kubeconfig of a user that may list and watch pods, "+
		"namespaces and network policies")
	_ = flags.Parse(os.Args[1:]) // ends the program on error
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		log.Print(err)
		return 1
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		log.Print(err)
		return 1
	}
	enforce(context.Background(), informers.NewSharedInformerFactory(client, 0))
	return 0
}

func enforce(ctx context.Context, factory informers.SharedInformerFactory) {
	pods := factory.Core().V1().Pods().Informer()
	namespaces := factory.Core().V1().Namespaces().Informer()
	policies := factory.Networking().V1().NetworkPolicies().Informer()
	dirty := watch(pods, namespaces, policies)
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	applied := ""
	for range dirty {
		time.Sleep(settle)
		script := Render(Compile(State{
			Pods:            list[corev1.Pod](pods),
			NamespaceLabels: namespaceLabels(list[corev1.Namespace](namespaces)),
			Policies:        list[netv1.NetworkPolicy](policies),
		}))
		if script == applied {
			continue
		}
		if err := apply(script); err != nil {
			log.Printf("%v; tried again in a second\n%s", err, script)
			time.Sleep(time.Second)
			poke(dirty)
			continue
		}
		applied = script
	}
}

// watch gives a channel that holds a value whenever something has changed since it was read.
func watch(sources ...cache.SharedIndexInformer) chan struct{} {
	dirty := make(chan struct{}, 1)
	poke(dirty) // an empty cluster is a state as well
	for _, source := range sources {
		_, _ = source.AddEventHandler(cache.ResourceEventHandlerFuncs{ // fails only once stopped
			AddFunc:    func(any) { poke(dirty) },
			UpdateFunc: func(any, any) { poke(dirty) },
			DeleteFunc: func(any) { poke(dirty) },
		})
	}
	return dirty
}

func poke(dirty chan struct{}) {
	select {
	case dirty <- struct{}{}:
	default:
	}
}

func list[T any](from cache.SharedIndexInformer) []*T {
	var all []*T
	for _, object := range from.GetStore().List() {
		all = append(all, object.(*T))
	}
	return all
}

func namespaceLabels(namespaces []*corev1.Namespace) map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, namespace := range namespaces {
		all[namespace.Name] = namespace.Labels
	}
	return all
}

func apply(script string) error {
	began := time.Now()
	command := exec.Command("nft", "-f", "-")
	command.Stdin = strings.NewReader(script)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("nft: %w: %s", err, output)
	}
	log.Printf("applied %d bytes in %s", len(script), time.Since(began))
	return nil
}
