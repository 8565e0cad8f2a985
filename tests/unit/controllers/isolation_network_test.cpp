#include <gmock/gmock.h>

#include "controllers/isolation/network.hpp"
#include "operator/kube/network.hpp"

namespace slipway::isolation {
namespace {

using nlohmann::json;

Rules Closed() {
  Rules rules;
  rules.policies = {"pci"};
  rules.closed = true;
  rules.block_metadata = true;
  return rules;
}

Settings WithReports(const std::string& place) {
  Settings settings;
  settings.probe_reachable = place;
  return settings;
}

api::IsolationPeer Cidr(std::string cidr) {
  api::IsolationPeer peer;
  peer.cidr = std::move(cidr);
  return peer;
}

TEST(IsolationNetwork, ByItselfOnlyNamesAndReportsGoOut) {
  const json spec =
      NamespacePolicySpec(Closed(), WithReports("slipway-reports.slipway-system.svc:8081"));
  EXPECT_EQ(spec["podSelector"], json::object()) << "all pods of the namespace";
  EXPECT_EQ(spec["policyTypes"], (json{"Ingress", "Egress"}));
  EXPECT_FALSE(spec.contains("ingress")) << "nothing comes in";
  ASSERT_EQ(spec["egress"].size(), 2U);
  EXPECT_EQ(spec["egress"][0]["ports"].size(), 4U) << "53 and 5353, UDP and TCP";
  EXPECT_EQ(spec["egress"][1],
            json::parse(R"({"ports": [{"port": 8081, "protocol": "TCP"}], "to": [{
              "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "slipway-system"}},
              "podSelector": {"matchLabels": {"app.kubernetes.io/name": "slipway"}}}]})"));
}

TEST(IsolationNetwork, AnOperatorOutsideOfTheClusterIsReachedByItsAddress) {
  const json spec = NamespacePolicySpec(Closed(), WithReports("10.250.0.1:8081"));
  EXPECT_EQ(spec["egress"][1]["to"][0], json::parse(R"({"ipBlock": {"cidr": "10.250.0.1/32"}})"));
  EXPECT_EQ(NamespacePolicySpec(Closed(), WithReports(""))["egress"].size(), 1U);
}

TEST(IsolationNetwork, MetadataOfCloudsStayShutInANetworkThatHoldsThem) {
  Rules rules = Closed();
  rules.egress_to = {Cidr("0.0.0.0/0"), Cidr("10.0.0.0/8"), Cidr("169.254.169.254/32")};
  json spec = NamespacePolicySpec(rules, {});
  ASSERT_EQ(spec["egress"].size(), 3U) << "the address alone is not allowed at all";
  EXPECT_EQ(spec["egress"][1]["to"][0]["ipBlock"]["except"],
            (json{"169.254.169.254/32", "168.63.129.16/32"}));
  EXPECT_FALSE(spec["egress"][2]["to"][0]["ipBlock"].contains("except"));
  rules.block_metadata = false;
  spec = NamespacePolicySpec(rules, {});
  EXPECT_EQ(spec["egress"].size(), 4U);
}

TEST(IsolationNetwork, NothingEmptyIsWrittenThatTheApiServerWouldLeaveOut) {
  Rules rules = Closed();
  api::IsolationPeer everywhere;
  everywhere.namespace_selector = api::LabelSelector{};
  api::IsolationPeer own;
  own.pod_selector = {{}, {{"app", api::LabelSelectorOperator::kExists, {}}}};
  own.ports = {{api::IsolationProtocol::kUDP, 7000, 7010}};
  rules.ingress_from = {everywhere, own};
  const json spec = NamespacePolicySpec(rules, {});
  EXPECT_EQ(spec["ingress"], json::parse(R"([
    {"from": [{"namespaceSelector": {}}]},
    {"from": [{"podSelector": {"matchExpressions": [{"key": "app", "operator": "Exists"}]}}],
     "ports": [{"port": 7000, "endPort": 7010, "protocol": "UDP"}]}])"));
}

TEST(IsolationNetwork, WhatThisVersionDoesNotKnowIsNotAllowed) {
  Rules rules = Closed();
  api::IsolationPeer odd = Cidr("10.0.0.0/8");
  odd.ports = {{api::IsolationProtocol::kUnknown, 80, {}}};
  api::IsolationPeer pods;
  pods.pod_selector = {{}, {{"app", api::LabelSelectorOperator::kUnknown, {}}}};
  rules.egress_to = {odd, pods};
  EXPECT_EQ(NamespacePolicySpec(rules, {})["egress"].size(), 1U);
}

TEST(IsolationNetwork, TheDigestIsOfWhatIsSaidAndNotOfItsOrder) {
  const std::string digest = NetworkPolicyDigest(R"({"a": 1, "b": [2]})");
  EXPECT_EQ(digest.size(), 64U);
  EXPECT_EQ(NetworkPolicyDigest(R"({"b":[2],"a":1})"), digest);
  EXPECT_NE(NetworkPolicyDigest(R"({"b":[3],"a":1})"), digest);
  EXPECT_EQ(NetworkPolicyDigest("no json"), "");
}

TEST(IsolationNetwork, ARuleMoreIsNoNarrowing) {
  Rules rules = Closed();
  rules.egress_to = {Cidr("10.0.0.0/8")};
  const json before = NamespacePolicySpec(rules, {});
  EXPECT_TRUE(OnlyAdds(before, before));
  rules.egress_to.push_back(Cidr("192.168.0.0/16"));
  const json more = NamespacePolicySpec(rules, {});
  EXPECT_TRUE(OnlyAdds(before, more));
  EXPECT_FALSE(OnlyAdds(more, before));
  rules.egress_to = {Cidr("10.0.0.0/9")};
  EXPECT_FALSE(OnlyAdds(before, NamespacePolicySpec(rules, {})));
  EXPECT_FALSE(OnlyAdds(json::object(), WorkloadPolicySpec("x"))) << "other pods are meant";
}

}  // namespace
}  // namespace slipway::isolation
