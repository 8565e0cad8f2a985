package netpol

import (
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	netv1 "k8s.io/api/networking/v1"
)

// addressable gives the pods that have an address of their own now, ordered by it. Where two claim
// the same address, one is on its way out and the younger one has it.
func addressable(pods []*corev1.Pod) []*corev1.Pod {
	holders := map[netip.Addr]*corev1.Pod{}
	for _, pod := range pods {
		ip := address(pod)
		if !ip.IsValid() || pod.Spec.HostNetwork || finished(pod) {
			continue
		}
		other := holders[ip]
		if other == nil || other.CreationTimestamp.Before(&pod.CreationTimestamp) {
			holders[ip] = pod
		}
	}
	var all []*corev1.Pod
	for _, pod := range holders {
		all = append(all, pod)
	}
	slices.SortFunc(all, func(a, b *corev1.Pod) int { return address(a).Compare(address(b)) })
	return all
}

func finished(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

// address gives a pod's IPv4 address; it is not valid when the pod has none (yet).
func address(pod *corev1.Pod) netip.Addr {
	ips := []string{pod.Status.PodIP}
	for _, ip := range pod.Status.PodIPs {
		ips = append(ips, ip.IP)
	}
	for _, ip := range ips {
		if parsed, err := netip.ParseAddr(ip); err == nil && parsed.Is4() {
			return parsed
		}
	}
	return netip.Addr{}
}

func host(pod *corev1.Pod) Peer {
	return Peer{Block: netip.PrefixFrom(address(pod), 32)}
}

// block gives no peer for a block that is not IPv4.
func block(from *netv1.IPBlock) []Peer {
	prefix, ok := prefix4(from.CIDR)
	if !ok {
		return nil
	}
	peer := Peer{Block: prefix}
	for _, cidr := range from.Except {
		if except, ok := prefix4(cidr); ok {
			peer.Except = append(peer.Except, except)
		}
	}
	return []Peer{peer}
}

func prefix4(cidr string) (netip.Prefix, bool) {
	prefix, err := netip.ParsePrefix(cidr)
	return prefix.Masked(), err == nil && prefix.Addr().Is4()
}
