//! One pass over one job: read, create what is missing, write the status when it differs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::future::try_join_all;
use k8s_openapi::jiff::Timestamp;
use kube::api::PostParams;
use kube::core::Request;
use kube::runtime::controller::Action;
use kube::runtime::reflector::store::WriterDropped;
use kube::runtime::reflector::{ObjectRef, Store};
use kube::{Client, Resource};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::children::Owner;
use crate::status;
use crate::types::{NodeState, Pod, Service, Status, TrainingJob};

/// An own create that no watch has shown for so long is no longer believed in.
const LOST_AFTER: Duration = Duration::from_secs(60);
const RETRY_AFTER: Duration = Duration::from_secs(1);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0}")]
    Api(#[from] kube::Error),
    #[error("{0}")]
    Request(#[from] kube::core::request::Error),
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    #[error("{0}")]
    Cache(#[from] WriterDropped),
    #[error("{0} is there already and belongs to somebody else")]
    Foreign(String),
    #[error("the object has no name, namespace or uid")]
    Incomplete,
}

/// What is known of a job beyond the caches, because a cache shows our own writes late.
#[derive(Default)]
struct Memo {
    /// The job as the last status write returned it.
    written: Option<Arc<TrainingJob>>,
    written_at: Option<Instant>,
    /// Children that were created and have not been seen in a cache yet.
    expected: HashMap<String, Instant>,
}

pub struct Context {
    client: Client,
    pods: Store<Pod>,
    services: Store<Service>,
    status_interval: Duration,
    synced: OnceCell<()>,
    memos: Mutex<HashMap<String, Memo>>,
}

impl Context {
    pub fn new(client: Client, pods: Store<Pod>, services: Store<Service>, status_interval: Duration) -> Self {
        Self { client, pods, services, status_interval, synced: OnceCell::new(), memos: Mutex::default() }
    }

    /// Drops what is remembered of a job that is gone.
    pub fn forget(&self, namespace: Option<&str>, name: &str) {
        self.take(&memo_key(namespace.unwrap_or_default(), name));
    }

    /// A store wakes only the last of several tasks that wait for it, so only one ever does.
    async fn wait_until_synced(&self) -> Result<(), WriterDropped> {
        let both = || async {
            self.pods.wait_until_ready().await?;
            self.services.wait_until_ready().await
        };
        self.synced.get_or_try_init(both).await.copied()
    }

    fn take(&self, key: &str) -> Option<Memo> {
        self.memos.lock().expect("no panic while it is held").remove(key)
    }

    fn put(&self, key: String, memo: Memo) {
        self.memos.lock().expect("no panic while it is held").insert(key, memo);
    }
}

fn memo_key(namespace: &str, name: &str) -> String {
    format!("{namespace}/{name}")
}

pub async fn reconcile(job: Arc<TrainingJob>, context: Arc<Context>) -> Result<Action, Error> {
    context.wait_until_synced().await?;
    let key = memo_key(
        job.metadata.namespace.as_deref().unwrap_or_default(),
        job.metadata.name.as_deref().unwrap_or_default(),
    );
    // Nobody else reconciles this job now, so the memo can be taken out.
    let mut memo = context.take(&key).unwrap_or_default();
    let job = newest(job, &mut memo);
    if job.metadata.deletion_timestamp.is_some() || job.spec.suspend || status::finished(&job.status) {
        return Ok(Action::await_change());
    }
    let result = pass(&job, &context, &mut memo).await;
    context.put(key, memo);
    result
}

pub fn error_policy(_: Arc<TrainingJob>, _: &Error, _: Arc<Context>) -> Action {
    Action::requeue(RETRY_AFTER)
}

/// The job as the cache has it, or as our own last write left it if the cache is behind.
fn newest(cached: Arc<TrainingJob>, memo: &mut Memo) -> Arc<TrainingJob> {
    let Some(written) = memo.written.clone() else { return cached };
    if written.metadata.uid != cached.metadata.uid {
        *memo = Memo::default();
        return cached;
    }
    if version(&written) > version(&cached) { written } else { cached }
}

/// Resource versions of one kind can be compared as numbers.
fn version(job: &TrainingJob) -> Option<u64> {
    job.metadata.resource_version.as_deref()?.parse().ok()
}

async fn pass(job: &TrainingJob, context: &Context, memo: &mut Memo) -> Result<Action, Error> {
    let owner = Owner::of(job).ok_or(Error::Incomplete)?;
    let states = ensure_children(&owner, context, memo).await?;
    let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let next = status::next(&job.status, job.metadata.generation.unwrap_or_default(), &states, &now);
    report(&owner, next, context, memo).await
}

/// Creates what is missing, all at once, and returns what is known of each node.
///
/// The children's names are known beforehand, so each is one look-up, and a create without a look
/// at the server is safe: it can only fail with AlreadyExists.
async fn ensure_children(owner: &Owner<'_>, context: &Context, memo: &mut Memo) -> Result<Vec<NodeState>, Error> {
    let mut creates = Vec::new();
    let name = owner.service_name();
    let seen = context.services.get(&ObjectRef::new(&name).within(owner.namespace)).is_some();
    if memo.is_missing(&name, seen) {
        creates.push(create::<Service>(owner, context, name, owner.service()));
    }
    let mut states = Vec::with_capacity(owner.job.spec.trainer.num_nodes as usize);
    for index in 0..owner.job.spec.trainer.num_nodes {
        let name = owner.pod_name(index);
        let pod = context.pods.get(&ObjectRef::new(&name).within(owner.namespace));
        states.push(pod.as_ref().map(|pod| pod.state).unwrap_or_default());
        if memo.is_missing(&name, pod.is_some()) {
            creates.push(create::<Pod>(owner, context, name, owner.pod(index)));
        }
    }
    for name in try_join_all(creates).await? {
        memo.expected.insert(name, Instant::now());
    }
    Ok(states)
}

impl Memo {
    fn is_missing(&mut self, name: &str, seen: bool) -> bool {
        if seen {
            self.expected.remove(name);
        }
        !seen && self.expected.get(name).is_none_or(|created| created.elapsed() > LOST_AFTER)
    }
}

type Create<'a> = futures::future::BoxFuture<'a, Result<String, Error>>;

/// Creates a child and returns its name; one that is there already is ours if the job owns it.
fn create<'a, K>(owner: &'a Owner<'_>, context: &'a Context, name: String, body: Value) -> Create<'a>
where
    K: Resource<DynamicType = ()> + serde::de::DeserializeOwned,
{
    Box::pin(async move {
        let request = Request::new(K::url_path(&(), Some(owner.namespace)));
        let created = request.create(&PostParams::default(), serde_json::to_vec(&body)?)?;
        match context.client.request_text(created).await {
            Err(kube::Error::Api(refusal)) if refusal.is_already_exists() => {}
            other => return Ok(other.map(|_| name)?), // the answer holds nothing that is not known
        }
        let held: K = context.client.request(request.get(&name, &Default::default())?).await?;
        let owners = held.meta().owner_references.as_deref().unwrap_or_default();
        if owners.iter().any(|reference| reference.uid == owner.uid) { Ok(name) } else { Err(Error::Foreign(name)) }
    })
}

/// Writes the status when it differs from the recorded one. With an interval, a status in which
/// only counts have moved waits until the last one is that old.
async fn report(owner: &Owner<'_>, next: Status, context: &Context, memo: &mut Memo) -> Result<Action, Error> {
    let recorded = &owner.job.status;
    if *recorded == next {
        return Ok(Action::await_change());
    }
    if next.phase == recorded.phase
        && let Some(written_at) = memo.written_at
        && let Some(wait) = context.status_interval.checked_sub(written_at.elapsed())
        && !wait.is_zero()
    {
        return Ok(Action::requeue(wait));
    }
    // The server takes nothing but the status from this body, so nothing else is sent.
    let body = json!({
        "apiVersion": TrainingJob::api_version(&()),
        "kind": TrainingJob::kind(&()),
        "metadata": {
            "name": owner.name,
            "namespace": owner.namespace,
            "uid": owner.uid,
            "resourceVersion": owner.job.metadata.resource_version,
        },
        "status": next,
    });
    let request = Request::new(TrainingJob::url_path(&(), Some(owner.namespace)));
    let replace =
        request.replace_subresource("status", owner.name, &PostParams::default(), serde_json::to_vec(&body)?)?;
    memo.written = Some(Arc::new(context.client.request(replace).await?));
    memo.written_at = Some(Instant::now());
    Ok(Action::await_change())
}
