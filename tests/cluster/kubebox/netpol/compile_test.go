package netpol

import (
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	tcp  = corev1.ProtocolTCP
	udp  = corev1.ProtocolUDP
	sctp = corev1.ProtocolSCTP
)

// A probe is one connection and whether it has to get through.
type probe struct {
	from, to string
	protocol corev1.Protocol
	port     int32
	open     bool
}

// In every case each closed probe has an open twin that differs in the one thing the policy is about.
var cases = []struct {
	name     string
	policies map[string]string
	probes   []probe
}{
	{"without policies everything passes", nil, []probe{
		{web, db, tcp, 5432, true}, {outside, web, udp, 1, true}, {web, outside, tcp, 443, true},
	}},
	{"default deny closes both directions of its namespace only", map[string]string{
		"shop/deny": `{podSelector: {}, policyTypes: [Ingress, Egress]}`,
	}, []probe{
		{monitor, web, tcp, 8080, false}, {web, db, tcp, 5432, false}, {web, outside, tcp, 443, false},
		{web, monitor, udp, 53, false}, {monitor, opsWeb, tcp, 9090, true}, {monitor, outside, tcp, 443, true},
	}},
	{"an ingress policy leaves egress open", map[string]string{
		"shop/in": `{podSelector: {}, policyTypes: [Ingress]}`,
	}, []probe{
		{monitor, web, tcp, 8080, false}, {web, outside, tcp, 443, true}, {web, monitor, tcp, 1, true},
	}},
	{"the policy's podSelector picks whom it isolates", map[string]string{
		"shop/db": `{podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress]}`,
	}, []probe{
		{monitor, db, tcp, 5432, false}, {monitor, web, tcp, 8080, true},
	}},
	{"an empty rule allows everything", map[string]string{
		"shop/all": `{podSelector: {}, policyTypes: [Ingress, Egress], ingress: [{}], egress: [{}]}`,
	}, []probe{
		{monitor, web, tcp, 8080, true}, {outside, db, udp, 9, true}, {web, outside, sctp, 7, true},
	}},
	{"a peer's podSelector means pods of the policy's namespace", map[string]string{
		"shop/in": `{podSelector: {}, policyTypes: [Ingress],
			ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]}`,
	}, []probe{
		{web, db, tcp, 5432, true}, {opsWeb, db, tcp, 5432, false}, {monitor, db, tcp, 5432, false},
	}},
	{"a peer's namespaceSelector means all pods of those namespaces", map[string]string{
		"shop/in": `{podSelector: {}, policyTypes: [Ingress],
			ingress: [{from: [{namespaceSelector: {matchLabels: {team: ops}}}]}]}`,
	}, []probe{
		{monitor, db, tcp, 5432, true}, {opsWeb, db, tcp, 5432, true}, {web, db, tcp, 5432, false},
		{outside, db, tcp, 5432, false},
	}},
	{"both selectors in one peer must hold", map[string]string{
		"shop/in": `{podSelector: {}, policyTypes: [Ingress], ingress: [{from: [
			{namespaceSelector: {matchLabels: {team: ops}}, podSelector: {matchLabels: {app: web}}}]}]}`,
	}, []probe{
		{opsWeb, db, tcp, 5432, true}, {monitor, db, tcp, 5432, false}, {web, db, tcp, 5432, false},
	}},
	{"two peers in one rule are alternatives", map[string]string{
		"shop/in": `{podSelector: {}, policyTypes: [Ingress], ingress: [{from: [
			{namespaceSelector: {matchLabels: {team: ops}}}, {podSelector: {matchLabels: {app: web}}}]}]}`,
	}, []probe{
		{opsWeb, db, tcp, 5432, true}, {monitor, db, tcp, 5432, true}, {web, db, tcp, 5432, true},
		{outside, db, tcp, 5432, false},
	}},
	{"an empty namespaceSelector means every namespace, but no address outside", map[string]string{
		"shop/in": `{podSelector: {}, policyTypes: [Ingress], ingress: [{from: [{namespaceSelector: {}}]}]}`,
	}, []probe{
		{monitor, db, tcp, 1, true}, {web, db, tcp, 1, true}, {outside, db, tcp, 1, false},
	}},
	{"a selector that finds nobody allows nobody", map[string]string{
		"shop/in": `{podSelector: {}, policyTypes: [Ingress],
			ingress: [{from: [{podSelector: {matchLabels: {app: nosuch}}}]}]}`,
	}, []probe{{web, db, tcp, 5432, false}, {monitor, opsWeb, tcp, 1, true}}},
	{"ipBlock without its exceptions", map[string]string{
		"shop/out": `{podSelector: {}, policyTypes: [Egress], egress: [{to: [
			{ipBlock: {cidr: 192.0.2.0/24, except: [192.0.2.0/28, 192.0.2.4/30]}}]}]}`,
	}, []probe{
		{web, "192.0.2.16", tcp, 443, true}, {web, "192.0.2.255", tcp, 443, true},
		{web, "192.0.2.15", tcp, 443, false}, {web, "192.0.2.5", tcp, 443, false},
		{web, "192.0.3.1", tcp, 443, false}, {web, db, tcp, 5432, false},
	}},
	{"an ipBlock with host bits means its network", map[string]string{
		"shop/in": `{podSelector: {}, policyTypes: [Ingress], ingress: [{from: [{ipBlock: {cidr: 192.0.2.77/24}}]}]}`,
	}, []probe{{outside, web, tcp, 1, true}, {"192.0.3.10", web, tcp, 1, false}}},
	{"an IPv6 block matches nothing and harms nothing", map[string]string{
		"shop/in": `{podSelector: {}, policyTypes: [Ingress], ingress: [
			{from: [{ipBlock: {cidr: "fd00::/8"}}, {ipBlock: {cidr: 192.0.2.0/24}}]}]}`,
	}, []probe{{outside, web, tcp, 1, true}, {monitor, web, tcp, 1, false}}},
	{"a rule with an IPv6 block alone allows nobody", map[string]string{
		"shop/in": `{podSelector: {}, policyTypes: [Ingress], ingress: [{from: [{ipBlock: {cidr: "::/0"}}]}]}`,
	}, []probe{{outside, web, tcp, 1, false}, {outside, opsWeb, tcp, 1, true}}},
	{"a numbered port, TCP when no protocol is given", map[string]string{
		"shop/in": `{podSelector: {}, policyTypes: [Ingress], ingress: [{ports: [{port: 5432}]}]}`,
	}, []probe{
		{web, db, tcp, 5432, true}, {web, db, udp, 5432, false}, {web, db, tcp, 5433, false},
	}},
	{"a UDP port", map[string]string{
		"shop/in": `{podSelector: {}, policyTypes: [Ingress], ingress: [{ports: [{port: 5432, protocol: UDP}]}]}`,
	}, []probe{{web, db, udp, 5432, true}, {web, db, tcp, 5432, false}}},
	{"an SCTP port", map[string]string{
		"shop/in": `{podSelector: {}, policyTypes: [Ingress], ingress: [{ports: [{port: 9, protocol: SCTP}]}]}`,
	}, []probe{{web, db, sctp, 9, true}, {web, db, tcp, 9, false}}},
	{"a protocol without a port means all its ports", map[string]string{
		"shop/in": `{podSelector: {}, policyTypes: [Ingress], ingress: [{ports: [{protocol: UDP}]}]}`,
	}, []probe{{web, db, udp, 1, true}, {web, db, udp, 65535, true}, {web, db, tcp, 1, false}}},
	{"endPort closes a range", map[string]string{
		"shop/in": `{podSelector: {}, policyTypes: [Ingress], ingress: [{ports: [{port: 8000, endPort: 8002}]}]}`,
	}, []probe{
		{web, db, tcp, 8000, true}, {web, db, tcp, 8002, true}, {web, db, tcp, 7999, false},
		{web, db, tcp, 8003, false},
	}},
	{"a named port is the isolated pod's own for ingress", map[string]string{
		"shop/in": `{podSelector: {}, policyTypes: [Ingress], ingress: [{ports: [{port: http}]}]}`,
	}, []probe{
		{monitor, web, tcp, 8080, true}, {monitor, web, tcp, 9090, false}, {monitor, db, tcp, 8080, false},
	}},
	{"a named port has the declared protocol", map[string]string{
		"shop/in": `{podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress], ingress: [
			{ports: [{port: stats, protocol: UDP}, {port: stats}]}]}`,
	}, []probe{{web, db, udp, 5432, true}, {web, db, tcp, 5432, false}}},
	{"a named port of another protocol means nothing", map[string]string{
		"shop/in": `{podSelector: {}, policyTypes: [Ingress], ingress: [{ports: [{port: stats}, {port: http}]}]}`,
	}, []probe{{web, db, udp, 5432, false}, {web, db, tcp, 5432, false}, {db, web, tcp, 8080, true}}},
	{"a named port is that of each destination for egress", map[string]string{
		"shop/out": `{podSelector: {}, policyTypes: [Egress],
			egress: [{to: [{namespaceSelector: {}, podSelector: {matchLabels: {app: web}}}], ports: [{port: http}]}]}`,
	}, []probe{
		{db, web, tcp, 8080, true}, {db, opsWeb, tcp, 9090, true}, {db, web, tcp, 9090, false},
		{db, opsWeb, tcp, 8080, false}, {db, monitor, tcp, 8080, false},
	}},
	{"a named port for egress to anywhere means every pod that has it", map[string]string{
		"shop/out": `{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: http}]}]}`,
	}, []probe{
		{db, web, tcp, 8080, true}, {db, opsWeb, tcp, 9090, true}, {db, outside, tcp, 8080, false},
	}},
	{"named and numbered ports side by side", map[string]string{
		"shop/out": `{podSelector: {}, policyTypes: [Egress],
			egress: [{to: [{podSelector: {}}], ports: [{port: http}, {port: 53, protocol: UDP}]}]}`,
	}, []probe{
		{db, web, tcp, 8080, true}, {db, web, udp, 53, true}, {web, db, udp, 53, true},
		{web, db, tcp, 8080, false}, {web, outside, udp, 53, false},
	}},
	{"egress of one side and ingress of the other must both allow", map[string]string{
		"shop/deny":   `{podSelector: {}, policyTypes: [Ingress, Egress]}`,
		"shop/in":     `{podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress], ingress: [{from: [{podSelector: {}}]}]}`,
		"ops/monitor": `{podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {}}]}]}`,
	}, []probe{
		{web, db, tcp, 5432, false}, {monitor, db, tcp, 5432, false}, {monitor, opsWeb, tcp, 1, true},
	}},
	{"policies add up", map[string]string{
		"shop/deny": `{podSelector: {}, policyTypes: [Ingress, Egress]}`,
		"shop/a":    `{podSelector: {}, policyTypes: [Ingress], ingress: [{ports: [{port: 1}]}]}`,
		"shop/b":    `{podSelector: {}, policyTypes: [Ingress], ingress: [{ports: [{port: 2}]}]}`,
	}, []probe{
		{monitor, web, tcp, 1, true}, {monitor, web, tcp, 2, true}, {monitor, web, tcp, 3, false},
	}},
	{"matchExpressions In and NotIn", map[string]string{
		"shop/in": `{podSelector: {matchExpressions: [{key: tier, operator: In, values: [front, back]}]},
			policyTypes: [Ingress], ingress: [{from: [{namespaceSelector: {}, podSelector:
			{matchExpressions: [{key: app, operator: NotIn, values: [monitor]}]}}]}]}`,
	}, []probe{{opsWeb, web, tcp, 1, true}, {monitor, web, tcp, 1, false}, {monitor, opsWeb, tcp, 1, true}}},
	{"matchExpressions Exists and DoesNotExist", map[string]string{
		"shop/in": `{podSelector: {}, policyTypes: [Ingress], ingress: [{from: [
			{namespaceSelector: {matchExpressions: [{key: team, operator: Exists}]},
			podSelector: {matchExpressions: [{key: tier, operator: DoesNotExist}]}}]}]}`,
	}, []probe{{opsWeb, db, tcp, 1, true}, {monitor, db, tcp, 1, true}, {web, db, tcp, 1, false}}},
}

