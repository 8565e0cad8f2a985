// Build tool: turns the CRDs, the only source of the API, into C++ types, codec and reference.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "crds/gen/emit.hpp"
#include "crds/gen/include.hpp"
#include "crds/gen/load.hpp"
#include "crds/gen/samples.hpp"

namespace slipway::crdgen {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kUsage =
    "usage: crdgen DIR            write DIR/generated/* and DIR/REFERENCE.md from DIR/*.yaml, and\n"
    "                             what these include of each other\n"
    "       crdgen --check DIR    fail when one of them is not what it would write\n"
    "       crdgen --samples DIR FILE...  check manifests against the schemas in DIR\n";

int Report(const Error& error) {
  fmt::print(stderr, "crdgen: {}\n", error.message);
  return 1;
}

bool IsStale(const fs::path& path, const std::string& wanted) {
  return ReadFile(path).value_or("") != wanted;
}

int Check(const fs::path& folder, const std::map<std::string, std::string>& files) {
  int stale = 0;
  for (const auto& [name, text] : files) {
    if (!IsStale(folder / name, text)) continue;
    fmt::print(stderr, "crdgen: {} is stale: run `crdgen {}` and commit the result\n",
               (folder / name).string(), folder.string());
    stale = 1;
  }
  return stale;
}

int Write(const fs::path& folder, const std::map<std::string, std::string>& files) {
  fs::create_directories(folder / "generated");
  for (const auto& [name, text] : files) {
    // An unchanged file keeps its time, so that nothing is compiled again.
    if (!IsStale(folder / name, text)) continue;
    std::ofstream(folder / name, std::ios::binary) << text;
    fmt::print("crdgen: wrote {}\n", (folder / name).string());
  }
  return 0;
}

int CheckSamples(const std::vector<Crd>& crds, const std::vector<std::string>& paths) {
  int bad = 0;
  for (const std::string& path : paths) {
    for (const std::string& problem : CheckManifest(crds, path)) {
      fmt::print(stderr, "crdgen: {}\n", problem);
      bad = 1;
    }
  }
  if (bad == 0) fmt::print("crdgen: {} manifests fit their schemas\n", paths.size());
  return bad;
}

/// Everything that crdgen writes: the CRDs with their includes filled in, and what is made of them.
Result<Texts> MakeAll(const Texts& sources) {
  auto filled = FillAllIncludes(sources);
  if (!filled) return filled;
  Texts texts = *filled;
  texts.insert(sources.begin(), sources.end());
  return ParseCrds(texts).and_then(Generate).map([&](Texts files) {
    files.merge(*filled);
    return files;
  });
}

int Run(std::vector<std::string> args) {
  const std::string mode = !args.empty() && args[0].starts_with("--") ? args[0] : "";
  if (!mode.empty()) args.erase(args.begin());
  const bool known = mode.empty() || mode == "--check" || mode == "--samples";
  if (!known || args.empty() || (mode != "--samples" && args.size() != 1)) {
    fmt::print(stderr, "{}", kUsage);
    return 2;
  }
  const fs::path folder = args[0];
  const auto texts = ReadTexts(folder);
  if (!texts) return Report(texts.error());
  if (mode == "--samples") {
    const auto crds = ParseCrds(*texts);
    if (!crds) return Report(crds.error());
    return CheckSamples(*crds, {args.begin() + 1, args.end()});
  }
  const auto files = MakeAll(*texts);
  if (!files) return Report(files.error());
  return mode == "--check" ? Check(folder, *files) : Write(folder, *files);
}

}  // namespace
}  // namespace slipway::crdgen

int main(int argc, char** argv) { return slipway::crdgen::Run({argv + 1, argv + argc}); }
