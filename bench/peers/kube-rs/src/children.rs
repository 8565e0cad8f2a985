//! The objects that belong to a job: the same that every contender creates.

use serde_json::{Value, json};

use crate::types::TrainingJob;

pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// The value of that label on this operator's children.
pub const MANAGER: &str = "kube-rs-peer";

const PORT: u16 = 29400;

/// A job with what its children's names and marks are made of.
pub struct Owner<'a> {
    pub job: &'a TrainingJob,
    pub namespace: &'a str,
    pub name: &'a str,
    pub uid: &'a str,
}

impl<'a> Owner<'a> {
    /// None for an object that did not come from an API server.
    pub fn of(job: &'a TrainingJob) -> Option<Self> {
        let meta = &job.metadata;
        Some(Self {
            job,
            namespace: meta.namespace.as_deref()?,
            name: meta.name.as_deref()?,
            uid: meta.uid.as_deref()?,
        })
    }

    pub fn service_name(&self) -> String {
        format!("{}-rendezvous-{:.8}", self.name, self.uid)
    }

    pub fn pod_name(&self, index: u32) -> String {
        format!("{}-node-{index}-{:.8}", self.name, self.uid)
    }

    /// The headless Service that gives each node a DNS name, also before it is ready.
    pub fn service(&self) -> Value {
        json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": self.metadata(&self.service_name(), "rendezvous"),
            "spec": {
                "clusterIP": "None",
                "publishNotReadyAddresses": true,
                "selector": {"slipway.dev/owner-uid": self.uid},
                "ports": [{"name": "rendezvous", "port": PORT}],
            },
        })
    }

    /// One node of the job: restricted, and told how to find the others.
    pub fn pod(&self, index: u32) -> Value {
        let trainer = &self.job.spec.trainer;
        let mut metadata = self.metadata(&self.pod_name(index), "node");
        metadata["labels"]["slipway.dev/node-index"] = index.to_string().into();
        metadata["labels"]["slipway.dev/attempt"] = "0".into();
        json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": metadata,
            "spec": {
                "restartPolicy": "Never",
                "automountServiceAccountToken": false,
                "enableServiceLinks": false,
                "hostname": format!("node-{index}"),
                "subdomain": self.service_name(),
                "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
                "containers": [{
                    "name": "trainer",
                    "image": trainer.image,
                    "command": trainer.command,
                    "args": trainer.args,
                    "env": self.environment(index),
                    "resources": trainer.resources_per_node,
                    "ports": [{"name": "rendezvous", "containerPort": PORT}],
                    "securityContext": {
                        "allowPrivilegeEscalation": false,
                        "capabilities": {"drop": ["ALL"]},
                    },
                }],
            },
        })
    }

    fn metadata(&self, name: &str, role: &str) -> Value {
        json!({
            "name": name,
            "namespace": self.namespace,
            "labels": {
                "app.kubernetes.io/name": "training-job",
                "app.kubernetes.io/instance": self.name,
                "app.kubernetes.io/component": role,
                "app.kubernetes.io/part-of": "slipway",
                MANAGED_BY: MANAGER,
                "slipway.dev/role": role,
                "slipway.dev/owner-uid": self.uid,
                "slipway.dev/owner-kind": "TrainingJob",
            },
            "annotations": {"slipway.dev/owner": format!("{}/{}", self.namespace, self.name)},
            "ownerReferences": [{
                "apiVersion": "slipway.dev/v1alpha1",
                "kind": "TrainingJob",
                "name": self.name,
                "uid": self.uid,
                "controller": true,
                "blockOwnerDeletion": true,
            }],
        })
    }

    /// What torchrun and the operator's own contract expect in the environment.
    fn environment(&self, index: u32) -> Vec<Value> {
        let trainer = &self.job.spec.trainer;
        let service = self.service_name();
        let addresses: Vec<_> =
            (0..trainer.num_nodes).map(|i| format!("node-{i}.{service}.{}.svc", self.namespace)).collect();
        let (count, rank, port) = (trainer.num_nodes.to_string(), index.to_string(), PORT.to_string());
        let all = addresses.join(",");
        let ours = [
            ("SLIPWAY_NODE_RANK", &rank),
            ("SLIPWAY_NUM_NODES", &count),
            ("SLIPWAY_NODE_ADDRESSES", &all),
            ("SLIPWAY_RANK0_ADDRESS", &addresses[0]),
            ("SLIPWAY_PORT", &port),
            ("MASTER_ADDR", &addresses[0]),
            ("MASTER_PORT", &port),
            ("WORLD_SIZE", &count),
            ("RANK", &rank),
            ("LOCAL_WORLD_SIZE", &"1".to_owned()),
            ("PET_NNODES", &count),
            ("PET_NPROC_PER_NODE", &"1".to_owned()),
            ("PET_NODE_RANK", &rank),
            ("PET_MASTER_ADDR", &addresses[0]),
            ("PET_MASTER_PORT", &port),
        ];
        let ours = ours.iter().map(|(name, value)| json!({"name": name, "value": value}));
        ours.chain(trainer.env.iter().cloned()).collect()
    }
}