func TestCompile(t *testing.T) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			state := world()
			for name, spec := range c.policies {
				state.Policies = append(state.Policies, policy(t, name, spec))
			}
			all := Compile(state)
			for _, p := range c.probes {
				if got := passes(all, p.from, p.to, p.protocol, p.port); got != p.open {
					t.Errorf("%s -> %s %s/%d: open=%v, want %v", p.from, p.to, p.protocol, p.port, got, p.open)
				}
			}
		})
	}
}

const denyAll = `{podSelector: {}, policyTypes: [Ingress, Egress]}`

func TestPodsWithoutAnAddressOfTheirOwnAreLeftOut(t *testing.T) {
	state := world()
	hostNetwork := pod("shop/host", "10.250.0.1", "app=host")
	hostNetwork.Spec.HostNetwork = true
	done := pod("shop/done", "10.244.0.8", "app=done")
	done.Status.Phase = corev1.PodSucceeded
	state.Pods = []*corev1.Pod{pod("shop/pending", "", ""), hostNetwork, done, pod("shop/six", "fd00::1", ""),
		pod("shop/web", web, "app=web")}
	state.Policies = append(state.Policies, policy(t, "shop/deny", denyAll))
	all := Compile(state)
	if len(all) != 1 || all[0].Pod != "shop/web" {
		t.Errorf("isolated: %v, want shop/web alone", all)
	}
}

