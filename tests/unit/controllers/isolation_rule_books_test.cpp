#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>

#include "controllers/isolation/kind.hpp"
#include "controllers/isolation/rule_books.hpp"
#include "operator/base/clock.hpp"

namespace slipway::isolation {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using Book = api::IsolationRuleBook;
using State = api::IsolationControlState;
using Result = api::IsolationResult;

/// A policy that holds in two namespaces, with everything set that a control asks for.
class RuleBooks : public testing::Test {
 protected:
  RuleBooks() {
    spec_.profile = api::IsolationProfile::kRestricted;
    spec_.compliance = {Book::kGDPR, Book::kPCI, Book::kHIPAA};
    spec_.images.require_digest = true;
    spec_.images.allowed_registries = {"registry.corp/ml"};
    api::IsolationPeer peer;
    peer.cidr = "10.20.0.0/16";
    spec_.network.egress_to = {peer};
    spec_.network.verify.interval_seconds = 3600;
    spec_.storage.allowed_classes = {"encrypted"};
    Add("team-a", "2026-09-01T11:00:00Z");
    Add("team-b", "2026-09-01T10:30:00Z");
    Condition(condition::kEnforced, true, "in place");
    Condition(condition::kVerified, true, "seen");
  }

  void Add(const std::string& ns, const char* time) {
    api::IsolationProof proof;
    proof.namespace_ = ns;
    proof.result = Result::kEnforced;
    proof.time = ParseTime(time);
    proofs_.push_back(proof);
    metas_[ns].labels["pod-security.kubernetes.io/enforce"] = "restricted";
  }

  void Condition(std::string_view type, bool holds, const char* message) {
    std::erase_if(conditions_, [type](const auto& one) { return one.type == type; });
    api::Condition condition;
    condition.type = type;
    condition.status =
        holds ? decltype(condition.status)::kTrue : decltype(condition.status)::kFalse;
    condition.message = message;
    conditions_.push_back(condition);
  }

  std::vector<api::IsolationControl> Judge() const {
    std::map<std::string, const ObjectMeta*> namespaces;
    for (const auto& [name, meta] : metas_) namespaces.emplace(name, &meta);
    return JudgeControls(spec_, conditions_, proofs_, namespaces);
  }

  api::IsolationControl Of(Book book, std::string_view number) const {
    for (const auto& control : Judge()) {
      if (control.rule_book == book && control.control == number) return control;
    }
    ADD_FAILURE() << "no control " << number;
    return {};
  }

  /// The state of each control that somebody can judge, as it is now.
  void Expect(Book book, std::string_view number, State state, const char* part) const {
    const auto control = Of(book, number);
    EXPECT_EQ(control.state, state) << number << ": " << control.message;
    EXPECT_THAT(control.message, HasSubstr(part)) << number;
  }

  /// All controls that rest on the network.
  void ExpectNetworkNotMet(const char* part) const {
    for (const char* number : {"1.2", "1.3", "1.4", "11.4.5"}) {
      Expect(Book::kPCI, number, State::kNotMet, part);
    }
    for (const char* number : {"164.312(a)(1)", "164.312(e)(1)"}) {
      Expect(Book::kHIPAA, number, State::kNotMet, part);
    }
    for (const char* number : {"25", "32(1)(d)", "44"}) {
      Expect(Book::kGDPR, number, State::kNotMet, part);
    }
  }

