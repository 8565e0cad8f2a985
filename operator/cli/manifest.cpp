#include "operator/cli/manifest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <istream>
#include <iterator>
#include <regex>
#include <set>

#include "crds/gen/check.hpp"
#include "crds/gen/defaults.hpp"
#include "crds/gen/yaml.hpp"
#include "operator/base/utf8.hpp"

namespace slipway::cli {
namespace {

namespace fs = std::filesystem;
using crdgen::Json;

/// An API server takes objects of 3 MiB at most.
constexpr std::uintmax_t kMaxBytes = 8U << 20U;
constexpr std::string_view kGroup = "slipway.dev/";
constexpr std::string_view kNoUid = "00000000-0000-4000-8000-000000000000";

std::string MemberText(const Json& object, const char* member) {
  if (!object.is_object() || !object.contains(member)) return "";
  return object[member].is_string() ? object[member].get<std::string>() : "";
}

void AddDocuments(Reading& reading, const std::string& file, std::vector<Json> bodies) {
  std::size_t number = 0;
  for (Json& body : bodies) {
    ++number;
    const bool list = MemberText(body, "kind") == "List" && MemberText(body, "apiVersion") == "v1";
    if (!list || !body.contains("items") || !body["items"].is_array()) {
      reading.documents.push_back({file, number, std::move(body)});
      continue;
    }
    for (Json& item : body["items"]) reading.documents.push_back({file, number, std::move(item)});
  }
}

void ReadText(Reading& reading, const std::string& file, const std::string& text) {
  if (!IsUtf8(text)) {
    return reading.problems.push_back(file + ": is no text in UTF-8; save it in that encoding");
  }
  auto bodies = crdgen::ParseYaml(text, file);
  if (!bodies) return reading.problems.push_back(bodies.error().message);
  if (bodies->empty()) return reading.problems.push_back(file + ": holds no object");
  AddDocuments(reading, file, std::move(*bodies));
}

void ReadFile(Reading& reading, const fs::path& path) {
  std::error_code error;
  if (const auto bytes = fs::file_size(path, error); !error && bytes > kMaxBytes) {
    return reading.problems.push_back(
        fmt::format("{}: has {} bytes, more than {}; split it", path.string(), bytes, kMaxBytes));
  }
  const auto text = crdgen::ReadFile(path);
  if (!text) return reading.problems.push_back(text.error().message);
  ReadText(reading, path.string(), *text);
}

bool IsManifest(const fs::path& path) {
  constexpr std::array<std::string_view, 3> kEndings{".yaml", ".yml", ".json"};
  return std::ranges::find(kEndings, path.extension().string()) != kEndings.end();
}

void ReadFolder(Reading& reading, const fs::path& folder) {
  std::set<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.is_regular_file(error) && IsManifest(entry.path())) files.insert(entry.path());
  }
  if (files.empty()) {
    reading.problems.push_back(fmt::format("{}: holds no *.yaml, *.yml or *.json{}",
                                           folder.string(),
                                           error ? " that can be read: " + error.message() : ""));
  }
  for (const fs::path& file : files) ReadFile(reading, file);
}

void CheckTexts(const Json& metadata, const char* member, std::vector<std::string>& problems) {
  if (!metadata.contains(member) || metadata[member].is_null()) return;
  const std::string path = fmt::format("metadata.{}", member);
  if (!metadata[member].is_object()) {
    return problems.push_back(path + " must be a map of texts");
  }
  for (const auto& [name, value] : metadata[member].items()) {
    if (value.is_string()) continue;
    problems.push_back(fmt::format("{}.{} = {:.80}: must be string; write it in quotes", path, name,
                                   value.dump(-1, ' ', false, Json::error_handler_t::replace)));
  }
}