func TestPodWithoutAddressIsNobodysPeer(t *testing.T) {
	state := world()
	state.Pods = append(state.Pods, pod("shop/pending", "", "app=monitor"))
	state.Policies = append(state.Policies, policy(t, "shop/in",
		`{podSelector: {}, policyTypes: [Ingress], ingress: [{from: [{podSelector: {matchLabels: {app: monitor}}}]}]}`))
	for _, one := range Compile(state) {
		if len(*one.Ingress) != 0 {
			t.Errorf("%s: allows %v, want nobody", one.Pod, *one.Ingress)
		}
	}
}

func TestBlocksAreIPv4NetworksWithoutHostBits(t *testing.T) {
	state := world()
	state.Policies = append(state.Policies, policy(t, "shop/in", `{podSelector: {}, policyTypes: [Ingress], ingress: [
		{from: [{ipBlock: {cidr: "fd00::/8"}}, {ipBlock: {cidr: 192.0.2.77/24, except: ["fd00::/9", 192.0.2.9/30]}}]}]}`))
	want := Peer{Block: prefix("192.0.2.0/24"), Except: []netip.Prefix{prefix("192.0.2.8/30")}}
	for _, one := range Compile(state) {
		if peers := (*one.Ingress)[0].Peers; len(peers) != 1 || !reflect.DeepEqual(peers[0], want) {
			t.Errorf("%s: %v, want %v alone", one.Pod, peers, want)
		}
	}
}

