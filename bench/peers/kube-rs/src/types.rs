//! What this operator reads and writes. Everything else in an object is skipped while it is
//! parsed, so that it costs neither time nor memory.

use std::borrow::Cow;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{OwnerReference, Time};
use kube::api::ObjectMeta;
use kube::core::NamespaceResourceScope;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

macro_rules! resource {
    ($type:ident, $group:literal, $version:literal, $plural:literal) => {
        impl kube::Resource for $type {
            type DynamicType = ();
            type Scope = NamespaceResourceScope;

            fn kind(_: &()) -> Cow<'_, str> {
                stringify!($type).into()
            }
            fn group(_: &()) -> Cow<'_, str> {
                $group.into()
            }
            fn version(_: &()) -> Cow<'_, str> {
                $version.into()
            }
            fn plural(_: &()) -> Cow<'_, str> {
                $plural.into()
            }
            fn meta(&self) -> &ObjectMeta {
                &self.metadata
            }
            fn meta_mut(&mut self) -> &mut ObjectMeta {
                &mut self.metadata
            }
        }
    };
}

resource!(TrainingJob, "slipway.dev", "v1alpha1", "trainingjobs");
resource!(Pod, "", "v1", "pods");
resource!(Service, "", "v1", "services");

#[derive(Clone, Debug, Deserialize)]
pub struct TrainingJob {
    #[serde(deserialize_with = "slim_metadata")]
    pub metadata: ObjectMeta,
    pub spec: Spec,
    #[serde(default)]
    pub status: Status,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Spec {
    pub trainer: Trainer,
    #[serde(default)]
    pub suspend: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trainer {
    pub image: String,
    #[serde(default)]
    pub command: Vec<String>,
    #[serde(default)]
    pub args: Vec<String>,
    #[serde(default)]
    pub env: Vec<Value>,
    pub num_nodes: u32,
    #[serde(default)]
    pub resources_per_node: Value,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    pub observed_generation: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<Nodes>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion_time: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Phase {
    Pending,
    Starting,
    Running,
    Restarting,
    Suspended,
    Complete,
    Failed,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    #[serde(rename = "type")]
    pub type_: String,
    pub status: String,
    pub observed_generation: i64,
    pub last_transition_time: String,
    pub reason: String,
    pub message: String,
}

/// Counts of a job's pods. A pod counts as active from its creation to its end.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Nodes {
    pub desired: u32,
    pub active: u32,
    pub ready: u32,
    pub succeeded: u32,
    pub failed: u32,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Pod {
    #[serde(deserialize_with = "slim_metadata")]
    pub metadata: ObjectMeta,
    #[serde(default, rename = "status", deserialize_with = "node_state")]
    pub state: NodeState,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Service {
    #[serde(deserialize_with = "slim_metadata")]
    pub metadata: ObjectMeta,
}

/// All that this operator wants to know of a pod.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum NodeState {
    /// Created and not ready; also what a pod is right after its creation.
    #[default]
    Active,
    Ready,
    Succeeded,
    Failed,
}

fn node_state<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NodeState, D::Error> {
    #[derive(Deserialize)]
    struct PodStatus<'a> {
        #[serde(borrow, default)]
        phase: Cow<'a, str>,
        #[serde(borrow, default)]
        conditions: Vec<PodCondition<'a>>,
    }
    #[derive(Deserialize)]
    struct PodCondition<'a> {
        #[serde(borrow, rename = "type")]
        type_: Cow<'a, str>,
        #[serde(borrow)]
        status: Cow<'a, str>,
    }
    let status = PodStatus::deserialize(deserializer)?;
    let ready = || status.conditions.iter().any(|c| c.type_ == "Ready" && c.status == "True");
    Ok(match &*status.phase {
        "Succeeded" => NodeState::Succeeded,
        "Failed" => NodeState::Failed,
        _ if ready() => NodeState::Ready,
        _ => NodeState::Active,
    })
}

fn slim_metadata<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ObjectMeta, D::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Slim {
        name: Option<String>,
        namespace: Option<String>,
        uid: Option<String>,
        resource_version: Option<String>,
        generation: Option<i64>,
        deletion_timestamp: Option<Time>,
        owner_references: Option<Vec<OwnerReference>>,
    }
    let slim = Slim::deserialize(deserializer)?;
    Ok(ObjectMeta {
        name: slim.name,
        namespace: slim.namespace,
        uid: slim.uid,
        resource_version: slim.resource_version,
        generation: slim.generation,
        deletion_timestamp: slim.deletion_timestamp,
        owner_references: slim.owner_references,
        ..ObjectMeta::default()
    })
}
