package netpol

import (
	"net/netip"
	"strings"
	"testing"
)

func prefix(text string) netip.Prefix { return netip.MustParsePrefix(text) }

func TestRender(t *testing.T) {
	all := []Isolation{{
		Pod:     "shop/web",
		Address: netip.MustParseAddr(web),
		Ingress: &Direction{
			{Peers: []Peer{{Block: prefix("10.244.0.3/32")}, {Block: prefix("10.244.0.2/32")}, {Block: prefix("10.244.0.3/32")}},
				Ports: []Port{{tcp, 8080, 8080}, {udp, 0, 0}}},
			{Ports: []Port{{tcp, 8000, 8002}}},
		},
		Egress: &Direction{
			{Peers: []Peer{{Block: prefix("192.0.2.0/24"), Except: []netip.Prefix{prefix("192.0.2.0/28"), prefix("192.0.2.4/30")}}}},
		},
	}}
	want := `table inet netpol
delete table inet netpol
table inet netpol {
	chain in_10_244_0_1 { # shop/web
		ip saddr 10.244.0.1 return
		ip saddr { 10.244.0.2, 10.244.0.3 } tcp dport 8080 return
		ip saddr { 10.244.0.2, 10.244.0.3 } meta l4proto udp return
		tcp dport 8000-8002 return
		counter drop
	}
	chain out_10_244_0_1 { # shop/web
		ip daddr 10.244.0.1 return
		ip daddr 192.0.2.0/24 ip daddr != 192.0.2.0/28 ip daddr != 192.0.2.4/30 return
		counter drop
	}
	chain egress {
		ip saddr 10.244.0.1 jump out_10_244_0_1
	}
	chain ingress {
		ip daddr 10.244.0.1 jump in_10_244_0_1
	}
	chain forward {
		type filter hook forward priority 0; policy accept;
		ct state established,related accept
		jump egress
		jump ingress
	}
	chain input {
		type filter hook input priority 0; policy accept;
		ct state established,related accept
		jump egress
	}
}
`
	if got := Render(all); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestRenderOfNothingRemovesEarlierRules(t *testing.T) {
	got := Render(nil)
	if !strings.Contains(got, "delete table inet netpol") || strings.Contains(got, "drop") {
		t.Errorf("got\n%s", got)
	}
}

func TestAllowWithoutPeersOrPortsIsOneBareReturn(t *testing.T) {
	got := Render([]Isolation{{Address: netip.MustParseAddr(web), Ingress: &Direction{{}}}})
	if !strings.Contains(got, "\n\t\treturn\n\t\tcounter drop\n") {
		t.Errorf("got\n%s", got)
	}
}
