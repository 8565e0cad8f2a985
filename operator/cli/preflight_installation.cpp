#include <fmt/format.h>

#include <algorithm>

#include "operator/cli/image_text.hpp"
#include "operator/cli/look.hpp"
#include "operator/cli/preflight_checks.hpp"
#include "operator/cli/text.hpp"

/// What of Slipway is there: definitions, operator, images.
namespace slipway::cli {
namespace {

using nlohmann::json;
using Fields = std::set<std::string>;

void FieldsOf(const crdgen::Schema& schema, const std::string& path, Fields& fields) {
  for (const crdgen::Property& property : schema.properties) {
    fields.insert(path + property.name);
    FieldsOf(property.schema, path + property.name + ".", fields);
  }
  if (schema.items) FieldsOf(*schema.items, path, fields);
  if (schema.values) FieldsOf(*schema.values, path, fields);
}

/// The same of an OpenAPI schema as the API server has it.
void FieldsOf(const json& schema, const std::string& path, Fields& fields) {
  if (const json& properties = At(schema, {"properties"}); properties.is_object()) {
    for (const auto& [name, property] : properties.items()) {
      fields.insert(path + name);
      FieldsOf(property, path + name + ".", fields);
    }
  }
  if (schema.is_object() && schema.contains("items")) FieldsOf(schema["items"], path, fields);
  if (schema.is_object() && schema.contains("additionalProperties")) {
    FieldsOf(schema["additionalProperties"], path, fields);
  }
}

Fields Without(const Fields& some, const Fields& others) {
  Fields rest;
  std::ranges::set_difference(some, others, std::inserter(rest, rest.end()));
  // What every object has stands in no definition.
  std::erase_if(rest,
                [](const std::string& field) { return field.find('.') == std::string::npos; });
  return rest;
}

const json* Find(const std::vector<json>& objects, const std::string& name) {
  const auto found =
      std::ranges::find_if(objects, [&](const json& object) { return Name(object) == name; });
  return found == objects.end() ? nullptr : &*found;
}

constexpr const char* kApplyAgain =
    "helm upgrade of the release that runs, with this program of the same release";

std::optional<Check> DefinitionTrouble(const crdgen::Crd& crd, const json& definition) {
  const std::string name = "CRD " + crd.plural;
  if (!Holds(definition, "Established")) {
    const std::string why = Text(Condition(definition, "NamesAccepted"), {"message"});
    return Check{Verdict::kFail, name,
                 "not established: " + (why.empty() ? "no reason given" : why),
                 "kubectl describe crd " + Name(definition)};
  }
  for (const json& version : List(definition, {"spec", "versions"})) {
    if (Text(version, {"name"}) != crd.version || !Flag(version, {"served"})) continue;
    Fields ours;
    Fields theirs;
    FieldsOf(crd.root, "", ours);
    FieldsOf(At(version, {"schema", "openAPIV3Schema"}), "", theirs);
    const Fields missing = Without(ours, theirs);
    const Fields unknown = Without(theirs, ours);
    if (missing.empty() && unknown.empty()) return std::nullopt;
    const Fields& fields = missing.empty() ? unknown : missing;
    return Check{Verdict::kWarn, name,
                 fmt::format("of another release: it {} {}, such as {}",
                             missing.empty() ? "has, unknown to this program," : "lacks",
                             Count(fields.size(), "field"), *fields.begin()),
                 kApplyAgain};
  }
  return Check{Verdict::kFail, name, fmt::format("does not serve version {}", crd.version),
               "helm upgrade, which brings the definitions with it"};
}

bool DemandsDigests(const json& policy) {
  return Text(policy, {"spec", "profile"}) == "AirGapped" ||
         Flag(policy, {"spec", "images", "requireDigest"});
}

}  // namespace

void AddDefinitions(const Facts& facts, const std::vector<crdgen::Crd>& crds,
                    std::vector<Check>& checks) {
  if (auto unseen = FirstUnseen(facts, "CRDs", {"customresourcedefinitions"})) {
    return checks.push_back(std::move(*unseen));
  }
  std::size_t missing = 0;
  std::vector<Check> troubles;
  for (const crdgen::Crd& crd : crds) {
    const json* definition = Find(facts.definitions, crd.plural + "." + crd.group);
    if (definition == nullptr) {
      ++missing;
      troubles.push_back({Verdict::kFail, "CRD " + crd.plural, "is not installed",
                          "helm upgrade, or kubectl apply --server-side -f crds/"});
    } else if (auto trouble = DefinitionTrouble(crd, *definition)) {
      troubles.push_back(std::move(*trouble));
    }
  }
  if (missing == crds.size() && facts.operators.empty()) {
    return checks.push_back(
        {Verdict::kWarn, "CRDs", "none is installed yet", "helm install brings them"});
  }
  if (troubles.empty()) {
    checks.push_back({Verdict::kOk, "CRDs",
                      fmt::format("all {} are installed and of this release", crds.size()), ""});
  }
  std::ranges::move(troubles, std::back_inserter(checks));
}

void AddOperator(const Facts& facts, std::string_view version, std::vector<Check>& checks) {
  const std::string check = "operator";
  if (auto unseen = FirstUnseen(facts, check, {"deployments"})) {
    return checks.push_back(std::move(*unseen));
  }
  if (facts.operators.empty()) {
    return checks.push_back(
        {Verdict::kWarn, check,
         fmt::format("no Deployment with app.kubernetes.io/name=slipway in namespace {}",
                     facts.operator_ns),
         "helm install; if it runs elsewhere, --operator-namespace"});
  }
  for (const json& deployment : facts.operators) {
    const std::int64_t wanted = Number(deployment, {"spec", "replicas"});
    const std::int64_t ready = Number(deployment, {"status", "readyReplicas"});
    const std::string runs = Label(deployment, "app.kubernetes.io/version");
    std::string seen =
        fmt::format("Deployment {}/{}: {} of {} ready", facts.operator_ns, Name(deployment), ready,
                    Count(static_cast<std::size_t>(wanted), "replica"));
    if (ready < wanted || wanted == 0) {
      checks.push_back({ready == 0 ? Verdict::kFail : Verdict::kWarn, check, seen,
                        fmt::format("kubectl -n {} describe pods -l app.kubernetes.io/name=slipway",
                                    facts.operator_ns)});
    } else if (!runs.empty() && runs != version) {
      checks.push_back(
          {Verdict::kWarn, check,
           fmt::format("{}, of release {}; this program is of {}", seen, runs, version),
           "the program of that release"});
    } else {
      checks.push_back({Verdict::kOk, check, seen, ""});
    }
  }
}

void AddImages(const Facts& facts, const std::vector<crdgen::Crd>& crds,
               std::vector<Check>& checks) {
  const std::string check = "images";
  std::vector<std::string> sources{"deployments", "configmaps", "pods"};
  for (const crdgen::Crd& crd : crds) sources.push_back(crd.plural);
  if (auto unseen = FirstUnseen(facts, check, sources)) {
    return checks.push_back(std::move(*unseen));
  }
  for (const std::string& problem : facts.images.problems) {
    checks.push_back(
        {Verdict::kWarn, check, problem, "kubectl slipway images lists what is known"});
  }
  if (facts.images.images.empty()) {
    return checks.push_back({Verdict::kOk, check, "nothing names one yet", ""});
  }
  const std::string without = WithoutDigest(facts.images);
  if (without.empty()) {
    return checks.push_back(
        {Verdict::kOk, check,
         fmt::format("the digest of {} is known", Count(facts.images.images.size(), "image")), ""});
  }
  const auto policy = std::ranges::find_if(facts.policies, DemandsDigests);
  std::string seen = without;
  if (policy != facts.policies.end()) {
    seen += fmt::format(", which IsolationPolicy {} demands", Name(*policy));
  }
  checks.push_back({policy == facts.policies.end() ? Verdict::kWarn : Verdict::kFail, check, seen,
                    "kubectl slipway images says which, and where they are named"});
}

}  // namespace slipway::cli
