package netpol

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	netv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

const (
	web     = "10.244.0.1" // shop/web, serves http on 8080
	db      = "10.244.0.2" // shop/db, serves sql on 5432/TCP and 5432/UDP
	monitor = "10.244.0.3" // ops/monitor
	opsWeb  = "10.244.0.4" // ops/web, serves http on 9090
	outside = "192.0.2.10"
)

// world is what every test case starts from, without any policy.
func world() State {
	return State{
		NamespaceLabels: map[string]map[string]string{
			"shop": {"kubernetes.io/metadata.name": "shop", "team": "sales"},
			"ops":  {"kubernetes.io/metadata.name": "ops", "team": "ops"},
		},
		Pods: []*corev1.Pod{
			pod("shop/web", web, "app=web tier=front", port("http", "TCP", 8080)),
			pod("shop/db", db, "app=db tier=back", port("sql", "TCP", 5432), port("stats", "UDP", 5432)),
			pod("ops/monitor", monitor, "app=monitor"),
			pod("ops/web", opsWeb, "app=web", port("http", "TCP", 9090)),
		},
	}
}

func pod(name, ip, labels string, ports ...corev1.ContainerPort) *corev1.Pod {
	namespace, short, _ := strings.Cut(name, "/")
	set := map[string]string{}
	for _, label := range strings.Fields(labels) {
		key, value, _ := strings.Cut(label, "=")
		set[key] = value
	}
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: short, Labels: set,
			CreationTimestamp: metav1.NewTime(time.Unix(1000, 0))},
		Spec:   corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Ports: ports}}},
		Status: corev1.PodStatus{PodIP: ip, Phase: corev1.PodRunning},
	}
}

func port(name string, protocol corev1.Protocol, number int32) corev1.ContainerPort {
	return corev1.ContainerPort{Name: name, Protocol: protocol, ContainerPort: number}
}

// policy reads a policy "namespace/name" from the YAML of its spec.
func policy(t *testing.T, name, spec string) *netv1.NetworkPolicy {
	t.Helper()
	namespace, short, _ := strings.Cut(name, "/")
	one := &netv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: short}}
	if err := yaml.UnmarshalStrict([]byte(strings.ReplaceAll(spec, "\t", "")), &one.Spec); err != nil {
		t.Fatalf("policy %s: %v", name, err)
	}
	return one
}

// passes tells whether a new connection gets through: out of its source and into its destination.
func passes(all []Isolation, from, to string, protocol corev1.Protocol, number int32) bool {
	source, target := netip.MustParseAddr(from), netip.MustParseAddr(to)
	for _, one := range all {
		if one.Address == source && !allows(one.Egress, target, protocol, number) ||
			one.Address == target && !allows(one.Ingress, source, protocol, number) {
			return false
		}
	}
	return true
}

func allows(direction *Direction, peer netip.Addr, protocol corev1.Protocol, number int32) bool {
	if direction == nil {
		return true
	}
	for _, allow := range *direction {
		if hasPeer(allow.Peers, peer) && hasPort(allow.Ports, protocol, number) {
			return true
		}
	}
	return false
}

func hasPeer(peers []Peer, address netip.Addr) bool {
	for _, peer := range peers {
		inside := peer.Block.Contains(address)
		for _, except := range peer.Except {
			inside = inside && !except.Contains(address)
		}
		if inside {
			return true
		}
	}
	return peers == nil
}

func hasPort(ports []Port, protocol corev1.Protocol, number int32) bool {
	for _, port := range ports {
		if port.Protocol == protocol && (port.First == 0 || port.First <= number && number <= port.Last) {
			return true
		}
	}
	return ports == nil
}
