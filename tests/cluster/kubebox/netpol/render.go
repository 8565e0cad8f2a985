package netpol

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Render writes the nftables script that replaces the whole table at once.
//
// Each isolated pod has a chain for each isolated direction: what it allows returns, the rest is
// dropped. The forward hook sees traffic between pods and to the outside; the input hook sees
// traffic to the node itself, which only the egress side of a policy can forbid. Both see
// addresses behind a Service already resolved.
func Render(all []Isolation) string {
	var chains, ingress, egress strings.Builder
	for _, one := range all {
		id := strings.ReplaceAll(one.Address.String(), ".", "_")
		if one.Ingress != nil {
			chain(&chains, "in_"+id, "saddr", one, *one.Ingress)
			fmt.Fprintf(&ingress, "\t\tip daddr %s jump in_%s\n", one.Address, id)
		}
		if one.Egress != nil {
			chain(&chains, "out_"+id, "daddr", one, *one.Egress)
			fmt.Fprintf(&egress, "\t\tip saddr %s jump out_%s\n", one.Address, id)
		}
	}
	// Adding the table first makes the delete succeed when there is none.
	return "table inet netpol\ndelete table inet netpol\ntable inet netpol {\n" + chains.String() +
		"\tchain egress {\n" + egress.String() + "\t}\n" +
		"\tchain ingress {\n" + ingress.String() + "\t}\n" +
		"\tchain forward {\n\t\ttype filter hook forward priority 0; policy accept;\n" +
		"\t\tct state established,related accept\n\t\tjump egress\n\t\tjump ingress\n\t}\n" +
		"\tchain input {\n\t\ttype filter hook input priority 0; policy accept;\n" +
		"\t\tct state established,related accept\n\t\tjump egress\n\t}\n}\n"
}

func chain(to *strings.Builder, name, side string, one Isolation, direction Direction) {
	fmt.Fprintf(to, "\tchain %s { # %s\n", name, one.Pod)
	fmt.Fprintf(to, "\t\tip %s %s return\n", side, one.Address) // a pod always reaches itself
	for _, allow := range direction {
		for _, peers := range peerMatches(side, allow.Peers) {
			for _, port := range portMatches(allow.Ports) {
				fmt.Fprintf(to, "\t\t%s\n", strings.Join(slices.DeleteFunc(
					[]string{peers, port, "return"}, func(s string) bool { return s == "" }), " "))
			}
		}
	}
	to.WriteString("\t\tcounter drop\n\t}\n")
}

// peerMatches gives one match for all single addresses and one for each block: nftables refuses a
// set whose ranges overlap.
func peerMatches(side string, peers []Peer) []string {
	if peers == nil {
		return []string{""}
	}
	var hosts []netip.Addr
	var all []string
	for _, peer := range peers {
		if peer.Block.IsSingleIP() && len(peer.Except) == 0 {
			hosts = append(hosts, peer.Block.Addr())
			continue
		}
		match := fmt.Sprintf("ip %s %s", side, peer.Block)
		for _, except := range peer.Except {
			match += fmt.Sprintf(" ip %s != %s", side, except)
		}
		all = append(all, match)
	}
	slices.SortFunc(hosts, netip.Addr.Compare)
	if hosts = slices.Compact(hosts); len(hosts) > 0 {
		var texts []string
		for _, host := range hosts {
			texts = append(texts, host.String())
		}
		all = append(all, fmt.Sprintf("ip %s { %s }", side, strings.Join(texts, ", ")))
	}
	return all
}

func portMatches(ports []Port) []string {
	if ports == nil {
		return []string{""}
	}
	var all []string
	for _, port := range ports {
		protocol := strings.ToLower(string(port.Protocol))
		switch {
		case port.First == 0:
			all = append(all, "meta l4proto "+protocol)
		case port.First == port.Last:
			all = append(all, fmt.Sprintf("%s dport %d", protocol, port.First))
		default:
			all = append(all, fmt.Sprintf("%s dport %d-%d", protocol, port.First, port.Last))
		}
	}
	return all
}
