//! The status that a job should have, given its nodes.

use crate::types::{Condition, NodeState, Nodes, Phase, Status};

pub fn finished(status: &Status) -> bool {
    matches!(status.phase, Some(Phase::Complete | Phase::Failed))
}

/// `now` is in RFC 3339, in whole seconds.
pub fn next(recorded: &Status, generation: i64, states: &[NodeState], now: &str) -> Status {
    let nodes = count(states);
    let phase = phase(&nodes);
    let mut status = recorded.clone();
    status.observed_generation = generation;
    status.phase = Some(phase);
    status.start_time.get_or_insert_with(|| now.to_owned());
    if finished(&status) {
        status.completion_time.get_or_insert_with(|| now.to_owned());
    }
    set_conditions(&mut status, phase, &nodes, now);
    status.nodes = Some(nodes);
    status
}

fn count(states: &[NodeState]) -> Nodes {
    let of = |wanted| states.iter().filter(|state| **state == wanted).count() as u32;
    let ready = of(NodeState::Ready);
    Nodes {
        desired: states.len() as u32,
        active: of(NodeState::Active) + ready,
        ready,
        succeeded: of(NodeState::Succeeded),
        failed: of(NodeState::Failed),
    }
}

fn phase(nodes: &Nodes) -> Phase {
    match nodes {
        n if n.failed > 0 => Phase::Failed,
        n if n.succeeded == n.desired => Phase::Complete,
        n if n.ready + n.succeeded == n.desired => Phase::Running,
        _ => Phase::Starting,
    }
}

fn set_conditions(status: &mut Status, phase: Phase, nodes: &Nodes, now: &str) {
    let reason = format!("{phase:?}");
    let message = format!(
        "{} of {} nodes are ready, {} succeeded, {} failed",
        nodes.ready, nodes.desired, nodes.succeeded, nodes.failed
    );
    let generation = status.observed_generation;
    let conditions = &mut status.conditions;
    let mut set = |type_: &str, value: bool| {
        let mut condition = Condition {
            type_: type_.to_owned(),
            status: if value { "True" } else { "False" }.to_owned(),
            observed_generation: generation,
            last_transition_time: now.to_owned(),
            reason: reason.clone(),
            message: message.clone(),
        };
        match conditions.iter_mut().find(|old| old.type_ == type_) {
            None => conditions.push(condition),
            Some(old) => {
                if old.status == condition.status {
                    condition.last_transition_time = std::mem::take(&mut old.last_transition_time);
                }
                *old = condition;
            }
        }
    };
    let ended = matches!(phase, Phase::Complete | Phase::Failed);
    set("Ready", phase == Phase::Complete);
    set("Running", phase == Phase::Running);
    set(if ended { &reason } else { "Reconciling" }, true);
    if ended {
        conditions.retain(|condition| condition.type_ != "Reconciling");
    }
}
