// What servers outside the cluster answer: refs of git, a page of S3, a page of Azure, and what a
// poll pod leaves behind; each part of an input is read as all of them.
#include "controllers/training_trigger/poll_result.hpp"
#include "operator/worker/git_refs.hpp"
#include "operator/worker/listing.hpp"
#include "operator/worker/store_pages.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace slipway::fuzz {
namespace {

void CheckRefs(std::string_view text) {
  for (const std::string_view branch : {"main", ""}) {
    const auto commit = worker::FindBranch(text, branch);
    if (!commit) continue;
    Require(commit->size() == 40 || commit->size() == 64, "a commit is a whole hash", *commit);
    Require(training_trigger::ReadPollResult(
                training_trigger::WritePollResult({*commit, std::nullopt, 0}))
                .has_value(),
            "a commit can be told", *commit);
  }
}

void CheckPage(const Result<worker::StorePage>& page) {
  if (!page) return;
  worker::Listing listing(worker::CountFrom{});
  for (const auto& object : page->objects) listing.Add(object.key, object.tag, object.written);
  const auto result = listing.Finish();
  const std::string text = training_trigger::WritePollResult(result);
  Require(text.size() <= training_trigger::kMaxPollResult, "a result fits", text);
  Require(training_trigger::ReadPollResult(text).has_value(), "a result can be read", text);
}

void CheckResult(std::string_view text) {
  const auto result = training_trigger::ReadPollResult(text);
  if (!result) {
    const std::string& words = result.error().message;
    Require(IsUtf8(words) && words.size() <= 1200, "a failure fits into a status", words);
    return;
  }
  Require(!result->revision.empty() && result->revision.size() <= 128, "a revision fits");
  Require(result->new_objects >= 0, "a count is one");
  if (!result->listing) return;
  Require(result->listing->objects >= 0, "a count is one");
  Require(result->listing->newest_time.has_value() == result->listing->newest_count.has_value(),
          "a time has a count");
}

}  // namespace

void Fuzz(std::string_view input) {
  for (const std::string_view part : Parts(input, 4)) {
    CheckRefs(part);
    CheckPage(worker::ReadS3Page(part));
    CheckPage(worker::ReadAzurePage(part));
    const std::string told = training_trigger::WritePollFailure(worker::ReadStoreError(part));
    Require(IsUtf8(told) && told.size() <= training_trigger::kMaxPollResult, "words fit", told);
    CheckResult(part);
  }
}

}  // namespace slipway::fuzz
