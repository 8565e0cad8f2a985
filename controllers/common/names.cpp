#include "controllers/common/names.hpp"

#include <algorithm>
#include <utility>

#include "operator/base/hash.hpp"

namespace slipway {
namespace {

constexpr std::size_t kMaxDnsLabel = 63;

bool IsLabelChar(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

}  // namespace

std::string ChildName(std::string_view owner_name, std::string_view owner_uid,
                      std::string_view role) {
  const std::string back = "-" + std::string(role) + "-" + ShortHash({owner_uid, role});
  // A custom resource may be called "2024.churn"; a Service may not (RFC 1035: no dot, and a
  // letter first).
  std::string front(owner_name);
  if (front.empty() || front.front() < 'a' || front.front() > 'z') front.insert(0, "x-");
  std::replace_if(
      front.begin(), front.end(), [](char c) { return !IsLabelChar(c); }, '-');
  front.resize(std::min(front.size(), kMaxDnsLabel - std::min(kMaxDnsLabel - 1, back.size())));
  while (front.size() > 1 && front.back() == '-') front.pop_back();
  return front + back;
}

ObjectKey ChildKey(const ObjectKey& owner, std::string name) {
  return {owner.cluster, owner.ns, std::move(name)};
}

}  // namespace slipway
