// The configuration file, then lines of the environment (NAME=value), then of flags (key=value).
#include "operator/config.hpp"

#include <nlohmann/json.hpp>

#include "tests/fuzz/fuzz.hpp"

namespace slipway::fuzz {
namespace {

std::map<std::string, std::string> Assignments(std::string_view text) {
  std::map<std::string, std::string> result;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    const std::size_t equals = line.find('=');
    if (equals != std::string_view::npos) {
      result[std::string(line.substr(0, equals))] = std::string(line.substr(equals + 1));
    }
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return result;
}

void Check(const Config& config) {
  Require(config.workers >= 3 && config.workers <= 256, "workers are within their bounds");
  for (const auto& runtime : config.settings.runtimes) {
    Require(!runtime.name.empty() && !runtime.image.empty(), "a runtime has a name and an image");
  }
  const auto described = nlohmann::json::parse(DescribeConfig(config), nullptr, false);
  Require(!described.is_discarded(), "/debug/config is JSON");
  // It becomes part of every pod.
  Require(IsUtf8(config.settings.worker_image), "an image's name is UTF-8");
}

}  // namespace

void Fuzz(std::string_view input) {
  const auto parts = Parts(input, 3);
  const auto environment = Assignments(parts.size() > 1 ? parts[1] : "");
  std::vector<ConfigSource> sources{
      {"flag", Assignments(parts.size() > 2 ? parts[2] : ""), {}, {}, {}},
      ReadEnvironment([&](const char* name) {
        const auto found = environment.find(name);
        return found == environment.end() ? nullptr : found->second.c_str();
      })};
  const File content(parts[0]);
  auto file = ReadConfigFile(content.Path());
  Require(file || !file.error().message.empty(), "an error says something");
  if (file) sources.push_back(std::move(*file));
  const auto config = MakeConfig(sources);
  if (config) {
    Check(*config);
  } else {
    Require(config.error().message.ends_with('\n'), "problems are a line each");
  }
}

}  // namespace slipway::fuzz
