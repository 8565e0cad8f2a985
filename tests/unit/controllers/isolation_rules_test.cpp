#include <gmock/gmock.h>

#include <deque>

#include "controllers/isolation/addresses.hpp"
#include "controllers/isolation/rules.hpp"
#include "controllers/isolation/selector.hpp"

namespace slipway::isolation {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using Operator = api::LabelSelectorOperator;

api::LabelSelector Requiring(std::string key, Operator op, std::vector<std::string> values = {}) {
  return {{}, {{std::move(key), op, std::move(values)}}};
}

TEST(IsolationSelector, SelectsByLabelsAndRequirements) {
  const Labels labels{{"zone", "pci"}, {"tier", "gold"}};
  EXPECT_TRUE(Selects(api::LabelSelector{}, labels)) << "an empty one selects everything";
  EXPECT_TRUE(Selects(api::LabelSelector{{{"zone", "pci"}}, {}}, labels));
  EXPECT_FALSE(Selects(api::LabelSelector{{{"zone", "pc"}}, {}}, labels));
  EXPECT_FALSE(Selects(api::LabelSelector{{{"zone", "pci"}, {"team", "a"}}, {}}, labels));
  EXPECT_TRUE(Selects(Requiring("zone", Operator::kIn, {"dev", "pci"}), labels));
  EXPECT_FALSE(Selects(Requiring("zone", Operator::kIn, {"dev"}), labels));
  EXPECT_FALSE(Selects(Requiring("team", Operator::kIn, {""}), labels));
  EXPECT_FALSE(Selects(Requiring("zone", Operator::kNotIn, {"pci"}), labels));
  EXPECT_TRUE(Selects(Requiring("team", Operator::kNotIn, {"a"}), labels)) << "absent is not in";
  EXPECT_TRUE(Selects(Requiring("tier", Operator::kExists), labels));
  EXPECT_FALSE(Selects(Requiring("team", Operator::kExists), labels));
  EXPECT_TRUE(Selects(Requiring("team", Operator::kDoesNotExist), labels));
  EXPECT_FALSE(Selects(Requiring("tier", Operator::kDoesNotExist), labels));
}

TEST(IsolationSelector, BothIsAllRequirementsTogether) {
  const api::LabelSelector one{{{"app", "minio"}}, {}};
  const auto both = Both(one, Requiring("tier", Operator::kExists));
  ASSERT_TRUE(both);
  EXPECT_TRUE(Selects(*both, {{"app", "minio"}, {"tier", "x"}}));
  EXPECT_FALSE(Selects(*both, {{"app", "minio"}}));
  EXPECT_FALSE(Selects(*both, {{"tier", "x"}}));
  EXPECT_EQ(Both(one, one), one);
  EXPECT_FALSE(Both(one, api::LabelSelector{{{"app", "postgres"}}, {}})) << "no pod is both";
}

TEST(IsolationAddresses, BothIsTheSmallerOne) {
  EXPECT_EQ(Both({"10.0.0.0/8", {}}, {"10.20.0.0/16", {}}), (Block{"10.20.0.0/16", {}}));
  EXPECT_EQ(Both({"10.20.0.0/16", {}}, {"10.0.0.0/8", {}}), (Block{"10.20.0.0/16", {}}));
  EXPECT_EQ(Both({"10.20.0.0/16", {}}, {"10.20.0.0/16", {}}), (Block{"10.20.0.0/16", {}}));
  EXPECT_EQ(Both({"10.20.0.0/16", {}}, {"10.21.0.0/16", {}}), std::nullopt);
  EXPECT_EQ(Both({"fd00::/8", {}}, {"fd00:1::/32", {}}), (Block{"fd00:1::/32", {}}));
  EXPECT_EQ(Both({"0.0.0.0/0", {}}, {"::/0", {}}), std::nullopt);
  EXPECT_EQ(Both({"10.0.0.0/8", {}}, {"nonsense", {}}), std::nullopt);
}

TEST(IsolationAddresses, WhatOneLeavesOutStaysOut) {
  EXPECT_EQ(Both({"10.0.0.0/8", {"10.20.7.0/24"}}, {"10.20.0.0/16", {"10.20.8.0/24"}}),
            (Block{"10.20.0.0/16", {"10.20.7.0/24", "10.20.8.0/24"}}));
  EXPECT_EQ(Both({"10.0.0.0/8", {"10.20.0.0/16"}}, {"10.20.7.0/24", {}}), std::nullopt)
      << "all of it is left out";
  EXPECT_EQ(Both({"10.0.0.0/8", {"10.99.0.0/16"}}, {"10.20.0.0/16", {}}),
            (Block{"10.20.0.0/16", {}}))
      << "what is not in it need not be left out";
}

TEST(IsolationAddresses, WhatIsNoNetworkIsNone) {
  EXPECT_TRUE(IsNetwork("10.0.0.0/8"));
  EXPECT_TRUE(IsNetwork("fd00::/8"));
  EXPECT_FALSE(IsNetwork("300.0.0.0/8"));
  EXPECT_FALSE(IsNetwork("10.0.0.0/33"));
  EXPECT_FALSE(IsNetwork("10.0.0.0"));
  EXPECT_EQ(Both({"10.0.0.0/8", {"10.0.0.0/8"}}, {"10.0.0.0/8", {}}), std::nullopt)
      << "all of it is left out";
  EXPECT_EQ(Both({"10.0.0.0/8", {"300.0.0.0/8"}}, {"10.0.0.0/8", {}}), std::nullopt)
      << "it is not known what was to be left out";
}

TEST(IsolationAddresses, OneAddressIsTakenOut) {
  EXPECT_EQ(Without({"0.0.0.0/0", {}}, "169.254.169.254"),
            (Block{"0.0.0.0/0", {"169.254.169.254/32"}}));
  EXPECT_EQ(Without({"0.0.0.0/0", {"169.254.0.0/16"}}, "169.254.169.254"),
            (Block{"0.0.0.0/0", {"169.254.0.0/16"}}));
  EXPECT_EQ(Without({"10.0.0.0/8", {}}, "169.254.169.254"), (Block{"10.0.0.0/8", {}}));
  EXPECT_EQ(SingleAddress("10.1.2.3"), "10.1.2.3/32");
  EXPECT_EQ(SingleAddress("fd00::1"), "fd00::1/128");
  EXPECT_EQ(SingleAddress("slipway.svc"), std::nullopt);
}

class IsolationRules : public testing::Test {
 protected:
  IsolationRules() { ns_.name = "team-a"; }

