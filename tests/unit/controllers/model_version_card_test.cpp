#include <gmock/gmock.h>

#include "controllers/model_version/card.hpp"

namespace slipway::model_version {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

TEST(RenderCard, CutsAtALine) {
  api::ModelVersion version;
  version.spec.model_name = "churn";
  version.spec.version = 8;
  version.spec.artifact.uri = "s3://models/churn";
  version.spec.lineage = api::Lineage{};
  for (int i = 0; i < 100; ++i) {
    version.spec.lineage->parameters.push_back(
        {"p" + std::to_string(i), std::string(1024, i % 2 == 0 ? 'a' : '<')});
  }
  const std::string card = RenderCard(version);
  EXPECT_LE(card.size(), 32768U);
  EXPECT_THAT(card, EndsWith("\n\n(cut: the record holds the rest)\n"));
  EXPECT_THAT(card, HasSubstr("- parameter p1: &lt;&lt;"));
}

TEST(RenderCard, WhatUsersWroteIsText) {
  api::ModelVersion version;
  version.spec.model_name = "churn";
  version.spec.card = api::ModelCard{};
  version.spec.card->owners = {"a\n## Forged"};
  version.spec.card->intended_use = "<script>";
  const std::string card = RenderCard(version);
  EXPECT_THAT(card, HasSubstr("- owner: a ## Forged\n"));
  EXPECT_THAT(card, Not(HasSubstr("<script>")));
}

}  // namespace
}  // namespace slipway::model_version
