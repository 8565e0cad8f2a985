#include "operator/kube/network.hpp"

#include <nlohmann/json.hpp>

#include "operator/base/digest.hpp"

namespace slipway {

Result<NamespaceView> DecodeNamespace(const JsonView& object) {
  if (!object.IsObject()) return Fail(Code::kInternal, "a Namespace that is no JSON object");
  return NamespaceView{};
}

std::string NetworkPolicyDigest(const std::string& spec_json) {
  // The parser sorts the members, so that their order is the same from every side.
  const auto spec = nlohmann::json::parse(spec_json, nullptr, /*allow_exceptions=*/false);
  return spec.is_discarded() ? "" : PlainSha256Hex(spec.dump());
}

Result<NetworkPolicyView> DecodeNetworkPolicy(const JsonView& object) {
  if (!object.IsObject()) return Fail(Code::kInternal, "a NetworkPolicy that is no JSON object");
  const JsonView spec = object["spec"];
  NetworkPolicyView policy;
  policy.spec_digest = NetworkPolicyDigest(spec.Dump());
  spec["ingress"].ForEach([&](const JsonView&) { policy.allows = true; });
  spec["egress"].ForEach([&](const JsonView&) { policy.allows = true; });
  return policy;
}

}  // namespace slipway
