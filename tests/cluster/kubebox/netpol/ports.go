package netpol

import (
	corev1 "k8s.io/api/core/v1"
	netv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func protocol(port netv1.NetworkPolicyPort) corev1.Protocol {
	if port.Protocol == nil {
		return corev1.ProtocolTCP
	}
	return *port.Protocol
}

// numbered gives the ports that mean the same wherever traffic goes to.
func numbered(ports []netv1.NetworkPolicyPort) []Port {
	var all []Port
	for _, port := range ports {
		switch {
		case port.Port == nil:
			all = append(all, Port{Protocol: protocol(port)})
		case port.Port.Type == intstr.String:
			continue
		case port.EndPort != nil:
			all = append(all, Port{protocol(port), port.Port.IntVal, *port.EndPort})
		default:
			all = append(all, Port{protocol(port), port.Port.IntVal, port.Port.IntVal})
		}
	}
	return all
}

// named gives what the named ports mean for a pod: nothing when it has no port of that name and
// protocol.
func named(ports []netv1.NetworkPolicyPort, pod *corev1.Pod) []Port {
	var all []Port
	for _, port := range ports {
		if port.Port == nil || port.Port.Type != intstr.String {
			continue
		}
		for _, declared := range declaredPorts(pod) {
			if declared.Name == port.Port.StrVal && declared.Protocol == protocol(port) {
				all = append(all, Port{declared.Protocol, declared.ContainerPort, declared.ContainerPort})
			}
		}
	}
	return all
}

// declaredPorts gives the ports of all containers that run beside each other: the ordinary ones and
// the init containers that stay.
func declaredPorts(pod *corev1.Pod) []corev1.ContainerPort {
	var all []corev1.ContainerPort
	for _, container := range pod.Spec.InitContainers {
		if container.RestartPolicy != nil && *container.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			all = append(all, container.Ports...)
		}
	}
	for _, container := range pod.Spec.Containers {
		all = append(all, container.Ports...)
	}
	for i := range all {
		if all[i].Protocol == "" {
			all[i].Protocol = corev1.ProtocolTCP
		}
	}
	return all
}
