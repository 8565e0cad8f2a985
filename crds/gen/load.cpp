#include "crds/gen/load.hpp"

namespace slipway::crdgen {

namespace fs = std::filesystem;

Result<Texts> ReadTexts(const fs::path& folder) {
  Texts texts;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    if (entry.path().extension() != ".yaml") continue;
    auto text = ReadFile(entry.path());
    if (!text) return tl::unexpected(text.error());
    texts.emplace(entry.path().filename().string(), std::move(*text));
  }
  if (texts.empty()) return Fail(Code::kNotFound, folder.string() + ": holds no *.yaml");
  return texts;
}

Result<std::vector<Crd>> ParseCrds(const Texts& texts) {
  std::vector<Crd> crds;
  for (const auto& [file, text] : texts) {
    auto crd = ParseCrd(text, file);
    if (!crd) return tl::unexpected(crd.error());
    crds.push_back(std::move(*crd));
  }
  return crds;
}

Result<std::vector<Crd>> LoadCrds(const fs::path& folder) {
  return ReadTexts(folder).and_then(ParseCrds);
}

}  // namespace slipway::crdgen
