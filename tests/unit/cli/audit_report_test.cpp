#include "operator/cli/audit_report.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "operator/base/digest.hpp"
#include "operator/cli/look.hpp"
#include "operator/cli/plan.hpp"
#include "tests/golden/yaml_json.hpp"
#include "tests/unit/base/test_signer.hpp"
#include "tests/unit/cli/golden.hpp"
#include "tests/unit/run/scripted_api.hpp"

namespace slipway::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

AuditFacts ReadFactsFile(const std::string& name) {
  const auto documents = golden::LoadYaml(GoldenFolder() / "cli/audit" / name);
  const json& head = documents.at(0);
  AuditFacts facts;
  facts.now = Time(head, {"now"}).value();
  facts.user = Text(head, {"user"});
  facts.server_version = Text(head, {"version"});
  facts.operator_ns = "slipway-system";
  for (const std::string& what : Names(head, {"unread"})) {
    facts.unread[what] = Text(head, {"unread", what});
  }
  for (std::size_t i = 1; i < documents.size(); ++i) {
    const json& object = documents[i];
    const std::string kind = Text(object, {"kind"});
    const bool of_operator = Text(object, {"metadata", "namespace"}) == "slipway-system";
    if (Name(object) == "kube-system") facts.cluster_uid = Text(object, {"metadata", "uid"});
    if (kind == "IsolationPolicy") facts.policies.push_back(object);
    if (kind == "Namespace") facts.namespaces.push_back(object);
    if (of_operator) facts.operators.push_back(object);
    if (!of_operator && (kind == "Pod" || kind == "NetworkPolicy")) facts.objects.push_back(object);
  }
  return facts;
}

json Isolated() { return AuditReport(ReadFactsFile("isolated.yaml"), "", "0.1.0"); }

TEST(AuditReport, IsReadByPeople) {
  for (const char* name : {"isolated.yaml", "gaps.yaml"}) {
    const json report = AuditReport(ReadFactsFile(name), "", "0.1.0");
    ExpectGolden(fs::path(GoldenFolder() / "cli/audit" / name).replace_extension(".txt"),
                 AuditText(report, "not signed"));
  }
}

TEST(AuditReport, SaysTheSameOfTheSame) { EXPECT_EQ(Isolated(), Isolated()); }

TEST(AuditReport, HasDigestsThatOthersCanMake) {
  const json report = Isolated();
  // printf '{"podSelector":{},"policyTypes":["Ingress","Egress"]}' | sha256sum
  EXPECT_EQ(report["namespaces"][0]["networkPolicies"][0]["digest"],
            "sha256:" + PlainSha256Hex(R"({"podSelector":{},"policyTypes":["Ingress","Egress"]})"));
  EXPECT_EQ(report["policies"][0]["digest"],
            "sha256:" + PlainSha256Hex(report["policies"][0]["spec"].dump()));
}

TEST(AuditReport, TellsWhoOpensAWayByWhatIsWrittenNotByLabels) {
  const json ns = Isolated()["namespaces"][0];
  EXPECT_EQ(ns["foreignPolicies"], json::array({"open"})) << "a label can be copied";
  EXPECT_EQ(ns["unprobedPods"], json::array({"shell"}));
  EXPECT_EQ(ns["runningPods"], 2);
}

TEST(AuditReport, IsAboutOnePolicyWhereOneIsNamed) {
  AuditFacts facts = ReadFactsFile("isolated.yaml");
  json other = facts.policies[0];
  other["metadata"]["name"] = "dev";
  other["spec"]["namespaceSelector"]["matchLabels"] = {{"zone", "dev"}};
  facts.policies.push_back(other);
  EXPECT_EQ(AuditReport(facts, "", "0.1.0")["namespaces"].size(), 2U);
  const json report = AuditReport(facts, "dev", "0.1.0");
  ASSERT_EQ(report["policies"].size(), 1U);
  EXPECT_EQ(report["policies"][0]["name"], "dev");
  ASSERT_EQ(report["namespaces"].size(), 1U);
  EXPECT_EQ(report["namespaces"][0]["name"], "team-b");
}

TEST(AuditReport, IsNotCompleteWhereSomethingWasNotRead) {
  EXPECT_EQ(Isolated()["complete"], true);
  const json report = AuditReport(ReadFactsFile("gaps.yaml"), "", "0.1.0");
  EXPECT_EQ(report["complete"], false);
  EXPECT_EQ(report["unseen"].size(), 3U);
}

/// A report that was signed, as a file.
std::string Signed(const testing::TestSigner& pair) {
  return SignReport(Isolated(), SigningKey::Parse(pair.SecretPem()).value()).value().dump(2);
}

std::string WhyNot(const std::string& text, const std::string& pem) {
  const auto report = OpenReport(text, pem);
  return report ? "" : report.error().message;
}

TEST(SignedReport, IsOpenedByThePublicKey) {
  for (const auto& pair : {testing::TestSigner::Ecdsa("P-256"), testing::TestSigner::Rsa(2048),
                           testing::TestSigner::Ed25519()}) {
    const auto report = OpenReport(Signed(pair), pair.Pem());
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(*report, Isolated());
  }
}

