#include "crds/gen/samples.hpp"

#include "crds/gen/check.hpp"

namespace slipway::crdgen {

std::vector<std::string> CheckManifest(const std::vector<Crd>& crds, const std::string& path) {
  const auto documents = LoadYaml(path);
  if (!documents) return {documents.error().message};
  if (documents->empty()) return {path + ": holds no object"};
  std::vector<std::string> problems;
  for (const Json& document : *documents) {
    const Crd* crd = FindCrd(crds, document);
    if (crd == nullptr) {
      problems.push_back(path + ": apiVersion and kind are of none of the CRDs");
      continue;
    }
    for (const Violation& violation : CheckAgainst(crd->root, document, "")) {
      problems.push_back(path + ": " + violation.Text());
    }
  }
  return problems;
}

}  // namespace slipway::crdgen
