#include "controllers/training_job/node_set.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace slipway::training_job {
namespace {

std::optional<std::size_t> ParseIndex(std::string_view text) {
  std::size_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  return error == std::errc{} && stopped == end ? std::optional(value) : std::nullopt;
}

void AddRange(std::string_view range, NodeSet& nodes) {
  const auto dash = range.find('-');
  const auto first = ParseIndex(range.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : ParseIndex(range.substr(dash + 1));
  if (!first || !last) return;
  for (std::size_t i = *first; i <= *last && i < nodes.size(); ++i) nodes[i] = true;
}

}  // namespace

std::string FormatNodes(const NodeSet& nodes) {
  std::string text;
  for (std::size_t first = 0; first < nodes.size(); ++first) {
    if (!nodes[first]) continue;
    std::size_t last = first;
    while (last + 1 < nodes.size() && nodes[last + 1]) ++last;
    if (!text.empty()) text += ',';
    text += std::to_string(first);
    if (last > first) text += '-' + std::to_string(last);
    first = last;
  }
  return text;
}

NodeSet ParseNodes(std::string_view text, std::size_t size) {
  NodeSet nodes(size);
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    AddRange(text.substr(0, comma), nodes);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return nodes;
}

}  // namespace slipway::training_job