TEST(SignedReport, IsNotOpenedOnceItWasEdited) {
  const auto pair = testing::TestSigner::Ecdsa("P-256");
  json envelope = json::parse(Signed(pair));
  std::string bytes = FromBase64(envelope["report"].get<std::string>());
  bytes.replace(bytes.find("NotMet"), 6, "Proven");
  json edited = envelope;
  edited["report"] = ToBase64(bytes);
  EXPECT_THAT(WhyNot(edited.dump(), pair.Pem()), HasSubstr("was changed since it was signed"));
  edited = envelope;
  edited["signature"] = ToBase64("nothing");
  EXPECT_THAT(WhyNot(edited.dump(), pair.Pem()), HasSubstr("was changed since it was signed"));
  edited = envelope;
  edited["approvedBy"] = "everybody";
  EXPECT_THAT(WhyNot(edited.dump(), pair.Pem()), HasSubstr("member approvedBy was added"));
  edited = envelope;
  edited.erase("signature");
  EXPECT_THAT(WhyNot(edited.dump(), pair.Pem()), HasSubstr("member signature is missing"));
}

TEST(SignedReport, IsNotOpenedByAnotherKey) {
  const auto pair = testing::TestSigner::Ecdsa("P-256");
  const auto other = testing::TestSigner::Ecdsa("P-256");
  const std::string text = Signed(pair);
  EXPECT_THAT(WhyNot(text, other.Pem()),
              AllOf(HasSubstr(FingerprintOf(pair.Pem())), HasSubstr(FingerprintOf(other.Pem()))));
  // Whoever signs it anew with a key of their own, and says it was the other.
  json forged = json::parse(Signed(other));
  forged["publicKey"] = FingerprintOf(pair.Pem());
  EXPECT_THAT(WhyNot(forged.dump(), pair.Pem()), HasSubstr("another key signed it"));
  EXPECT_THAT(WhyNot(text, "no key"), HasSubstr("is no public key"));
}

TEST(SignedReport, MustBeOne) {
  const auto pair = testing::TestSigner::Ecdsa("P-256");
  for (const char* text : {"", "{}", "[]", "null", "report", R"({"kind": "Status"})"}) {
    EXPECT_THAT(WhyNot(text, pair.Pem()), HasSubstr("is no report")) << text;
  }
  EXPECT_THAT(WhyNot(Isolated().dump(), pair.Pem()), HasSubstr("is not signed"));
  const auto key = SigningKey::Parse(pair.SecretPem()).value();
  const auto other = SignReport(json{{"kind", "Cake"}}, key).value();
  EXPECT_THAT(WhyNot(other.dump(), pair.Pem()), HasSubstr("what was signed is no report"));
}

/// What was signed may have any shape: the key proves who, not what.
TEST(SignedReport, OfAnyShapeIsShown) {
  for (const json& value : {json(nullptr), json("x"), json(7), json::array({1}), json{{"a", 1}}}) {
    json report{{"kind", "IsolationReport"}};
    for (const char* name :
         {"cluster", "operators", "policies", "namespaces", "unseen", "limits"}) {
      report[name] = value;
    }
    EXPECT_THAT(AuditText(report, "signed"), StartsWith("Isolation of cluster"));
    report["policies"] = report["namespaces"] = json::array({report});
    EXPECT_THAT(AuditText(report, "signed"), StartsWith("Isolation of cluster"));
  }
}

TEST(AuditReportOptions, ThatCannotBeAreRefusedWithTheWayOut) {
  EXPECT_EQ(WhyNoReport({}), "");
  EXPECT_EQ(WhyNoReport({"pci", "key.pem", "", ""}), "");
  EXPECT_EQ(WhyNoReport({"", "pub.pem", "report.json", "text"}), "");
  EXPECT_THAT(WhyNoReport({"", "key.pem", "", "text"}), HasSubstr("-o text cannot be signed"));
  EXPECT_THAT(WhyNoReport({"", "", "report.json", ""}), HasSubstr("--verify needs --key"));
  EXPECT_THAT(WhyNoReport({"pci", "pub.pem", "report.json", ""}), HasSubstr("leave out --policy"));
}

HttpResponse Ok(const json& body) { return {200, body.dump(), {}}; }
HttpResponse Refusal() {
  return {403,
          R"({"kind": "Status", "reason": "Forbidden", "message": "ann may not", "code": 403})",
          {}};
}

class AuditReportRun : public ::testing::Test {
 protected:
  AuditReportRun() {
    for (const auto& [name, text] :
         {std::pair{"key.pem", key_.SecretPem()}, std::pair{"pub.pem", key_.Pem()}}) {
      std::ofstream(folder_ / name) << text;
    }
  }
  ~AuditReportRun() override { fs::remove_all(folder_); }

