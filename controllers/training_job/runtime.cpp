#include "controllers/training_job/runtime.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "controllers/training_job/observe.hpp"

namespace slipway::training_job {
namespace {

using nlohmann::json;

/// Where an object of that kind is filed: kind and name, and the namespace of one that has one.
std::string FiledUnder(api::RuntimeKind kind, const std::string& ns, const std::string& name) {
  const bool everywhere = kind == api::RuntimeKind::kClusterRuntime;
  return everywhere ? name : fmt::format("{}/{}", ns, name);
}

Lookup LookUp(const AnyResource& resource, api::RuntimeKind kind) {
  return {
      resource,
      [kind](const Object& runtime) { return FiledUnder(kind, runtime.key.ns, runtime.key.name); },
      [kind](const Object& object) -> std::vector<std::string> {
        const auto& ref = static_cast<const api::TrainingJob*>(object.body.get())->spec.runtime_ref;
        if (!ref || ref->kind != kind) return {};
        return {FiledUnder(kind, object.key.ns, ref->name)};
      }};
}

template <class T>
std::optional<api::RuntimeRecord> Record(const api::RuntimeRef& ref, const T* runtime) {
  if (runtime == nullptr) return std::nullopt;
  return api::RuntimeRecord{ref.kind,
                            ref.name,
                            runtime->meta.uid,
                            runtime->meta.generation,
                            runtime->spec.framework,
                            runtime->spec.trainer};
}

std::optional<api::RuntimeRecord> FindRuntime(const ObjectKey& key, const api::RuntimeRef& ref,
                                              const Snapshot& world) {
  if (ref.kind == api::RuntimeKind::kClusterRuntime) {
    return Record(ref, world.Find(kClusterRuntimes, {key.cluster, "", ref.name}));
  }
  return Record(ref, world.Find(kRuntimes, {key.cluster, key.ns, ref.name}));
}

/// What the status says that the group under way is made from.
std::optional<api::RuntimeRecord> Recorded(const api::TrainingJob& job) {
  if (!job.status || !job.status->runtime || !job.status->start_time) return std::nullopt;
  const api::RuntimeRecord& record = *job.status->runtime;
  const api::RuntimeRef& ref = *job.spec.runtime_ref;
  if (record.kind != ref.kind || record.name != ref.name) return std::nullopt;
  if (ReadRecord(job).suspended) return std::nullopt;
  return record;
}

std::string Name(const api::RuntimeRef& ref) {
  return fmt::format("{} {}", ToString(ref.kind), ref.name);
}

Problem DescribeMissing(const api::RuntimeRef& ref) {
  const bool everywhere = ref.kind == api::RuntimeKind::kClusterRuntime;
  return {std::string(reason::kRuntimeNotFound),
          fmt::format("spec.runtimeRef names {}, which does not exist{}; create it, or suspend the "
                      "job and name one that `kubectl get {}` shows",
                      Name(ref), everywhere ? "" : " in this namespace",
                      everywhere ? "clusterruntimes" : "runtimes"),
          true};
}

Problem DescribeMismatch(const api::TrainingJob& job, const api::RuntimeRecord& runtime) {
  return {std::string(reason::kRuntimeMismatch),
          fmt::format("spec.framework is {}, but {} is for {}; create the job again without "
                      "spec.framework, or with a runtime for {}",
                      ToString(job.spec.framework), Name(*job.spec.runtime_ref),
                      ToString(runtime.framework), ToString(job.spec.framework)),
          true};
}

Problem DescribeNoImage(const api::RuntimeRef& ref) {
  return {
      std::string(reason::kNoImage),
      fmt::format("neither spec.trainer.image is set nor does {} have an image; set one of them",
                  Name(ref)),
      true};
}

/// The field by which entries of a list are told apart; empty when they are not.
std::string_view KeyOf(const json& entry) {
  if (!entry.is_object()) return "";
  for (const std::string_view key : {"mountPath", "name"}) {
    if (entry.contains(key)) return key;
  }
  return "";
}

json MergeLists(const json& under, const json& over) {
  json merged = under;
  for (const json& entry : over) {
    const auto key = KeyOf(entry);
    const auto same = std::ranges::find_if(merged, [&](const json& other) {
      return key.empty() ? other == entry : other.value(key, json()) == entry[key];
    });
    if (same == merged.end()) {
      merged.push_back(entry);
    } else {
      *same = entry;
    }
  }
  return merged;
}

bool HoldsObjects(const json& list) {
  return list.is_array() && !list.empty() && list.front().is_object();
}

json Merge(const json& under, const json& over) {
  if (HoldsObjects(under) && over.is_array()) return MergeLists(under, over);
  if (!under.is_object() || !over.is_object()) return over;
  json merged = under;
  for (const auto& [name, value] : over.items()) {
    merged[name] = merged.contains(name) ? Merge(merged[name], value) : value;
  }
  return merged;
}

/// The spec with another trainer, decoded as a whole job, since that is what the codec knows.
Result<api::TrainingJobSpec> WithTrainer(const api::TrainingJobSpec& spec, json trainer) {
  json job = {{"metadata", {{"name", "x"}, {"uid", "x"}}}, {"spec", ToJson(spec)}};
  job["spec"]["trainer"] = std::move(trainer);
  const std::string text = job.dump();
  JsonParser parser;
  return parser.Parse(text).and_then(api::DecodeTrainingJob).map([](api::TrainingJob decoded) {
    return std::move(decoded.spec);
  });
}

/// Puts the job over what its runtime says.
std::optional<Problem> Complete(api::TrainingJob& job, const api::RuntimeRecord& runtime) {
  if (job.spec.framework == api::Framework::kCustom) {
    job.spec.framework = runtime.framework;
  } else if (job.spec.framework != runtime.framework) {
    return DescribeMismatch(job, runtime);
  }
  const json under = runtime.trainer ? json::parse(runtime.trainer->text) : json::object();
  auto spec = WithTrainer(job.spec, MergeTrainer(under, ToJson(job.spec.trainer)));
  if (!spec) {
    return Problem{std::string(reason::kUnsupportedValue),
                   fmt::format("{}: {}; correct the runtime", Name(*job.spec.runtime_ref),
                               spec.error().message),
                   true};
  }
  job.spec = std::move(*spec);
  if (!job.spec.trainer.image) return DescribeNoImage(*job.spec.runtime_ref);
  return std::nullopt;
}

}  // namespace

std::vector<Lookup> LookUpRuntimes() {
  return {LookUp(kClusterRuntimes, api::RuntimeKind::kClusterRuntime),
          LookUp(kRuntimes, api::RuntimeKind::kRuntime)};
}

bool Resolved::IsUnrecorded() const {
  return runtime && (!job.status || job.status->runtime != runtime);
}

Resolved Resolve(const ObjectKey& key, const api::TrainingJob& job, const Snapshot& world) {
  Resolved resolved{job, std::nullopt, std::nullopt};
  if (!job.spec.runtime_ref) return resolved;
  resolved.runtime = Recorded(job);
  if (!resolved.runtime) resolved.runtime = FindRuntime(key, *job.spec.runtime_ref, world);
  resolved.problem = resolved.runtime ? Complete(resolved.job, *resolved.runtime)
                                      : DescribeMissing(*job.spec.runtime_ref);
  return resolved;
}

json MergeTrainer(const json& runtime, const json& job) {
  json under = runtime;
  json over = job;
  if (over.contains("command")) under.erase("args");
  if (over.value("numProcPerNode", json("auto")) == "auto" && under.contains("numProcPerNode")) {
    over.erase("numProcPerNode");
  }
  return Merge(under, over);
}

}  // namespace slipway::training_job
