#include "crds/gen/names.hpp"

#include <gtest/gtest.h>

namespace slipway::crdgen {
namespace {

TEST(Names, MembersAreSnakeCaseAndKeepAcronymsTogether) {
  EXPECT_EQ(MemberName("image"), "image");
  EXPECT_EQ(MemberName("numProcPerNode"), "num_proc_per_node");
  EXPECT_EQ(MemberName("currentCPUUtilizationPercentage"), "current_cpu_utilization_percentage");
  EXPECT_EQ(MemberName("podIPs"), "pod_ips");
  EXPECT_EQ(MemberName("fsGroup"), "fs_group");
}

TEST(Names, KeywordsGetATrailingUnderscore) {
  EXPECT_EQ(MemberName("operator"), "operator_");
  EXPECT_EQ(MemberName("default"), "default_");
}

TEST(Names, PluralsBecomeSingular) {
  EXPECT_EQ(Singular("Variants"), "Variant");
  EXPECT_EQ(Singular("Policies"), "Policy");
  EXPECT_EQ(Singular("Class"), "Class");
  EXPECT_EQ(Singular("Worst"), "Worst");
}

TEST(Names, EnumeratorsKeepTheirSpelling) {
  EXPECT_EQ(EnumeratorName("JSONLines"), "kJSONLines");
  EXPECT_EQ(EnumeratorName("auto"), "kAuto");
}

TEST(Names, CommentsBreakAtHundredColumns) {
  const std::string left(49, 'x');
  const std::string fits(47, 'y');
  const std::string longer(48, 'y');
  EXPECT_EQ(Comment("//", left + " " + fits), "// " + left + " " + fits + "\n");
  EXPECT_EQ(Comment("//", left + " " + longer), "// " + left + "\n// " + longer + "\n");
}

TEST(Names, FunctionsOfOneStatementShareALineWhenTheyFit) {
  EXPECT_EQ(Function("int F()", {"return 1;"}), "int F() { return 1; }\n");
  EXPECT_EQ(Function("int F()", {"G();", "return 1;"}), "int F() {\n  G();\n  return 1;\n}\n");
  const std::string statement = std::string(88, 'g') + "();";
  EXPECT_EQ(Function("int F()", {statement}), "int F() {\n  " + statement + "\n}\n");
}

TEST(Names, FilledListsAlignBelowTheFirstWord) {
  EXPECT_EQ(Fill("T x{", {"a", "b"}, "};"), "T x{a, b};\n");
  const std::string word(60, 'w');
  EXPECT_EQ(Fill("T x{", {word, word}, "};"), "T x{" + word + ",\n    " + word + "};\n");
}

TEST(Names, FirstSentenceEndsAtAPeriodWithASpace) {
  EXPECT_EQ(FirstSentence("Of k8s.io here. More."), "Of k8s.io here.");
  EXPECT_EQ(FirstSentence("Only one."), "Only one.");
}

}  // namespace
}  // namespace slipway::crdgen
