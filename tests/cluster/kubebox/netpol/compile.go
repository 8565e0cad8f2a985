// Package netpol enforces NetworkPolicies with nftables on the one node of a test cluster.
//
// It exists so that tests can see packets dropped. It shows what policies mean as the Kubernetes
// API reference reads; it is no evidence about any network plugin that clusters really run.
//
// Limits:
//   - IPv4 only: IPv6 addresses and blocks match nothing.
//   - A pod is open until the API server shows its address, and a changed policy or pod takes
//     effect some 20 ms to 1 s later.
//   - Connections that exist stay when a later policy forbids them.
//   - The node reaches every pod (as for probes), and pods with hostNetwork are never isolated.
//   - A named port in an egress rule means that port of the pods its peers select; next to an
//     ipBlock peer it means nothing.
//   - One node: only traffic that this node routes is seen.
package netpol

import (
	"cmp"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	netv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// State is all that decides what may pass.
type State struct {
	Pods            []*corev1.Pod
	NamespaceLabels map[string]map[string]string
	Policies        []*netv1.NetworkPolicy
}

// Isolation says what may reach one pod and what that pod may reach.
type Isolation struct {
	Pod     string // namespace/name
	Address netip.Addr
	Ingress *Direction // nil: not isolated for ingress, everything passes
	Egress  *Direction
}

// Direction holds what is allowed in one direction; what no entry allows is dropped.
type Direction []Allow

// Allow lets traffic pass that comes from, or goes to, one of the peers at one of the ports.
type Allow struct {
	Peers []Peer // nil: any address
	Ports []Port // nil: any port of any protocol
}

// Peer is a range of addresses without some parts of it.
type Peer struct {
	Block  netip.Prefix
	Except []netip.Prefix
}

// Port is a range of ports of one protocol; First 0 means all of them.
type Port struct {
	Protocol    corev1.Protocol
	First, Last int32
}

type compiler struct {
	pods       []*corev1.Pod
	namespaces map[string]map[string]string
}

// Compile gives the isolation of each isolated pod, ordered by address, so that an unchanged state
// always gives the same result.
func Compile(state State) []Isolation {
	c := compiler{pods: addressable(state.Pods), namespaces: state.NamespaceLabels}
	policies := slices.SortedFunc(slices.Values(state.Policies), func(a, b *netv1.NetworkPolicy) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	var all []Isolation
	for _, pod := range c.pods {
		one := Isolation{Pod: pod.Namespace + "/" + pod.Name, Address: address(pod)}
		for _, policy := range policies {
			if policy.Namespace == pod.Namespace && selects(&policy.Spec.PodSelector, pod.Labels) {
				c.apply(&one, policy, pod)
			}
		}
		if one.Ingress != nil || one.Egress != nil {
			all = append(all, one)
		}
	}
	return all
}

func (c *compiler) apply(to *Isolation, policy *netv1.NetworkPolicy, pod *corev1.Pod) {
	if slices.Contains(policy.Spec.PolicyTypes, netv1.PolicyTypeIngress) {
		if to.Ingress == nil {
			to.Ingress = &Direction{}
		}
		for _, rule := range policy.Spec.Ingress {
			*to.Ingress = append(*to.Ingress, c.ingress(policy.Namespace, rule, pod)...)
		}
	}
	if slices.Contains(policy.Spec.PolicyTypes, netv1.PolicyTypeEgress) {
		if to.Egress == nil {
			to.Egress = &Direction{}
		}
		for _, rule := range policy.Spec.Egress {
			*to.Egress = append(*to.Egress, c.egress(policy.Namespace, rule)...)
		}
	}
}

// ingress compiles one rule; its ports are ports of the pod itself.
func (c *compiler) ingress(namespace string, rule netv1.NetworkPolicyIngressRule, pod *corev1.Pod) []Allow {
	ports := append(numbered(rule.Ports), named(rule.Ports, pod)...)
	return combine(c.peers(namespace, rule.From), len(rule.From) == 0, ports, len(rule.Ports) == 0)
}

// egress compiles one rule; a named port has as many meanings as there are pods to go to.
func (c *compiler) egress(namespace string, rule netv1.NetworkPolicyEgressRule) []Allow {
	everyone := len(rule.To) == 0
	all := combine(c.peers(namespace, rule.To), everyone, numbered(rule.Ports), len(rule.Ports) == 0)
	for _, pod := range c.pods {
		if everyone || slices.ContainsFunc(rule.To, func(p netv1.NetworkPolicyPeer) bool {
			return c.isPeer(namespace, p, pod)
		}) {
			all = append(all, combine([]Peer{host(pod)}, false, named(rule.Ports, pod), false)...)
		}
	}
	return all
}

// combine gives no Allow at all where a list was written but nothing in it has a meaning here.
func combine(peers []Peer, anyPeer bool, ports []Port, anyPort bool) []Allow {
	if len(peers) == 0 && !anyPeer || len(ports) == 0 && !anyPort {
		return nil
	}
	return []Allow{{Peers: peers, Ports: ports}}
}

func (c *compiler) peers(namespace string, peers []netv1.NetworkPolicyPeer) []Peer {
	var all []Peer
	for _, peer := range peers {
		if peer.IPBlock != nil {
			all = append(all, block(peer.IPBlock)...)
			continue
		}
		for _, pod := range c.pods {
			if c.isPeer(namespace, peer, pod) {
				all = append(all, host(pod))
			}
		}
	}
	return all
}

// isPeer tells whether a pod is selected by a peer of a policy in the given namespace. A peer
// without namespaceSelector means that namespace, one without podSelector all pods.
func (c *compiler) isPeer(namespace string, peer netv1.NetworkPolicyPeer, pod *corev1.Pod) bool {
	if peer.IPBlock != nil {
		return false
	}
	if peer.NamespaceSelector == nil {
		if pod.Namespace != namespace {
			return false
		}
	} else if found, ok := c.namespaces[pod.Namespace]; !ok || !selects(peer.NamespaceSelector, found) {
		return false
	}
	return peer.PodSelector == nil || selects(peer.PodSelector, pod.Labels)
}

// selects treats a selector that cannot be read as one that selects nothing; the API server lets
// none pass.
func selects(selector *metav1.LabelSelector, set map[string]string) bool {
	compiled, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && compiled.Matches(labels.Set(set))
}
