#include "crds/gen/load.hpp"

#include <algorithm>

namespace slipway::crdgen {

namespace fs = std::filesystem;

Result<std::vector<Crd>> LoadCrds(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    if (entry.path().extension() == ".yaml") paths.push_back(entry.path());
  }
  if (paths.empty()) return Fail(Code::kNotFound, folder.string() + ": holds no *.yaml");
  std::ranges::sort(paths);
  std::vector<Crd> crds;
  for (const fs::path& path : paths) {
    auto crd = ReadFile(path).and_then(
        [&](const std::string& text) { return ParseCrd(text, path.filename().string()); });
    if (!crd) return tl::unexpected(crd.error());
    crds.push_back(std::move(*crd));
  }
  return crds;
}

}  // namespace slipway::crdgen