  api::IsolationPolicy& Add(const std::string& name) {
    keys_.push_back({kHomeCluster, "", name});
    api::IsolationPolicy policy;
    policy.spec.profile = api::IsolationProfile::kRestricted;
    policy.spec.network.verify = {api::IsolationProbe::kRequired, 3600, 60};
    policy.spec.network.allow_within_workload = true;
    policies_.push_back(policy);
    return policies_.back();
  }
  static api::IsolationPeer Cidr(std::string cidr, std::vector<std::int32_t> ports = {}) {
    api::IsolationPeer peer;
    peer.cidr = std::move(cidr);
    for (const auto port : ports) peer.ports.push_back({api::IsolationProtocol::kTCP, port, {}});
    return peer;
  }
  std::optional<Rules> Now() {
    std::vector<Item<api::IsolationPolicy>> items;
    for (std::size_t i = 0; i < keys_.size(); ++i) items.push_back({keys_[i], meta_, policies_[i]});
    return RulesFor(ns_, items, settings_);
  }

  ObjectMeta ns_;
  ObjectMeta meta_;
  Settings settings_;
  std::deque<ObjectKey> keys_;
  std::deque<api::IsolationPolicy> policies_;
};

TEST_F(IsolationRules, NothingHoldsWhereNoPolicySelects) {
  EXPECT_FALSE(Now());
  Add("pci").spec.namespace_selector = {{{"zone", "pci"}}, {}};
  EXPECT_FALSE(Now());
  ns_.labels = {{"zone", "pci"}};
  const auto rules = Now();
  ASSERT_TRUE(rules);
  EXPECT_TRUE(rules->closed);
  EXPECT_TRUE(rules->probed);
  EXPECT_THAT(rules->policies, ElementsAre("pci"));
}

TEST_F(IsolationRules, NamespacesOfTheClusterAndTheOperatorAreNeverIsolated) {
  Add("all");
  for (const char* name :
       {"kube-system", "kube-public", "kube-node-lease", "openshift-dns", "slipway-system"}) {
    ns_.name = name;
    EXPECT_FALSE(Now()) << name;
  }
  ns_.name = "openshift";
  EXPECT_TRUE(Now());
  settings_.served_namespaces = {"team-b"};
  EXPECT_FALSE(Now()) << "not served by this installation";
}

TEST_F(IsolationRules, AllowedIsWhatEachPolicyAllows) {
  Add("a").spec.network.egress_to = {Cidr("10.0.0.0/8", {443, 9000}), Cidr("192.168.1.0/24")};
  Add("b").spec.network.egress_to = {Cidr("10.20.0.0/16", {443})};
  const auto rules = Now();
  ASSERT_TRUE(rules);
  EXPECT_THAT(rules->egress_to, ElementsAre(Cidr("10.20.0.0/16", {443})));
  Add("c");
  EXPECT_THAT(Now()->egress_to, IsEmpty()) << "one allows nothing";
}

TEST_F(IsolationRules, APolicyThatLeavesTheNetworkOpenDoesNotNarrowIt) {
  Add("a").spec.profile = api::IsolationProfile::kOpen;
  ASSERT_TRUE(Now());
  EXPECT_FALSE(Now()->closed);
  EXPECT_FALSE(Now()->probed);
  Add("b").spec.network.egress_to = {Cidr("10.0.0.0/8")};
  EXPECT_TRUE(Now()->closed);
  EXPECT_THAT(Now()->egress_to, SizeIs(1));
}

TEST_F(IsolationRules, PodsAreMeantByTheRequirementsOfBoth) {
  api::IsolationPeer minio;
  minio.namespace_selector = api::LabelSelector{};
  minio.pod_selector = {{{"app", "minio"}}, {}};
  api::IsolationPeer storage;
  storage.namespace_selector = {{{"tier", "storage"}}, {}};
  Add("a").spec.network.egress_to = {minio};
  Add("b").spec.network.egress_to = {storage};
  const auto rules = Now();
  ASSERT_THAT(rules->egress_to, SizeIs(1));
  EXPECT_EQ(rules->egress_to[0].namespace_selector, storage.namespace_selector);
  EXPECT_EQ(rules->egress_to[0].pod_selector, minio.pod_selector);
}

TEST_F(IsolationRules, TheOwnNamespaceIsOneOfTheSelectedOnlyByItsLabels) {
  api::IsolationPeer own;
  own.pod_selector = api::LabelSelector{};
  api::IsolationPeer gold;
  gold.namespace_selector = {{{"tier", "gold"}}, {}};
  Add("a").spec.network.ingress_from = {own};
  Add("b").spec.network.ingress_from = {gold};
  EXPECT_THAT(Now()->ingress_from, IsEmpty());
  ns_.labels = {{"tier", "gold"}};
  ASSERT_THAT(Now()->ingress_from, SizeIs(1));
  EXPECT_FALSE(Now()->ingress_from[0].namespace_selector);
}

TEST_F(IsolationRules, PortsAreThoseOfBoth) {
  api::IsolationPeer range = Cidr("10.0.0.0/8");
  range.ports = {{api::IsolationProtocol::kTCP, 8000, 9000}};
  api::IsolationPeer other = Cidr("10.0.0.0/8");
  other.ports = {{api::IsolationProtocol::kTCP, 8500, 9500},
                 {api::IsolationProtocol::kUDP, 53, {}}};
  Add("a").spec.network.egress_to = {range};
  Add("b").spec.network.egress_to = {other};
  ASSERT_THAT(Now()->egress_to, SizeIs(1));
  EXPECT_THAT(Now()->egress_to[0].ports,
              ElementsAre(api::IsolationPort{api::IsolationProtocol::kTCP, 8500, 9000}));
  policies_[1].spec.network.egress_to[0].ports = {{api::IsolationProtocol::kUDP, 8500, {}}};
  EXPECT_THAT(Now()->egress_to, IsEmpty()) << "no port is in both, which is not every port";
}

TEST_F(IsolationRules, TheStrictestSwitchCounts) {
  auto& a = Add("a").spec;
  a.network.verify = {api::IsolationProbe::kOff, 600, 30};
  a.images.allowed_registries = {"registry.corp"};
  auto& b = Add("b").spec;
  b.network.allow_within_workload = false;
  b.network.block_instance_metadata = true;
  b.images.require_digest = true;
  b.images.allowed_registries = {"registry.corp/ml"};
  const auto rules = Now();
  EXPECT_TRUE(rules->probed);
  EXPECT_FALSE(rules->within_workload);
  EXPECT_TRUE(rules->block_metadata);
  EXPECT_EQ(rules->interval_seconds, 600);
  EXPECT_EQ(rules->timeout_seconds, 60);
  EXPECT_TRUE(rules->images.require_digest);
  EXPECT_THAT(rules->images.allowed, SizeIs(2)) << "an image must be under one of each";
}

TEST_F(IsolationRules, KeysAreThoseOfEachPolicyAndDemandADigest) {
  Add("a").spec.images.signature_keys = {{"ann", "A"}, {"bob", "B"}};
  Add("b");
  EXPECT_TRUE(Now()->images.require_digest);
  ASSERT_THAT(Now()->images.signers, SizeIs(1));
  auto& open = Add("c").spec;
  open.profile = api::IsolationProfile::kOpen;
  open.images.signature_keys = {{"cid", "C"}};
  const auto signers = Now()->images.signers;
  ASSERT_THAT(signers, SizeIs(2));
  EXPECT_EQ(signers[0].policy, "a");
  EXPECT_THAT(signers[0].keys, SizeIs(2));
  EXPECT_EQ(signers[1].policy, "c");
}

}  // namespace
}  // namespace slipway::isolation
