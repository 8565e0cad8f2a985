// Build tool: holds the CRDs to the API conventions; each rule is explained in gen/lint.cpp.
#include <fmt/format.h>

#include <cstdio>

#include "crds/gen/lint.hpp"
#include "crds/gen/load.hpp"

int main(int argc, char** argv) {
  using namespace slipway::crdgen;
  if (argc != 2) {
    fmt::print(stderr, "usage: crdlint DIR    check the CRDs in DIR/*.yaml\n");
    return 2;
  }
  const auto crds = LoadCrds(argv[1]);
  if (!crds) {
    fmt::print(stderr, "crdlint: {}\n", crds.error().message);
    return 1;
  }
  std::size_t count = 0;
  for (const Crd& crd : *crds) {
    for (const Finding& finding : Lint(crd)) {
      fmt::print(stderr, "{}: {}: {} [{}]\n", crd.file, finding.path, finding.message,
                 finding.rule);
      ++count;
    }
  }
  fmt::print("crdlint: {} CRDs, {} findings\n", crds->size(), count);
  return count == 0 ? 0 : 1;
}
