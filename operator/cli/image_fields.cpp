#include "operator/cli/image_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "crds/gen/check.hpp"
#include "crds/gen/yaml.hpp"
#include "operator/cli/image_list.hpp"
#include "operator/cli/look.hpp"

namespace slipway::cli {
namespace {

using nlohmann::json;

class Finder {
 public:
  explicit Finder(NamedImages& found) : found_(found) {}

  void Take(const std::string& field, const std::string& text) {
    if (!text.empty()) found_.images.emplace_back(field, text);
  }

  /// A custom resource, by its schema.
  void Walk(const crdgen::Schema& schema, const json& value, const std::string& path) {
    for (const crdgen::Property& property : schema.properties) {
      const json& member = At(value, {property.name});
      const std::string field = path + "." + property.name;
      if (NamesImage(property)) {
        if (member.is_string()) Take(field, member.get<std::string>());
      } else {
        Walk(property.schema, member, field);
      }
    }
    if (schema.items && value.is_array()) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        Walk(*schema.items, value[i], fmt::format("{}[{}]", path, i));
      }
    }
    if (schema.values && value.is_object()) {
      for (const auto& [name, member] : value.items()) {
        Walk(*schema.values, member, path + "." + name);
      }
    }
  }

  void Pod(const json& spec, const std::string& path) {
    for (const char* list : {"initContainers", "containers", "ephemeralContainers"}) {
      for (const json& container : List(spec, {list})) {
        const std::string field = fmt::format("{}.{}[{}]", path, list, Text(container, {"name"}));
        Take(field + ".image", Text(container, {"image"}));
        Operator(container, field);
      }
    }
    for (const json& volume : List(spec, {"volumes"})) {
      Take(fmt::format("{}.volumes[{}].image.reference", path, Text(volume, {"name"})),
           Text(volume, {"image", "reference"}));
    }
  }

  /// The file that the operator is configured by.
  void Configuration(const json& object) {
    const auto documents = crdgen::ParseYaml(Text(object, {"data", "config.yaml"}), "config.yaml");
    if (!documents || documents->empty()) return;
    const json config = json::parse(documents->front().dump());
    Worker("data.config.yaml.workerImage", Text(config, {"workerImage"}));
    for (const json& runtime : List(config, {"runtimes"})) {
      const std::string name = Text(runtime, {"name"});
      if (!name.empty()) found_.runtimes.insert(name);
      Take(fmt::format("data.config.yaml.runtimes[{}].image", name), Text(runtime, {"image"}));
    }
  }

 private:
  void Worker(const std::string& field, const std::string& text) {
    Take(field, text);
    found_.has_worker_image = found_.has_worker_image || !text.empty();
  }

  /// The settings that an operator has by flag or environment.
  void Operator(const json& container, const std::string& path) {
    constexpr std::string_view kFlag = "--worker-image=";
    for (const char* list : {"command", "args"}) {
      for (const json& arg : List(container, {list})) {
        const std::string text = arg.is_string() ? arg.get<std::string>() : "";
        if (text.starts_with(kFlag)) Worker(path + "." + list, text.substr(kFlag.size()));
      }
    }
    for (const json& variable : List(container, {"env"})) {
      if (Text(variable, {"name"}) != "SLIPWAY_WORKER_IMAGE") continue;
      Worker(path + ".env[SLIPWAY_WORKER_IMAGE]", Text(variable, {"value"}));
    }
  }

  NamedImages& found_;
};

bool HasFieldImage(const json& value) {
  if (value.is_object() && At(value, {"image"}).is_string()) return true;
  return value.is_structured() && std::any_of(value.begin(), value.end(),
                                              [](const json& one) { return HasFieldImage(one); });
}

bool MakesPods(const std::string& kind) {
  constexpr std::array kKinds{"Deployment", "StatefulSet", "DaemonSet",
                              "ReplicaSet", "Job",         "ReplicationController"};
  return std::ranges::find(kKinds, kind) != kKinds.end();
}

/// Other kinds of Kubernetes itself have no image, though perhaps a text that looks like one.
bool IsBuiltIn(const std::string& version) {
  const std::string group = version.substr(0, version.find('/'));
  return version.find('/') == std::string::npos || group.find('.') == std::string::npos ||
         group.ends_with(".k8s.io");
}

/// Other groups have kinds of these names, too.
bool IsOur(const json& object, std::string_view kind) {
  return Text(object, {"kind"}) == kind && Text(object, {"apiVersion"}).starts_with("slipway.dev/");
}

std::string DigestIn(const std::string& image_id) {
  const auto at = image_id.rfind('@');
  const std::string digest = at == std::string::npos ? "" : image_id.substr(at + 1);
  return ParseImageName("x@" + digest) ? digest : "";
}

}  // namespace

bool NamesImage(const crdgen::Property& property) {
  return property.schema.type == "string" &&
         (property.name == "image" || property.name.ends_with("Image"));
}

NamedImages ImagesIn(const std::vector<crdgen::Crd>& crds, const json& object) {
  NamedImages found;
  Finder finder(found);
  const std::string kind = Text(object, {"kind"});
  const auto* crd = crdgen::FindCrd(
      crds, crdgen::Json{{"kind", kind}, {"apiVersion", Text(object, {"apiVersion"})}});
  if (crd != nullptr) {
    if (const auto* spec = crd->root.Find("spec")) finder.Walk(*spec, At(object, {"spec"}), "spec");
  } else if (kind == "Pod") {
    const std::string phase = Text(object, {"status", "phase"});
    // What has ended is not started again.
    if (phase != "Succeeded" && phase != "Failed") finder.Pod(At(object, {"spec"}), "spec");
  } else if (kind == "PodTemplate") {
    finder.Pod(At(object, {"template", "spec"}), "template.spec");
  } else if (MakesPods(kind)) {
    finder.Pod(At(object, {"spec", "template", "spec"}), "spec.template.spec");
  } else if (kind == "CronJob") {
    finder.Pod(At(object, {"spec", "jobTemplate", "spec", "template", "spec"}),
               "spec.jobTemplate.spec.template.spec");
  } else if (kind == "ConfigMap") {
    finder.Configuration(object);
  } else {
    found.unknown_kind = !IsBuiltIn(Text(object, {"apiVersion"})) && HasFieldImage(object);
  }
  return found;
}

std::vector<std::pair<std::string, std::string>> DigestsOf(const json& pod) {
  std::vector<std::pair<std::string, std::string>> digests;
  const std::array kLists{std::pair{"initContainers", "initContainerStatuses"},
                          std::pair{"containers", "containerStatuses"},
                          std::pair{"ephemeralContainers", "ephemeralContainerStatuses"}};
  for (const auto& [specs, statuses] : kLists) {
    for (const json& status : List(pod, {"status", statuses})) {
      for (const json& container : List(pod, {"spec", specs})) {
        if (Text(container, {"name"}) != Text(status, {"name"})) continue;
        digests.emplace_back(Text(container, {"image"}), DigestIn(Text(status, {"imageID"})));
      }
    }
  }
  return digests;
}

const json& JobSpecOf(const json& object) {
  static const json kNone;
  if (IsOur(object, "TrainingJob")) return At(object, {"spec"});
  if (IsOur(object, "TrainingTrigger")) return At(object, {"spec", "jobTemplate", "spec"});
  return kNone;
}

bool NeedsWorker(const json& object) {
  if (IsOur(object, "DriftMonitor")) return true;
  return IsOur(object, "TrainingTrigger") &&
         (!At(object, {"spec", "onData"}).is_null() || !At(object, {"spec", "onCommit"}).is_null());
}

}  // namespace slipway::cli
