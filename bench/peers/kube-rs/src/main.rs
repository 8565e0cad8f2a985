//! A reference operator to measure against: it runs TrainingJobs as well as one on kube-rs can be
//! written to. See README.md.

mod children;
mod reconcile;
mod status;
mod types;

use std::collections::HashMap;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt};
use kube::runtime::watcher::{self, Event, watcher};
use kube::runtime::{Controller, WatchStreamExt, controller, predicates, reflector};
use kube::{Api, Client};

use reconcile::{Context, error_policy, reconcile};
use types::{NodeState, Pod, Service, TrainingJob};

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CONCURRENCY: u16 = 16;

struct Options {
    /// A status that only counts nodes is held back until the last one is this old.
    status_interval: Duration,
    /// Threads that run the operator; 1 is the main thread alone.
    threads: usize,
}

type AnyError = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), AnyError> {
    let options = parse(std::env::args().skip(1))?;
    let mut builder = match options.threads {
        1 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    builder.worker_threads(options.threads).enable_all().build()?.block_on(run(options))
}

fn parse(args: impl Iterator<Item = String>) -> Result<Options, AnyError> {
    let mut options = Options { status_interval: Duration::ZERO, threads: 1 };
    for arg in args {
        match arg.split_once('=') {
            Some(("--status-interval-ms", value)) => {
                options.status_interval = Duration::from_millis(value.parse()?);
            }
            Some(("--threads", value)) => options.threads = value.parse()?,
            _ => return Err(format!("{arg}: not one of --status-interval-ms=N, --threads=N").into()),
        }
    }
    Ok(options)
}

async fn run(options: Options) -> Result<(), AnyError> {
    let client = Client::try_default().await?;
    let own = watcher::Config::default().labels(&format!("{}={}", children::MANAGED_BY, children::MANAGER));
    let (jobs, jobs_writer) = reflector::store();
    let (pods, pods_writer) = reflector::store();
    let (services, services_writer) = reflector::store();
    let job_events = watcher(Api::<TrainingJob>::all(client.clone()), watcher::Config::default())
        .default_backoff()
        .reflect(jobs_writer)
        .applied_objects()
        .predicate_filter(predicates::generation, Default::default());
    let pod_events = watcher(Api::<Pod>::all(client.clone()), own.clone()).default_backoff().reflect(pods_writer);
    let service_events = watcher(Api::<Service>::all(client.clone()), own).default_backoff().reflect(services_writer);
    let context = Arc::new(Context::new(client, pods, services, options.status_interval));
    Controller::for_stream(job_events, jobs)
        .with_config(controller::Config::default().concurrency(CONCURRENCY))
        .owns_stream(transitions(pod_events))
        .owns_stream(removals(service_events))
        .shutdown_on_signal()
        .run(reconcile, error_policy, context.clone())
        .for_each(|result| {
            if let Err(controller::Error::ObjectNotFound(job)) = &result {
                context.forget(job.namespace.as_deref(), &job.name);
            } else if let Err(error) = result {
                eprintln!("{error}");
            }
            ready(())
        })
        .await;
    Ok(())
}

/// The pods whose reconcile may end differently than before: our own creates and the scheduler's
/// bindings, which are the greater part of all events, cannot change it.
fn transitions(events: impl Stream<Item = watcher::Result<Event<Pod>>>) -> impl Stream<Item = watcher::Result<Pod>> {
    let mut known = HashMap::<Option<String>, NodeState>::new();
    events.filter_map(move |event| {
        ready(match event {
            Ok(Event::Apply(pod) | Event::InitApply(pod)) => {
                let before = known.insert(pod.metadata.uid.clone(), pod.state).unwrap_or_default();
                (before != pod.state).then_some(Ok(pod))
            }
            Ok(Event::Delete(pod)) => {
                known.remove(&pod.metadata.uid);
                Some(Ok(pod))
            }
            Ok(Event::Init | Event::InitDone) => None,
            Err(error) => Some(Err(error)),
        })
    })
}

fn removals(
    events: impl Stream<Item = watcher::Result<Event<Service>>>,
) -> impl Stream<Item = watcher::Result<Service>> {
    events.filter_map(|event| {
        ready(match event {
            Ok(Event::Delete(service)) => Some(Ok(service)),
            Ok(_) => None,
            Err(error) => Some(Err(error)),
        })
    })
}
