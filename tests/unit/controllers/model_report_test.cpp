#include "controllers/common/model_report.hpp"

#include <gmock/gmock.h>

#include "controllers/common/text.hpp"

namespace slipway {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::HasSubstr;

const std::string kExpected = "sha256:" + std::string(64, 'a');
const std::string kFound = "sha256:" + std::string(64, 'b');

TEST(ModelReportTest, IsReadAsItWasWritten) {
  for (const auto reason :
       {ModelReason::kVerified, ModelReason::kModelCorrupt, ModelReason::kModelUnreadable}) {
    const ModelReport report{reason, "/model", kExpected, kFound, "why", 3, 4096, milliseconds(7)};
    const std::string text = WriteModelReport(report);
    EXPECT_EQ(text.find('\n'), std::string::npos);
    const auto read = ReadModelReport(text);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, report);
  }
}

TEST(ModelReportTest, FitsWhateverIsInIt) {
  ModelReport report{ModelReason::kModelUnreadable,
                     std::string(5000, '\x01'),
                     kExpected,
                     "",
                     std::string(5000, '\xff'),
                     1,
                     2,
                     milliseconds(3)};
  report.path += "\"\\";
  EXPECT_LE(WriteModelReport(report).size(), kMaxModelReport);
  EXPECT_TRUE(ReadModelReport(WriteModelReport(report)));
  EXPECT_LE(DescribeModel(report).size(), kMaxMessage);
  report.problem = std::string(5000, '"');
  report.path = report.problem;
  EXPECT_LE(WriteModelReport(report).size(), kMaxModelReport);
  EXPECT_LE(DescribeModel(report).size(), kMaxMessage);
}

TEST(ModelReportTest, OtherTextsAreNone) {
  for (const std::string& text :
       {std::string(), std::string("{}"), std::string("[]"), std::string("Killed"),
        std::string(R"({"version":2,"reason":"Verified"})"),
        std::string(R"({"version":1,"reason":"Fine"})"), std::string(5000, 'x')}) {
    EXPECT_FALSE(ReadModelReport(text)) << text;
  }
  const auto odd = ReadModelReport(
      R"({"version":1,"reason":"ModelCorrupt","files":-4,"bytes":"x","found":7,"expected":null})");
  ASSERT_TRUE(odd);
  EXPECT_EQ(odd->files, 0);
  EXPECT_EQ(odd->bytes, 0);
}

TEST(ModelReportTest, SaysWhatToDo) {
  const ModelReport corrupt{
      ModelReason::kModelCorrupt, "/model", kExpected, kFound, "", 3, 4096, milliseconds(7)};
  EXPECT_THAT(DescribeModel(corrupt), AllOf(HasSubstr(kExpected), HasSubstr(kFound),
                                            HasSubstr("3 files"), HasSubstr("put back")));
  const ModelReport unreadable{
      ModelReason::kModelUnreadable, "/model", kExpected, "", "it burns", 0, 0, milliseconds(7)};
  EXPECT_THAT(DescribeModel(unreadable), AllOf(HasSubstr("it burns"), HasSubstr("runAsUser")));
}

}  // namespace
}  // namespace slipway
