#include "controllers/training_trigger/poll_result.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "controllers/common/text.hpp"
#include "operator/base/clock.hpp"
#include "operator/kube/json_view.hpp"

namespace slipway::training_trigger {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxRevision = 128;  // maxLength of the CRD.

/// A server's words need not be UTF-8, which JSON has to be.
std::string Dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

bool IsRevision(std::string_view text) {
  return !text.empty() && text.size() <= kMaxRevision && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == ':';
  });
}

std::int64_t Count(const JsonView& view) { return std::max<std::int64_t>(view.IntOr(0), 0); }

std::optional<api::DataListing> ReadListing(const JsonView& view) {
  if (!view.IsObject()) return std::nullopt;
  api::DataListing listing;
  listing.objects = Count(view["objects"]);
  const auto newest = ParseTime(view["newestTime"].Text());
  const std::int64_t count = Count(view["newestCount"]);
  if (newest && count > 0) {
    listing.newest_time = std::chrono::floor<std::chrono::seconds>(*newest);
    listing.newest_count = count;
  }
  return listing;
}

}  // namespace

std::string WritePollResult(const PollResult& result) {
  json body = {{"revision", result.revision}};
  if (result.listing) {
    json& listing = body["listing"];
    listing["objects"] = result.listing->objects;
    if (result.listing->newest_time) {
      listing["newestTime"] = FormatTime(*result.listing->newest_time);
      listing["newestCount"] = result.listing->newest_count.value_or(0);
    }
    body["newObjects"] = result.new_objects;
  }
  return Dump(body);
}

std::string WritePollFailure(std::string_view message) {
  return Dump({{"error", OneLine(message)}});
}

Result<PollResult> ReadPollResult(std::string_view text) {
  JsonParser parser;
  const auto root = parser.Parse(text);
  if (!root) return Fail(Code::kInternal, "the result is " + root.error().message);
  if ((*root)["error"].Exists()) return Fail(Code::kInvalid, OneLine((*root)["error"].Text()));
  PollResult result;
  result.revision = (*root)["revision"].Text();
  if (!IsRevision(result.revision)) return Fail(Code::kInternal, "the result has no revision");
  result.listing = ReadListing((*root)["listing"]);
  if (result.listing) result.new_objects = Count((*root)["newObjects"]);
  return result;
}

}  // namespace slipway::training_trigger
