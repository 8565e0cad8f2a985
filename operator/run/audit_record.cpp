#include "operator/run/audit_record.hpp"

#include <algorithm>
#include <charconv>

#include "operator/base/digest.hpp"

namespace slipway::audit {

using nlohmann::json;

std::string ToString(const Head& head) {
  return head.chain + ":" + std::to_string(head.seq) + ":" + head.hash;
}

std::optional<Head> ParseHead(std::string_view text) {
  const auto last = text.rfind(':');
  if (last == std::string_view::npos || last == 0) return std::nullopt;
  const auto first = text.rfind(':', last - 1);
  if (first == std::string_view::npos || first == 0) return std::nullopt;
  const std::string_view number = text.substr(first + 1, last - first - 1);
  Head head{std::string(text.substr(0, first)), 0, std::string(text.substr(last + 1))};
  const auto [stop, error] =
      std::from_chars(number.data(), number.data() + number.size(), head.seq);
  const bool hex = std::ranges::all_of(
      head.hash, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (error != std::errc() || stop != number.data() + number.size() || head.seq == 0 || !hex ||
      head.hash.size() != 64) {
    return std::nullopt;
  }
  return head;
}

std::string ToText(const json& record) {
  // What is no UTF-8 must not keep a record from being written.
  return record.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string HashOf(json record) {
  record.erase("hash");
  return PlainSha256Hex(ToText(record));
}

std::string Seal(json record, Head& head) {
  record[std::string(kMark)] = kVersion;
  record["chain"] = head.chain;
  record["seq"] = head.seq + 1;
  record["prev"] = head.hash.empty() ? json() : json(head.hash);
  std::string hash = HashOf(record);
  record["hash"] = hash;
  ++head.seq;
  head.hash = std::move(hash);
  return ToText(record);
}

std::optional<ObjectState> StateOf(std::string_view text) {
  json object = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return std::nullopt;
  ObjectState state;
  for (const char* member : {"apiVersion", "kind", "status"}) object.erase(member);
  if (const auto meta = object.find("metadata"); meta != object.end() && meta->is_object()) {
    const auto text_of = [&](const char* member) {
      const auto found = meta->find(member);
      return found != meta->end() && found->is_string() ? found->get<std::string>() : "";
    };
    state.uid = text_of("uid");
    state.resource_version = text_of("resourceVersion");
    for (const char* member : {"managedFields", "resourceVersion"}) meta->erase(member);
  }
  state.sha256 = PlainSha256Hex(ToText(object));
  return state;
}

}  // namespace slipway::audit
