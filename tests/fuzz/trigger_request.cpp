// What somebody sends who asks a trigger for a job. Whatever it is, it is refused with a reason
// that can be sent, or becomes a request that a status can hold.
#include "controllers/training_trigger/request.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace slipway::fuzz {

void Fuzz(std::string_view input) {
  const ObjectKey key{kHomeCluster, "team", "churn"};
  api::TrainingTrigger trigger;
  trigger.meta.name = key.name;
  trigger.meta.uid = "u";
  trigger.spec.on_webhook = api::OnWebhook{1};
  const ResourceType& type = api::kTrainingTriggerType;
  const Snapshot world({std::make_shared<const Object>(
      Object{type, key, trigger.meta, std::make_shared<const api::TrainingTrigger>(trigger), {}})});
  const std::vector<WriteFailure> none;
  const TakenRequest taken =
      training_trigger::TakeRequest({key, world, *ParseTime("2026-09-01T12:00:00Z"), none},
                                    {IsUtf8(input) ? std::string(input) : "ci", input});
  Require(taken.code == 202 || taken.code == 400, "it is taken or refused");
  Require(!taken.text.empty() && IsUtf8(taken.text) && taken.text.size() <= 1024, "an answer fits",
          taken.text);
  Require(taken.status.has_value() == (taken.code == 202), "what is taken is recorded");
  if (!taken.status) return;
  const auto& pending = (*taken.status)["webhook"]["pending"];
  Require(pending.size() == 1, "it is one");
  const auto id = pending[0]["id"].get<std::string>();
  Require(!id.empty() && id.size() <= 128, "an id fits", id);
  Require(pending[0]["user"].get<std::string>().size() <= 512, "a user fits");
  Require(pending[0].value("cause", "").size() <= 256, "a cause fits");
  Require(IsUtf8(taken.status->dump()), "it can be written");
}

}  // namespace slipway::fuzz