  api::IsolationPolicySpec spec_;
  std::vector<api::Condition> conditions_;
  std::vector<api::IsolationProof> proofs_;
  std::map<std::string, ObjectMeta> metas_;
};

TEST_F(RuleBooks, AreSilentUnlessNamed) {
  spec_.compliance.clear();
  EXPECT_THAT(Judge(), IsEmpty());
  spec_.compliance = {Book::kHIPAA};
  for (const auto& control : Judge()) EXPECT_EQ(control.rule_book, Book::kHIPAA);
}

TEST_F(RuleBooks, SayTheSameWhateverTheOrderAndOnceEach) {
  const auto controls = Judge();
  spec_.compliance = {Book::kPCI, Book::kHIPAA, Book::kGDPR};
  EXPECT_EQ(Judge(), controls);
  EXPECT_TRUE(std::ranges::is_sorted(controls, {}, &api::IsolationControl::rule_book));
  std::set<std::pair<Book, std::string>> keys;
  for (const auto& control : controls) {
    EXPECT_TRUE(keys.emplace(control.rule_book, control.control).second) << control.control;
    EXPECT_LE(control.control.size(), 32U);
    EXPECT_LE(control.message.size(), 512U);
    EXPECT_FALSE(control.message.empty());
  }
  EXPECT_LE(controls.size(), 64U);
}

TEST_F(RuleBooks, NeverCallAnybodyCompliant) {
  for (const bool met : {true, false}) {
    Condition(condition::kEnforced, met, "not in place");
    for (const auto& control : Judge()) {
      EXPECT_THAT(control.message, testing::Not(HasSubstr("omplian"))) << control.control;
    }
  }
}

TEST_F(RuleBooks, TellWhatHolds) {
  Expect(Book::kPCI, "1.2", State::kEnforced, "NetworkPolicy slipway-isolation says in 2 namesp");
  Expect(Book::kPCI, "1.3", State::kEnforced, "spec.network names (0 in, 1 out)");
  Expect(Book::kPCI, "1.4", State::kEnforced, "no way between 2 namespaces and networks");
  Expect(Book::kPCI, "2.2", State::kEnforced, "the API server refuses pods in 2 namespaces");
  Expect(Book::kPCI, "6.3.2", State::kEnforced, "by digest from registry.corp/ml;");
  Expect(Book::kPCI, "7.2.5", State::kEnforced, "no token of the API server");
  Expect(Book::kPCI, "11.4.5", State::kEvidence,
         "the oldest of these looks is of 2026-09-01T10:30:00Z, and the next follows within 3600");
  Expect(Book::kHIPAA, "164.312(a)(1)", State::kNotCheckable, "only as spec.network.ingressFrom");
  Expect(Book::kHIPAA, "164.312(c)(1)", State::kNotCheckable, "named by digest");
  Expect(Book::kHIPAA, "164.312(e)(1)", State::kNotCheckable, "no network policy can tell");
  Expect(Book::kGDPR, "25", State::kEnforced, "reachable by nobody");
  Expect(Book::kGDPR, "32(1)(d)", State::kEvidence, "2026-09-01T10:30:00Z");
  Expect(Book::kGDPR, "44", State::kNotCheckable, "the 1 entries of spec.network.egressTo");
}

TEST_F(RuleBooks, SayWhatNobodyCanTellHere) {
  for (const char* number : {"3.5", "3.6", "4.2", "6.5", "7.2", "8.6", "10.2", "10.3"}) {
    Expect(Book::kPCI, number, State::kNotCheckable, "");
  }
  for (const char* number : {"164.312(a)(2)(iv)", "164.312(b)", "164.312(d)"}) {
    Expect(Book::kHIPAA, number, State::kNotCheckable, "");
  }
  for (const char* number : {"5(1)(c)", "5(1)(e)", "17", "30", "32(1)(a)"}) {
    Expect(Book::kGDPR, number, State::kNotCheckable, "");
  }
  Expect(Book::kGDPR, "17", State::kNotCheckable, "Slipway erases no data and gives no receipt");
  Expect(Book::kHIPAA, "164.312(a)(2)(iv)", State::kNotCheckable,
         "of StorageClass encrypted; how those, etcd");
}

TEST_F(RuleBooks, OpenIsNoRestriction) {
  spec_.profile = api::IsolationProfile::kOpen;
  ExpectNetworkNotMet("set spec.profile to Restricted or AirGapped");
  Expect(Book::kPCI, "6.3.2", State::kEnforced, "by digest");
}

TEST_F(RuleBooks, WhatIsNotInPlaceIsNotMet) {
  Condition(condition::kEnforced, false, "team-a: NetworkPolicy wide-open allows something");
  ExpectNetworkNotMet("NetworkPolicy wide-open");
}

TEST_F(RuleBooks, WhatHoldsForNobodyIsNotMet) {
  proofs_.clear();
  ExpectNetworkNotMet("selects no namespace");
  Expect(Book::kPCI, "2.2", State::kNotMet, "selects no namespace");
  Expect(Book::kPCI, "6.3.2", State::kNotMet, "selects no namespace");
  Expect(Book::kPCI, "7.2.5", State::kNotMet, "selects no namespace");
  Expect(Book::kHIPAA, "164.312(c)(1)", State::kNotMet, "selects no namespace");
}

TEST_F(RuleBooks, ANetworkPolicyThatNobodyHasSeenToWorkProvesNothing) {
  Condition(condition::kVerified, false, "team-b: packets are not filtered");
  Expect(Book::kPCI, "1.2", State::kEnforced, "is put right");
  Expect(Book::kPCI, "1.3", State::kNotMet, "team-b: packets are not filtered");
  Expect(Book::kPCI, "1.4", State::kNotMet, "packets are not filtered");
  Expect(Book::kPCI, "11.4.5", State::kNotMet, "packets are not filtered");
  Expect(Book::kGDPR, "25", State::kNotMet, "packets are not filtered");
}

TEST_F(RuleBooks, WithoutAProbeThereIsNoEvidence) {
  spec_.network.verify.probe = api::IsolationProbe::kOff;
  for (auto& proof : proofs_) {
    proof.result = Result::kNotProbed;
    proof.time.reset();
  }
  Condition(condition::kVerified, false, "no pod is to look");
  Expect(Book::kPCI, "11.4.5", State::kNotMet, "set spec.network.verify.probe to Required");
  Expect(Book::kPCI, "1.3", State::kNotMet, "in team-a, team-b; set spec.network.verify.probe");
  Expect(Book::kGDPR, "32(1)(d)", State::kNotMet, "set spec.network.verify.probe to Required");
}

TEST_F(RuleBooks, OneNamespaceThatNobodyLooksAtIsEnough) {
  proofs_[1].result = Result::kNotProbed;
  Expect(Book::kPCI, "11.4.5", State::kNotMet, "in team-b; set");
}

TEST_F(RuleBooks, AProofHasATime) {
  proofs_[1].time.reset();
  Expect(Book::kPCI, "11.4.5", State::kNotMet, "no pod has looked yet in namespace team-b");
}

TEST_F(RuleBooks, OldConnectionsAreNotForgotten) {
  proofs_[0].stale_pods = 3;
  ExpectNetworkNotMet("3 pods still run in namespace team-a that started under other rules");
  proofs_[0].stale_pods.reset();
  proofs_[0].stale_digests = {""};
  ExpectNetworkNotMet("pods may still run in namespace team-a");
}

TEST_F(RuleBooks, AWayToEverywhereIsNotTrusted) {
  for (const char* cidr : {"0.0.0.0/0", "128.0.0.0/1", "::/0", "2000::/3"}) {
    spec_.network.egress_to[0].cidr = cidr;
    Expect(Book::kPCI, "1.3", State::kEnforced, "1 out");
    Expect(Book::kPCI, "1.4", State::kNotMet, cidr);
    Expect(Book::kGDPR, "44", State::kNotMet, "spec.network.egressTo[0].cidr");
    Expect(Book::kGDPR, "25", State::kEnforced, "");
  }
  for (const char* cidr : {"10.0.0.0/8", "fc00::/7"}) {
    spec_.network.egress_to[0].cidr = cidr;
    Expect(Book::kPCI, "1.4", State::kEnforced, "");
  }
  spec_.network.ingress_from = spec_.network.egress_to;
  spec_.network.ingress_from[0].cidr = "0.0.0.0/0";
  Expect(Book::kPCI, "1.4", State::kNotMet, "spec.network.ingressFrom[0].cidr is 0.0.0.0/0");
  Expect(Book::kGDPR, "25", State::kNotMet, "spec.network.ingressFrom[0]");
}

TEST_F(RuleBooks, ImagesAreKnownByDigestAndRegistry) {
  spec_.images.require_digest = false;
  Expect(Book::kPCI, "6.3.2", State::kNotMet, "set spec.images.requireDigest to true");
  Expect(Book::kHIPAA, "164.312(c)(1)", State::kNotMet, "set spec.images.requireDigest to true");
  spec_.images.allowed_registries.clear();
  Expect(Book::kPCI, "6.3.2", State::kNotMet, "to true, and spec.images.allowedRegistries");
  spec_.images.require_digest = true;
  Expect(Book::kPCI, "6.3.2", State::kNotMet, "from anywhere; set spec.images.allowedRegistries");
}

TEST_F(RuleBooks, StorageThatEncryptsIsNamed) {
  spec_.storage.allowed_classes.clear();
  constexpr const char* kWayOut = "set spec.storage.allowedClasses to those that encrypt";
  Expect(Book::kPCI, "3.5", State::kNotMet, kWayOut);
  Expect(Book::kHIPAA, "164.312(a)(2)(iv)", State::kNotMet, kWayOut);
  Expect(Book::kGDPR, "32(1)(a)", State::kNotMet, kWayOut);
  proofs_.clear();
  Expect(Book::kPCI, "3.5", State::kNotMet, "selects no namespace");
}

TEST_F(RuleBooks, PodsOfOthersAreHeldByALabelOfTheNamespace) {
  metas_["team-b"].labels["pod-security.kubernetes.io/enforce"] = "baseline";
  Expect(Book::kPCI, "2.2", State::kNotMet,
         "in team-b: set the label pod-security.kubernetes.io/enforce=restricted");
  metas_["team-a"].labels.clear();
  Expect(Book::kPCI, "2.2", State::kNotMet, "in team-a, team-b: set");
}

TEST_F(RuleBooks, LongTextsAreCut) {
  const std::string longer(2000, 'x');
  Condition(condition::kEnforced, false, longer.c_str());
  EXPECT_EQ(Of(Book::kPCI, "1.3").message.size(), 512U);
}

}  // namespace
}  // namespace slipway::isolation
