#include "operator/verify/commands.hpp"

#include <gmock/gmock.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <sstream>

#include "controllers/common/model_report.hpp"
#include "operator/base/digest.hpp"
#include "tests/unit/kube/temp_directory.hpp"

namespace slipway::verify {
namespace {

using slipway::testing::TempDirectory;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Ran {
  int code = -1;
  std::string out, err;
};

Ran Call(std::vector<std::string> words, bool for_people = false) {
  CLI::App app;
  app.require_subcommand(1);
  Commands commands;
  commands.AddTo(app, for_people);
  std::ranges::reverse(words);
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    return {2, "", error.what()};
  }
  EXPECT_TRUE(commands.Parsed());
  std::ostringstream out, err;
  const int code = commands.Run(out, err);
  return {code, out.str(), err.str()};
}

std::string Read(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(VerifyModel, GoesOnWithWhatWasRegisteredOnly) {
  const TempDirectory folder;
  folder.Write("model/weights", "weights");
  folder.Write("model/config.json", "{}");
  const std::string model = folder / "model";
  const std::string report = folder / "report";
  const auto told = Call({"digest", model}, /*for_people=*/true);
  ASSERT_EQ(told.code, 0) << told.err;
  const std::string digest = told.out.substr(0, told.out.size() - 1);
  const std::vector<std::string> words{"verify-model", "--path=" + model, "--digest=" + digest,
                                       "--report=" + report};

  const auto good = Call(words);
  EXPECT_EQ(good.code, 0);
  EXPECT_THAT(good.err, IsEmpty());
  EXPECT_EQ(good.out, Read(report) + "\n");
  const auto read = ReadModelReport(Read(report));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->reason, ModelReason::kVerified);
  EXPECT_EQ(read->files, 2);
  EXPECT_EQ(read->bytes, 9);

  folder.Write("model/weights", "Weights");
  const auto flipped = Call(words);
  EXPECT_EQ(flipped.code, 3);
  EXPECT_THAT(flipped.err, AllOf(HasSubstr(model), HasSubstr(digest)));
  const auto corrupt = ReadModelReport(Read(report));
  ASSERT_TRUE(corrupt);
  EXPECT_EQ(corrupt->reason, ModelReason::kModelCorrupt);
  EXPECT_EQ(corrupt->expected, digest);
  EXPECT_NE(corrupt->found, digest);
  EXPECT_THAT(DescribeModel(*corrupt), AllOf(HasSubstr(digest), HasSubstr(corrupt->found)));

  std::filesystem::create_symlink("weights", folder / "model/link");
  const auto linked = Call(words);
  EXPECT_EQ(linked.code, 4);
  EXPECT_THAT(linked.err, HasSubstr("symbolic link"));
  EXPECT_EQ(ReadModelReport(Read(report))->reason, ModelReason::kModelUnreadable);
}

TEST(VerifyModel, WithoutAnythingToReadNothingIsVerified) {
  const TempDirectory folder;
  const std::string of_nothing = "sha256:" + PlainSha256Hex("");
  const auto ran = Call({"verify-model", "--path=" + folder.path(), "--digest=" + of_nothing,
                         "--report=" + folder / "nowhere/report"});
  EXPECT_EQ(ran.code, 4);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("holds no file"), HasSubstr("cannot be written")));
  const auto digest = Call({"digest", folder.path()});
  EXPECT_EQ(digest.code, 1);
  EXPECT_THAT(digest.out, IsEmpty());
}

TEST(VerifyModel, KnowsWhatADigestIs) {
  const std::string digits(64, 'a');
  for (const std::string& digest :
       {digits, "sha256:" + digits + "0", "sha256:" + digits.substr(1), "sha512:" + digits,
        "sha256:" + std::string(64, 'A'), std::string("sha256:"), std::string()}) {
    EXPECT_EQ(Call({"verify-model", "--path=/", "--digest=" + digest}).code, 2) << digest;
  }
  EXPECT_EQ(Call({"verify-model", "--path=/"}).code, 2);
  EXPECT_EQ(Call({"verify-model", "--path=/", "--digest=sha256:" + digits}, true).code, 2)
      << "it is none of people's commands";
}

}  // namespace
}  // namespace slipway::verify
