#pragma once

#include <string>
#include <string_view>

#include "controllers/training_trigger/observe.hpp"
#include "operator/run/controller.hpp"

/// Jobs by request: somebody who has the right `trigger` on the object asks for one by HTTP. What
/// was taken is in the status, and becomes a job by a pass.
namespace slipway::training_trigger {

/// Answers a request: 202 and the job's name when it was taken, 200 and the name when one of its id
/// was taken before, else why not. `input.world` has the trigger.
///
/// The body is empty, or {"id": "build-4711", "cause": "commit 1f3c of main"}, both optional.
/// Without an id each request is another one.
TakenRequest TakeRequest(const ReconcileInput& input, const AuthorizedRequest& request);

/// Adds the requests that wait, oldest first. `base` is where the installation takes requests;
/// empty when it takes none.
void FindRequests(const ObjectKey& key, const api::TrainingTrigger& trigger,
                  const std::string& base, Observed& observed);

/// Records which requests have their job: those with one in view, and the one that this pass has
/// started, if any.
void RecordRequests(api::TrainingTriggerStatus& status, const ObjectKey& key,
                    const api::TrainingTrigger& trigger, const Observed& observed,
                    const Signal* started, Instant now);

/// The request of status.lastTrigger, for people; who has sent it is told by the status before.
std::string NameStartedRequest(const api::TrainingTriggerStatus& before,
                               const api::TrainingTriggerStatus& after);

/// Whether the status does not say any more that the request waits.
bool IsRequestRecorded(const api::TrainingTrigger& trigger, const StartedJob& job);

}  // namespace slipway::training_trigger