func TestDualStackPodCountsByItsIPv4Address(t *testing.T) {
	state := world()
	dual := pod("shop/dual", "fd00::7", "")
	dual.Status.PodIPs = []corev1.PodIP{{IP: "fd00::7"}, {IP: "10.244.0.7"}}
	state.Pods = append(state.Pods, dual)
	state.Policies = append(state.Policies, policy(t, "shop/deny", denyAll))
	if passes(Compile(state), monitor, "10.244.0.7", tcp, 1) {
		t.Error("a dual-stack pod is open under default deny")
	}
}

func TestAddressInUseTwiceBelongsToTheYoungerPod(t *testing.T) {
	state := world()
	successor := pod("ops/new", db, "app=new")
	successor.CreationTimestamp = metav1.NewTime(time.Unix(2000, 0))
	state.Pods = append(state.Pods, successor)
	state.Policies = append(state.Policies, policy(t, "shop/deny", denyAll))
	if !passes(Compile(state), monitor, db, tcp, 1) {
		t.Error("the predecessor's policy still closes the address")
	}
}

func TestPortOfAStayingInitContainerHasItsName(t *testing.T) {
	state := world()
	always := corev1.ContainerRestartPolicyAlways
	state.Pods[1].Spec.InitContainers = []corev1.Container{
		{Name: "sidecar", RestartPolicy: &always, Ports: []corev1.ContainerPort{{Name: "proxy", ContainerPort: 15001}}},
		{Name: "once", Ports: []corev1.ContainerPort{{Name: "proxy", ContainerPort: 15002}}},
	}
	state.Policies = append(state.Policies, policy(t, "shop/in",
		`{podSelector: {}, policyTypes: [Ingress], ingress: [{ports: [{port: proxy}]}]}`))
	all := Compile(state)
	if !passes(all, web, db, tcp, 15001) || passes(all, web, db, tcp, 15002) {
		t.Errorf("open: sidecar %v, once %v; want true, false",
			passes(all, web, db, tcp, 15001), passes(all, web, db, tcp, 15002))
	}
}

func TestResultDoesNotDependOnTheOrderOfTheInput(t *testing.T) {
	state := world()
	state.Policies = append(state.Policies, policy(t, "shop/deny", denyAll),
		policy(t, "shop/in", `{podSelector: {}, policyTypes: [Ingress], ingress: [{from: [{namespaceSelector: {}}]}]}`))
	first := Compile(state)
	slices.Reverse(state.Pods)
	slices.Reverse(state.Policies)
	if second := Compile(state); !reflect.DeepEqual(first, second) {
		t.Errorf("got %v, then %v", first, second)
	}
}
