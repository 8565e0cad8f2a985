#include "controllers/training_trigger/signal.hpp"

#include "controllers/common/labels.hpp"
#include "controllers/common/names.hpp"
#include "operator/base/lower_case.hpp"

namespace slipway::training_trigger {
namespace {

using nlohmann::json;

std::string Annotation(const ObjectMeta& meta, std::string_view name) {
  const auto found = meta.annotations.find(name);
  return found == meta.annotations.end() ? std::string() : std::string(found->second);
}

void NameCommit(const api::TrainingTrigger& trigger, const std::string& commit, json& spec) {
  const json::json_pointer place("/inputs/code/git");
  if (!trigger.spec.on_commit || !spec.contains(place) || spec[place].contains("commit")) return;
  if (spec[place].value("url", "") == trigger.spec.on_commit->git.url) {
    spec[place]["commit"] = commit;
  }
}

}  // namespace

ObjectKey JobKey(const ObjectKey& key, const api::TrainingTrigger& trigger, api::TriggerCause cause,
                 const std::string& id) {
  // The id belongs to the hash alone: it may be long, and of characters that a name cannot have.
  return ChildKey(
      key, ChildName(trigger.meta.name, trigger.meta.uid + "/" + id, InLowerCase(ToString(cause))));
}

Create MakeJob(const ObjectKey& key, const api::TrainingTrigger& trigger, const Signal& signal) {
  json body = json::parse(trigger.spec.job_template.text);
  for (const auto& [name, value] : ChildLabels(kApplication, trigger.meta, kJobRole)) {
    body["metadata"]["labels"][name] = value;
  }
  json& annotations = body["metadata"]["annotations"];
  annotations[std::string(kTriggerCause)] = ToString(signal.cause);
  annotations[std::string(kSignalId)] = signal.id;
  annotations[std::string(kSignalTime)] = FormatTime(signal.time);
  if (!signal.note.empty()) annotations[std::string(kSignalNote)] = signal.note;
  if (!signal.revision.empty()) annotations[std::string(kTriggerRevision)] = signal.revision;
  if (signal.cause == api::TriggerCause::kCommit) {
    NameCommit(trigger, signal.revision, body["spec"]);
  }
  return {api::kTrainingJobType, JobKey(key, trigger, signal.cause, signal.id), std::move(body)};
}

std::optional<Signal> SignalOf(const ObjectMeta& meta) {
  const std::string cause = Annotation(meta, kTriggerCause);
  const auto time = ParseTime(Annotation(meta, kSignalTime));
  if (!time) return std::nullopt;
  using enum api::TriggerCause;
  for (const auto known : {kDrift, kCommit, kData, kWebhook}) {
    if (cause != ToString(known)) continue;
    return Signal{known, Annotation(meta, kSignalId),       *time, {},
                  {},    Annotation(meta, kTriggerRevision)};
  }
  return std::nullopt;
}

}  // namespace slipway::training_trigger
