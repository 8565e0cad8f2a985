"""The embedded cluster: a Kubernetes control plane, with simulated nodes or one real node."""
