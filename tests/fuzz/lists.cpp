// The pages of a list, each a part of the input; one that is "!" and a number is an HTTP status.
#include <nlohmann/json.hpp>

#include "operator/kube/status_error.hpp"
#include "tests/fuzz/script.hpp"

namespace slipway::fuzz {
namespace {

/// The items of a page as another parser sees them; none when it is no list, -1 when that parser
/// cannot say: it refuses the page, or there are two of one name.
std::optional<int> ItemsOf(const std::string& page) {
  int keys = 0;
  const auto count = [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json& value) {
    if (depth == 1 && event == nlohmann::json::parse_event_t::key && value == "items") ++keys;
    return true;
  };
  const auto json = nlohmann::json::parse(page, count, /*allow_exceptions=*/false);
  if (json.is_discarded() || keys > 1) return -1;
  if (!json.is_object() || !json.contains("items")) return std::nullopt;
  if (json["items"].is_null()) return 0;
  if (!json["items"].is_array()) return std::nullopt;
  return static_cast<int>(json["items"].size());
}

bool Completed(const CheckingSink& sink) {
  return !sink.log.empty() && sink.log.back().starts_with("complete ");
}

}  // namespace

void Fuzz(std::string_view input) {
  CheckingSink sink;
  WatchMachine machine({ResourceType{"apps", "v1", "Deployment", "deployments"}, "team", ""}, sink);
  for (const auto part : Parts(input, 20)) {
    const auto step = machine.Next();
    if (step.action != WatchMachine::Action::kList) return;
    Require(step.request.target.starts_with("/apis/apps/v1/namespaces/team/deployments"),
            "a list is asked for by its path");
    const std::string page(part);
    const std::size_t before = sink.log.size();
    if (page.starts_with('!')) {
      const int status = std::atoi(page.c_str() + 1) % 600;
      Error error = DecodeError(status, "");
      if (status == 413) error.code = Code::kTooLarge;
      machine.OnListPage(tl::unexpected(error));
      Require(sink.log.size() == before, "a failure tells nothing about objects");
      continue;
    }
    machine.OnListPage(page);
    const auto told =
        std::count_if(sink.log.begin() + static_cast<std::ptrdiff_t>(before), sink.log.end(),
                      [](const std::string& line) { return line.starts_with("item "); });
    const auto items = ItemsOf(page);
    Require(items || !Completed(sink), "what is no list is not taken for an empty one", page);
    Require(!Completed(sink) || *items < 0 || told == *items, "every object of a page is told",
            page);
  }
}

}  // namespace slipway::fuzz
