#include "controllers/common/quantity.hpp"

#include <map>
#include <string>

namespace slipway {
namespace {

nlohmann::json Canonical(const std::map<std::string, std::string>& quantities) {
  nlohmann::json result = nlohmann::json::object();
  for (const auto& [name, quantity] : quantities) result[name] = CanonicalRequest(quantity);
  return result;
}

}  // namespace

nlohmann::json CanonicalResources(const api::Resources& resources) {
  nlohmann::json result = nlohmann::json::object();
  if (!resources.requests.empty()) result["requests"] = Canonical(resources.requests);
  if (!resources.limits.empty()) result["limits"] = Canonical(resources.limits);
  return result;
}

}  // namespace slipway
