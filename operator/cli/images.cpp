#include "operator/cli/images.hpp"

#include <fmt/format.h>

#include <ostream>

#include "crds/gen/check.hpp"
#include "operator/cli/image_text.hpp"
#include "operator/cli/look.hpp"
#include "operator/cli/manifest.hpp"
#include "operator/cli/plan.hpp"
#include "operator/cli/text.hpp"

namespace slipway::cli {
namespace {

using nlohmann::json;

bool IsCustom(const json& object) {
  return Text(object, {"apiVersion"}).starts_with("slipway.dev/");
}

json Refused(const std::vector<crdgen::Crd>& crds, const Document& document,
             const std::string& ns) {
  json object = json::parse(document.body.dump());
  const auto* crd = crdgen::FindCrd(crds, document.body);
  const bool namespaced = crd != nullptr && crd->scope != "Cluster";
  if (namespaced && At(object, {"metadata"}).is_object() &&
      Text(object, {"metadata", "namespace"}).empty()) {
    object["metadata"]["namespace"] = ns;
  }
  return object;
}

/// Those without a scope of their own have the namespace that Admit gives every object.
json Admitted(const std::vector<crdgen::Crd>& crds, const Document& document, json object) {
  const auto* crd = crdgen::FindCrd(crds, document.body);
  if (crd != nullptr && crd->scope == "Cluster") object["metadata"].erase("namespace");
  return object;
}

std::string Show(const ImageList& list, const ImagesOptions& options) {
  if (options.output == "name") return ImageNames(list, options.mirrors);
  if (options.output == "json") {
    return ImageJson(list, options.mirrors).dump(2, ' ', false, json::error_handler_t::replace) +
           "\n";
  }
  if (options.output == "skopeo") return SkopeoYaml(list);
  if (options.output == "oc-mirror") return OcMirrorYaml(list);
  return ImageTable(list, options.mirrors, options.output == "wide");
}

}  // namespace

Manifests ReadManifests(const std::vector<crdgen::Crd>& crds, const std::vector<std::string>& files,
                        std::istream& input, const std::string& ns, Instant now) {
  Manifests manifests;
  for (const std::string& file : files) {
    Reading reading = ReadDocuments(file, input);
    std::ranges::move(reading.problems, std::back_inserter(manifests.problems));
    for (const Document& document : reading.documents) {
      if (!IsOurs(document)) {
        manifests.objects.push_back(json::parse(document.body.dump()));
        continue;
      }
      auto admitted = Admit(crds, document, ns, now);
      if (admitted) {
        manifests.objects.push_back(Admitted(crds, document, std::move(*admitted)));
        continue;
      }
      for (const std::string& problem : admitted.error()) {
        manifests.problems.push_back(
            fmt::format("{}: {}: {}", document.Where(), Title(document), problem));
      }
      manifests.objects.push_back(Refused(crds, document, ns));
    }
  }
  return manifests;
}

std::set<std::string> NamespacesOf(const std::vector<json>& objects) {
  std::set<std::string> namespaces;
  for (const json& object : objects) {
    const std::string ns = Text(object, {"metadata", "namespace"});
    if (IsCustom(object) && !ns.empty()) namespaces.insert(ns);
  }
  return namespaces;
}

int ShowImages(const ImageList& list, const ImagesOptions& options, std::ostream& out,
               std::ostream& problems) {
  out << Show(list, options);
  for (const std::string& problem : list.problems) problems << "error: " << Line(problem) << "\n";
  if (list.images.empty() && list.problems.empty()) problems << "nothing names an image\n";
  if (!list.problems.empty()) problems << "error: the list is not complete\n";
  const std::string without = WithoutDigest(list);
  const bool refused = options.require_digest && !without.empty();
  if (refused) {
    problems << "error: " << without << ", which --require-digest demands; without -o the way out "
             << "is told\n";
  }
  return refused || !list.problems.empty() ? kExitError : kExitFine;
}

}  // namespace slipway::cli
