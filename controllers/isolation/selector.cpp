#include "controllers/isolation/selector.hpp"

#include <algorithm>

namespace slipway::isolation {
namespace {

bool Holds(const api::LabelSelectorRequirement& requirement, const Labels& labels) {
  using Operator = api::LabelSelectorOperator;
  const auto label = labels.find(requirement.key);
  const bool there = label != labels.end();
  const auto listed = [&] {
    return there &&
           std::ranges::find(requirement.values, label->second) != requirement.values.end();
  };
  switch (requirement.operator_) {
    case Operator::kIn: return listed();
    case Operator::kNotIn: return !listed();
    case Operator::kExists: return there;
    case Operator::kDoesNotExist: return !there;
    case Operator::kUnknown: return true;
  }
  return true;
}

}  // namespace

bool Selects(const api::LabelSelector& selector, const Labels& labels) {
  const auto is_there = [&](const auto& wanted) {
    const auto label = labels.find(wanted.first);
    return label != labels.end() && label->second == wanted.second;
  };
  return std::ranges::all_of(selector.match_labels, is_there) &&
         std::ranges::all_of(selector.match_expressions,
                             [&](const auto& requirement) { return Holds(requirement, labels); });
}

std::optional<api::LabelSelector> Both(const api::LabelSelector& one,
                                       const api::LabelSelector& other) {
  api::LabelSelector both = one;
  for (const auto& [name, value] : other.match_labels) {
    const auto [label, added] = both.match_labels.emplace(name, value);
    if (!added && label->second != value) return std::nullopt;
  }
  for (const auto& requirement : other.match_expressions) {
    auto& all = both.match_expressions;
    if (std::ranges::find(all, requirement) == all.end()) all.push_back(requirement);
  }
  return both;
}

}  // namespace slipway::isolation