/// What every object of Kubernetes must have; a generateName stands for a name.
std::vector<std::string> CheckMetadata(const Json& body) {
  if (!body.contains("metadata") || !body["metadata"].is_object()) {
    return {"the object needs metadata with a name"};
  }
  std::vector<std::string> problems;
  const Json& metadata = body["metadata"];
  static const std::regex kName("[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*");
  for (const char* member : {"name", "namespace"}) {
    if (!metadata.contains(member) || metadata[member].is_null()) continue;
    const std::string text = MemberText(metadata, member);
    if (!text.empty() && text.size() <= 253 && std::regex_match(text, kName)) continue;
    problems.push_back(
        fmt::format("metadata.{} = {:.80}: must be 1 to 253 lower case letters, digits, '-' or "
                    "'.', with a letter "
                    "or digit at both ends",
                    member, metadata[member].dump(-1, ' ', false, Json::error_handler_t::replace)));
  }
  if (!metadata.contains("name") && MemberText(metadata, "generateName").empty()) {
    problems.emplace_back("metadata needs the field name");
  }
  CheckTexts(metadata, "labels", problems);
  CheckTexts(metadata, "annotations", problems);
  return problems;
}

std::string UnknownKind(const std::vector<crdgen::Crd>& crds, const Document& document) {
  std::vector<std::string> known;
  known.reserve(crds.size());
  for (const auto& crd : crds) {
    known.push_back(fmt::format("{} of {}/{}", crd.kind, crd.group, crd.version));
  }
  if (MemberText(document.body, "kind").empty()) {
    return fmt::format("it needs apiVersion and kind; there are {}", fmt::join(known, ", "));
  }
  return fmt::format("kind {:.80} of apiVersion {:.80} is none of this version; there are {}",
                     MemberText(document.body, "kind"), MemberText(document.body, "apiVersion"),
                     fmt::join(known, ", "));
}

nlohmann::json Stored(Json body, const std::string& ns, Instant now) {
  body.erase("status");  // The API server drops it from what users write.
  nlohmann::json object = nlohmann::json::parse(body.dump());
  nlohmann::json& metadata = object["metadata"];
  if (metadata.value("name", nlohmann::json()).is_null()) {
    metadata["name"] = metadata.at("generateName").get<std::string>() + "xxxxx";
  }
  if (metadata.value("namespace", nlohmann::json()).is_null()) metadata["namespace"] = ns;
  metadata["uid"] = kNoUid;
  metadata["resourceVersion"] = "1";
  metadata["generation"] = 1;
  metadata["creationTimestamp"] = FormatTime(now);
  return object;
}

}  // namespace

std::string Document::Where() const { return fmt::format("{}, document {}", file, number); }

Reading ReadDocuments(const std::string& path, std::istream& input) {
  Reading reading;
  std::error_code error;
  if (path == "-") {
    ReadText(reading, "standard input", {std::istreambuf_iterator<char>(input), {}});
  } else if (fs::is_directory(path, error)) {
    ReadFolder(reading, path);
  } else {
    ReadFile(reading, path);
  }
  return reading;
}

bool IsOurs(const Document& document) {
  return MemberText(document.body, "kind").empty() ||
         MemberText(document.body, "apiVersion").starts_with(kGroup);
}

std::string Title(const Document& document) {
  const std::string kind = MemberText(document.body, "kind");
  if (kind.empty()) return "an object without a kind";
  const bool has = document.body.contains("metadata");
  const std::string name = has ? MemberText(document.body["metadata"], "name") : "";
  return fmt::format("{:.63}/{:.253}", kind, name.empty() ? "(no name)" : name);
}

tl::expected<nlohmann::json, std::vector<std::string>> Admit(const std::vector<crdgen::Crd>& crds,
                                                             const Document& document,
                                                             const std::string& ns, Instant now) {
  const crdgen::Crd* crd = FindCrd(crds, document.body);
  if (crd == nullptr) return tl::unexpected(std::vector{UnknownKind(crds, document)});
  std::vector<std::string> problems = CheckMetadata(document.body);
  Json body = crdgen::WithDefaults(crd->root, document.body);
  body.erase("status");
  const auto& shorts = crd->short_names;
  for (const auto& violation : crdgen::CheckAgainst(crd->root, body, "")) {
    const bool explain = violation.way_out.empty() && !shorts.empty();
    std::string text = violation.Text();
    const std::string path = violation.path.substr(0, violation.path.find('['));
    if (explain) text += fmt::format("; see kubectl explain {}.{}", shorts.front(), path);
    problems.push_back(std::move(text));
  }
  if (!problems.empty()) return tl::unexpected(std::move(problems));
  return Stored(std::move(body), ns, now);
}

}  // namespace slipway::cli
