#include "operator/cli/images.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <sstream>

#include "crds/gen/embedded.hpp"
#include "operator/cli/image_text.hpp"
#include "tests/unit/cli/golden.hpp"

namespace slipway::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

fs::path CrdFolder() { return GoldenFolder().parent_path().parent_path() / "crds"; }

std::vector<fs::path> YamlIn(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

std::string ReadText(const fs::path& file) {
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

const std::vector<crdgen::Crd>& Crds() {
  static const auto kCrds = crdgen::EmbeddedCrds().value();
  return kCrds;
}

ImageList ListOf(const std::vector<std::string>& files, const std::string& input = "") {
  std::istringstream in(input);
  const Manifests manifests = ReadManifests(Crds(), files, in, "default", Instant{});
  ImageList list = ListImages(Crds(), manifests.objects);
  list.problems.insert(list.problems.begin(), manifests.problems.begin(), manifests.problems.end());
  return list;
}

/// Names of files as they are in every folder that the tests are in.
std::string WithoutRoot(std::string text) {
  const std::string root = GoldenFolder().string() + "/";
  for (auto at = text.find(root); at != std::string::npos; at = text.find(root)) {
    text.erase(at, root.size());
  }
  return text;
}

/// What goes to programs.
std::string Output(const ImageList& list, const ImagesOptions& options) {
  std::ostringstream out;
  std::ostringstream problems;
  ShowImages(list, options, out, problems);
  return WithoutRoot(out.str() + "\n");
}

std::string Show(const ImageList& list, const ImagesOptions& options) {
  std::ostringstream out;
  std::ostringstream problems;
  const int code = ShowImages(list, options, out, problems);
  return WithoutRoot(out.str() + problems.str() + "(exit code " + std::to_string(code) + ")\n\n");
}

TEST(Images, AreShownAsPeopleAndToolsReadThem) {
  for (const fs::path& file : YamlIn(GoldenFolder() / "cli/images")) {
    SCOPED_TRACE(file.string());
    const ImageList list = ListOf({file.string()});
    const std::vector<Mirror> mirrors{ParseMirror("docker.io=registry.corp/hub").value()};
    std::string all = "### images --require-digest\n" + Show(list, {"", {}, true});
    all += "### images -o wide --mirror docker.io=registry.corp/hub\n" +
           Output(list, {"wide", mirrors, false});
    for (const char* output : {"name", "skopeo", "oc-mirror", "json"}) {
      if (file.stem() == "gaps" && output != std::string("json")) continue;
      all += std::string("### images -o ") + output + "\n" + Output(list, {output, {}, false});
    }
    all += "### images -o name --mirror docker.io=registry.corp/hub\n" +
           Output(list, {"name", mirrors, false});
    ExpectGolden(fs::path(file).replace_extension(".txt"), all);
  }
}

/// Fields with "image" in their name that name none.
bool NamesNoImage(const std::string& name) {
  return name == "imagePullPolicy" || name == "imageDigest";
}

/// What an image could be in without being found, as lines to be shown.
void Uncovered(const crdgen::Property& property, const std::string& path,
               std::vector<std::string>& found) {
  const crdgen::Schema& schema = property.schema;
  const std::string field = path + "." + property.name;
  std::string lower = property.name;
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  const bool is_text = schema.type == "string" || (schema.items && schema.items->type == "string");
  const bool speaks = schema.description.starts_with("Image of") ||
                      (lower.find("image") != std::string::npos && !NamesNoImage(property.name));
  if (is_text && speaks && !NamesImage(property)) {
    found.push_back(field + " may name an image, and `kubectl slipway images` does not know it");
  }
  if (schema.type == "object" && schema.properties.empty() && !schema.values) {
    found.push_back(field + " may hold anything, so also an image");
  }
  for (const auto* inner : {schema.items.get(), schema.values.get(), &schema}) {
    if (inner == nullptr) continue;
    for (const auto& member : inner->properties) Uncovered(member, field, found);
  }
}

/// A field that is forgotten here is an image that is missed behind a gap: call it `image`, or so
/// that its name ends with Image, or say in NamesNoImage that it is none.
TEST(Images, EveryFieldOfTheApiThatNamesOneIsKnown) {
  std::size_t kinds = 0;
  for (const fs::path& file : YamlIn(CrdFolder())) {
    const auto crd = crdgen::ParseCrd(ReadText(file), file.filename().string());
    ASSERT_TRUE(crd) << crd.error().message;
    ++kinds;
    std::vector<std::string> found;
    for (const auto& property : crd->root.properties) {
      if (property.name == "spec") Uncovered(property, crd->kind, found);
    }
    EXPECT_THAT(found, testing::IsEmpty());
  }
  EXPECT_EQ(kinds, Crds().size()) << "a kind is not in the program";
}

TEST(Images, OfTheCompleteSamplesNoneIsMissing) {
  for (const fs::path& file : YamlIn(CrdFolder() / "samples")) {
    const std::string text = ReadText(file);
    const ImageList list = ListOf({file.string()});
    std::string names;
    for (const Image& image : list.images) names += image.name.Text() + "\n";
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      const auto at = line.find("image: ");
      if (at == std::string::npos || line.find('#') < at) continue;
      std::string name = line.substr(at + 7);
      name = name.substr(0, name.find_first_of(",} "));
      EXPECT_THAT(names, HasSubstr(ParseImageName(name).value().Text())) << file;
    }
  }
}

TEST(Images, NoSecretIsShownAndNothingIsNothing) {
  const ImageList list = ListOf(
      {"-"}, "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {image: hunter2}\n");
  EXPECT_TRUE(list.images.empty());
  EXPECT_EQ(Show(list, {}), "nothing names an image\n(exit code 0)\n\n");
  EXPECT_THAT(Show(ListOf({"/nonexistent"}), {}), HasSubstr("error: /nonexistent: cannot be read"));
}

TEST(Images, ADigestIsDemandedOnlyWhereItIs) {
  const ImageList list = ListOf({"-"},
                                "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"
                                "spec: {containers: [{name: c, image: 'x:1'}]}\n");
  EXPECT_THAT(Show(list, {"name", {}, false}), HasSubstr("(exit code 0)"));
  const std::string refused = Show(list, {"name", {}, true});
  EXPECT_THAT(refused, HasSubstr("error: 1 of 1 image has no digest"));
  EXPECT_THAT(refused, HasSubstr("(exit code 1)"));
}

/// What pods and manifests hold may be anything.
TEST(Images, NothingThatIsReadCrashes) {
  for (const char* text :
       {R"({"kind":"Pod","spec":[],"status":{"containerStatuses":[1,{"imageID":7}]}})",
        R"({"kind":"Pod","spec":{"containers":{"a":1}}})",
        R"({"kind":"TrainingJob","apiVersion":"slipway.dev/v1alpha1","spec":{"trainer":7}})",
        R"({"kind":"ConfigMap","data":{"config.yaml":"a: ["}})",
        R"({"kind":"ConfigMap","data":{"config.yaml":"[1]"}})", R"([])", R"({"kind":7})"}) {
    const ImageList list = ListImages(Crds(), {nlohmann::json::parse(text)});
    EXPECT_TRUE(list.images.empty()) << text;
  }
}

}  // namespace
}  // namespace slipway::cli