  static fs::path MakeFolder() {
    std::string name = (fs::temp_directory_path() / "slipway-audit-XXXXXX").string();
    return ::mkdtemp(name.data());
  }

  /// A policy with one namespace, in which pods may not be read.
  static HttpResponse Answer(const HttpRequest& request) {
    const AuditFacts facts = ReadFactsFile("isolated.yaml");
    if (request.resource == "isolationpolicies") return Ok({{"items", facts.policies}});
    if (request.resource == "namespaces") return Ok({{"items", facts.namespaces}});
    if (request.resource == "pods") return Refusal();
    if (request.verb == "list") return Ok({{"items", json::array()}});
    return Ok({{"gitVersion", "v1.35.4"}});
  }

  int Make(const AuditReportOptions& options) {
    ScriptedApi api([](const HttpRequest& request) { return Answer(request); });
    const auto client = api.Connect(metrics_, clock_);
    std::ostringstream out;
    std::ostringstream problems;
    const int code = MakeReport(*client, "slipway-system", options, clock_, out, problems);
    out_ = out.str();
    problems_ = problems.str();
    asked_ = api.Asked();
    return code;
  }

  int Verify(const std::string& text, const std::string& output = "") {
    std::ofstream(folder_ / "report.json") << text;
    std::ostringstream out;
    std::ostringstream problems;
    const int code = VerifyReport(
        {"", (folder_ / "pub.pem").string(), (folder_ / "report.json").string(), output}, out,
        problems);
    out_ = out.str();
    problems_ = problems.str();
    return code;
  }

  const testing::TestSigner key_ = testing::TestSigner::Ed25519();
  const fs::path folder_ = MakeFolder();
  SystemClock clock_;
  Metrics metrics_{clock_};
  std::string out_, problems_;
  std::vector<std::string> asked_;
};

TEST_F(AuditReportRun, OnlyReadsAndOnlyWhatItIsAbout) {
  EXPECT_EQ(Make({}), kExitError) << "it is not complete";
  for (const std::string& asked : asked_) {
    const bool who = asked.find("/selfsubjectreviews") != std::string::npos;
    EXPECT_THAT(asked, StartsWith(who ? "POST " : "GET "));
  }
  EXPECT_THAT(asked_, Contains(HasSubstr("/namespaces/team-a/pods?")));
  EXPECT_THAT(asked_, Contains(HasSubstr("/namespaces/team-a/networkpolicies?")));
  EXPECT_THAT(asked_, Not(Contains(HasSubstr("team-b"))));
  EXPECT_THAT(asked_, Not(Contains(HasSubstr("secrets"))));
}

TEST_F(AuditReportRun, SaysWhatItCouldNotSeeAndThatItIsNotSigned) {
  EXPECT_EQ(Make({}), kExitError);
  EXPECT_THAT(out_, HasSubstr("This report is not signed"));
  EXPECT_THAT(out_, HasSubstr("- pods of namespace team-a: ann may not"));
  EXPECT_THAT(problems_, HasSubstr("not looked at: pods of namespace team-a (ann may not)"));
  EXPECT_EQ(Make({"", "", "", "json"}), kExitError);
  EXPECT_EQ(json::parse(out_)["kind"], "IsolationReport");
  EXPECT_THAT(problems_, HasSubstr("warning: not signed"));
}

TEST_F(AuditReportRun, IsSignedAndVerifiedByFiles) {
  EXPECT_EQ(Make({"pci", (folder_ / "key.pem").string(), "", ""}), kExitError) << problems_;
  const std::string text = out_;
  EXPECT_EQ(Verify(text), kExitFine) << problems_;
  EXPECT_THAT(out_, HasSubstr("signed with the key " + FingerprintOf(key_.Pem())));
  EXPECT_THAT(out_, HasSubstr("IsolationPolicy pci, generation 3"));
  EXPECT_EQ(Verify(text, "json"), kExitFine);
  EXPECT_EQ(json::parse(out_)["policies"][0]["name"], "pci");
  std::string edited = text;
  char& digit = edited[text.find("\"report\": \"") + 40];
  digit = digit == 'A' ? 'B' : 'A';
  EXPECT_EQ(Verify(edited), kExitError);
  EXPECT_THAT(problems_, HasSubstr("report.json: the signature is not over this report"));
  EXPECT_THAT(out_, IsEmpty());
}

TEST_F(AuditReportRun, SaysWhichFileOrPolicyIsWrong) {
  EXPECT_EQ(Make({"", (folder_ / "nonesuch").string(), "", ""}), kExitUsage);
  EXPECT_THAT(problems_, HasSubstr("nonesuch: cannot be read"));
  EXPECT_EQ(Make({"", (folder_ / "pub.pem").string(), "", ""}), kExitUsage);
  EXPECT_THAT(problems_, HasSubstr("pub.pem: is no private key"));
  EXPECT_EQ(Make({"nonesuch", "", "", ""}), kExitError);
  EXPECT_THAT(problems_, HasSubstr("there is no IsolationPolicy nonesuch"));
}

}  // namespace
}  // namespace slipway::cli
