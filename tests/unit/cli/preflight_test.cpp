#include "operator/cli/preflight.hpp"

#include <gmock/gmock.h>

#include <algorithm>

#include "crds/gen/embedded.hpp"
#include "crds/gen/load.hpp"
#include "operator/cli/images.hpp"
#include "operator/cli/look.hpp"
#include "operator/cli/preflight_checks.hpp"
#include "tests/golden/yaml_json.hpp"
#include "tests/unit/cli/golden.hpp"
#include "tests/unit/kube/carried_signature.hpp"

namespace slipway::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;

const std::vector<crdgen::Crd>& Crds() {
  static const auto kCrds = crdgen::EmbeddedCrds().value();
  return kCrds;
}

/// The definitions as an API server has them that serves this release.
std::vector<json> Definitions() {
  std::vector<json> definitions;
  for (const auto& entry :
       fs::directory_iterator(GoldenFolder().parent_path().parent_path() / "crds")) {
    if (entry.path().extension() != ".yaml") continue;
    json definition = golden::LoadYaml(entry.path()).at(0);
    definition["status"]["conditions"] = {{{"type", "Established"}, {"status", "True"}}};
    definitions.push_back(std::move(definition));
  }
  return definitions;
}

std::vector<json> Named(const json& head) {
  const std::string which = Text(head, {"definitions"});
  if (which == "none") return {};
  std::vector<json> definitions = Definitions();
  std::ranges::sort(definitions, {}, [](const json& one) { return Name(one); });
  if (which != "troubled") return definitions;
  const auto schema = [&](std::size_t i) -> json& {
    return definitions[i]["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
                      ["properties"];
  };
  definitions[0]["status"]["conditions"][0]["status"] = "False";
  schema(1).erase(schema(1).begin().key());
  schema(2)["later"] = {{"type", "string"}};
  definitions[3]["spec"]["versions"][0]["served"] = false;
  definitions.pop_back();
  return definitions;
}

void Take(Facts& facts, std::vector<json>& objects, const json& object) {
  const std::string kind = Text(object, {"kind"});
  if (kind == "Deployment") facts.operators.push_back(object);
  if (kind == "IsolationPolicy") facts.policies.push_back(object);
  if (kind == "ConfigMap") return facts.signatures.push_back(object);
  if (kind == "Namespace") facts.namespaces.push_back(object);
  if (kind == "StorageClass") facts.storage_classes.push_back(object);
  if (kind == "Node") facts.nodes.push_back(object);
  if (kind == "Service") facts.name_services.push_back(object);
  objects.push_back(object);
}

/// A head with what is no object, and objects, each taken where its kind belongs.
Facts ReadFactsFile(const fs::path& file) {
  const auto documents = golden::LoadYaml(file);
  const json& head = documents.at(0);
  Facts facts;
  facts.now = Time(head, {"now"}).value();
  facts.server_time = Time(head, {"serverTime"});
  facts.user = Text(head, {"user"});
  facts.server_version = Text(head, {"version"});
  facts.operator_ns = "slipway-system";
  for (const std::string& name : Names(head, {"unread"})) {
    facts.unread[name] = Text(head, {"unread", name});
  }
  for (const NeededApi& api : NeededApis()) {
    const auto& lacking = List(head, {"notServed"});
    if (std::ranges::find(lacking, json(std::string(api.version))) != lacking.end()) continue;
    facts.served[std::string(api.version)].insert(std::string(api.resource));
  }
  facts.definitions = Named(head);
  std::vector<json> objects;
  for (std::size_t i = 1; i < documents.size(); ++i) Take(facts, objects, documents[i]);
  facts.images = ListImages(Crds(), objects);
  facts.used_namespaces = NamespacesOf(objects);
  return facts;
}

TEST(Preflight, SaysWhatIsInTheWay) {
  for (const auto& entry : fs::directory_iterator(GoldenFolder() / "cli/preflight")) {
    if (entry.path().extension() != ".yaml") continue;
    SCOPED_TRACE(entry.path().string());
    const Facts facts = ReadFactsFile(entry.path());
    const auto checks = Preflight(facts, Crds(), "0.1.0");
    EXPECT_EQ(PreflightText(checks), PreflightText(Preflight(facts, Crds(), "0.1.0")));
    ExpectGolden(fs::path(entry.path()).replace_extension(".txt"),
                 PreflightText(checks) + (Passed(checks) ? "(exit code 0)\n" : "(exit code 3)\n"));
    for (const Check& check : checks) {
      EXPECT_TRUE(check.verdict == Verdict::kOk || !check.way_out.empty()) << check.seen;
    }
  }
}

/// Whatever could not be read must not look as if it were in order.
TEST(Preflight, NothingIsPassedThatWasNotLookedAt) {
  Facts facts;
  facts.operator_ns = "slipway-system";
  for (const char* what :
       {"customresourcedefinitions", "deployments", "isolationpolicies", "nodes", "namespaces",
        "services", "storageclasses", "selfsubjectreviews", "/version", "trainingjobs"}) {
    facts.unread[what] = "ann may not";
  }
  for (const NeededApi& api : NeededApis()) {
    facts.unread["/apis/" + std::string(api.version)] = "ann may not";
  }
  for (const Check& check : Preflight(facts, Crds(), "0.1.0")) {
    EXPECT_NE(check.verdict, Verdict::kOk) << check.name << ": " << check.seen;
    EXPECT_NE(check.verdict, Verdict::kFail) << check.name << ": " << check.seen;
  }
  EXPECT_FALSE(Passed(Preflight(facts, Crds(), "0.1.0")));
}

json Policy(const char* name, const char* status) {
  return {{"metadata", {{"name", name}}},
          {"status",
           {{"conditions",
             {{{"type", "EnforcementVerified"}, {"status", status}, {"message", "as seen"}}}}}}};
}

TEST(Preflight, EnforcementIsWhatThePoliciesSayOfIt) {
  EXPECT_THAT(EnforcementCheck({}).seen, HasSubstr("not checkable here"));
  EXPECT_EQ(EnforcementCheck({}).verdict, Verdict::kWarn);
  EXPECT_EQ(EnforcementCheck({Policy("a", "True")}).verdict, Verdict::kOk);
  EXPECT_EQ(EnforcementCheck({Policy("a", "True"), Policy("b", "Unknown")}).verdict,
            Verdict::kWarn);
  EXPECT_EQ(EnforcementCheck({json::object()}).verdict, Verdict::kWarn) << "nobody has looked yet";
  const Check broken = EnforcementCheck({Policy("a", "True"), Policy("b", "False")});
  EXPECT_EQ(broken.verdict, Verdict::kFail);
  EXPECT_THAT(broken.seen, HasSubstr("IsolationPolicy b: as seen"));
}

/// A cluster with one image in a namespace whose policy wants it signed by somebody.
Facts Signing(const testing::TestSigner& somebody) {
  Facts facts;
  facts.operator_ns = "slipway-system";
  facts.namespaces = {{{"kind", "Namespace"}, {"metadata", {{"name", "ml"}, {"uid", "n"}}}}};
  json policy = {{"kind", "IsolationPolicy"}, {"metadata", {{"name", "pci"}, {"uid", "p"}}}};
  policy["spec"] = {
      {"namespaceSelector", json::object()},
      {"profile", "Open"},
      {"network",
       {{"allowWithinWorkload", true},
        {"blockInstanceMetadata", true},
        {"verify", {{"probe", "Off"}, {"intervalSeconds", 3600}, {"timeoutSeconds", 60}}}}},
      {"images", {{"requireDigest", false}}},
      {"pods", {{"requireResources", true}}},
      {"artifacts", {{"requireDigest", false}}},
      {"storage", json::object()}};
  policy["spec"]["images"]["signatureKeys"] = {{{"name", "ann"}, {"publicKey", somebody.Pem()}}};
  facts.policies = {policy};
  const std::string image = "registry.corp/churn@" + testing::Digest('a');
  facts.images = ListImages(Crds(), {{{"kind", "TrainingJob"},
                                      {"apiVersion", "slipway.dev/v1alpha1"},
                                      {"metadata", {{"name", "churn"}, {"namespace", "ml"}}},
                                      {"spec", {{"trainer", {{"image", image}}}}}}});
  return facts;
}

json Carried(const std::string& line) {
  return {{"kind", "ConfigMap"},
          {"metadata", {{"name", "c"}, {"namespace", "slipway-system"}, {"uid", "c"}}},
          {"data", {{"churn.json", line}}}};
}

TEST(Preflight, ImagesThatMustBeSignedAreLookedAt) {
  const auto ann = testing::TestSigner::Ecdsa("P-256");
  const auto look = [](const Facts& facts) {
    std::vector<Check> checks;
    AddSignatures(facts, checks);
    return checks.at(0);
  };
  Facts facts = Signing(ann);
  EXPECT_EQ(look(facts).verdict, Verdict::kFail);
  EXPECT_THAT(look(facts).seen, HasSubstr("1 of 1 image lack a signature"));
  EXPECT_THAT(look(facts).seen, HasSubstr("in namespace ml"));
  facts.signatures = {Carried(testing::CarriedLine(testing::Digest('b'), ann))};
  EXPECT_EQ(look(facts).verdict, Verdict::kFail);
  facts.signatures.push_back(Carried(testing::CarriedLine(testing::Digest('a'), ann)));
  EXPECT_EQ(look(facts).verdict, Verdict::kOk) << look(facts).seen;
  facts.unread["configmaps"] = "ann may not";
  EXPECT_EQ(look(facts).verdict, Verdict::kUnknown);
  facts.policies.clear();
  EXPECT_EQ(look(facts).verdict, Verdict::kOk) << "nobody wants them signed";
}

TEST(Preflight, IsReadByPrograms) {
  const auto checks =
      Preflight(ReadFactsFile(GoldenFolder() / "cli/preflight/troubled.yaml"), Crds(), "0.1.0");
  const json read = PreflightJson(checks);
  EXPECT_EQ(read["passed"], false);
  ASSERT_EQ(read["checks"].size(), checks.size());
  for (const json& check : read["checks"]) {
    EXPECT_FALSE(Text(check, {"result"}).empty() || Text(check, {"check"}).empty() ||
                 Text(check, {"seen"}).empty());
  }
}

}  // namespace
}  // namespace slipway::cli
