#pragma once

#include "tests/faults/explorer/environment.hpp"

/// The controllers of apps/v1 Deployments and of HorizontalPodAutoscalers, as far as a
/// ModelDeployment depends on them. There are no pods: their Deployment says how many are ready.
namespace slipway::explorer {

bool IsDeployment(const Facts& facts);
bool IsAutoscaler(const Facts& facts);

/// Hears of the newest spec; a changed template makes all pods old.
Blob Observe(Blobs& blobs, Blob deployment);
/// Makes the pods of the newest form; the old ones stay until those are ready.
Blob MakePods(Blobs& blobs, Blob deployment);
/// The pods of the newest form are ready, and there are no others.
Blob FinishRollout(Blobs& blobs, Blob deployment);
/// progressDeadlineSeconds is over.
Blob GiveUp(Blobs& blobs, Blob deployment);
/// All pods stop being ready.
Blob LosePods(Blobs& blobs, Blob deployment);
/// As the autoscaler does it: sets spec.replicas by an update.
Blob ScaleByAutoscaler(Blobs& blobs, Blob deployment, int replicas);
/// The autoscaler reports.
Blob ReportAutoscaler(Blobs& blobs, Blob autoscaler);

/// Each returns the object itself when there is nothing to do. What they do of themselves:
void DeploymentMoves(const Machine& machine, const State& state, const Emit& emit);
/// One step of all of them; false when they have nothing to do. When programs fail no pod that is
/// not ready yet ever becomes so.
bool FairDeployments(const Machine& machine, State& state, bool fails);

}  // namespace slipway::explorer
