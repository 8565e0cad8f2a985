#include "operator/worker/git_refs.hpp"
#include "operator/worker/watch.hpp"
#include "operator/worker/web_client.hpp"

namespace slipway::worker {
namespace {

/// Some hundred thousand refs.
constexpr std::size_t kMaxAdvertisement = 32U << 20U;

}  // namespace

Result<training_trigger::PollResult> LookAtBranch(const BranchLook& look) {
  const auto address = ParseAddress(look.url);
  if (!address) return tl::unexpected(address.error());
  std::string basic;
  if (!look.password.empty()) {
    if (address->plain) {
      return Fail(Code::kInvalid, "a password is sent over https:// only; write such an address");
    }
    basic = (look.username.empty() ? "git" : look.username) + ":" + look.password;
  }
  auto client = WebClient::Open(*address, look.ca_file, kMaxAdvertisement, std::move(basic));
  if (!client) return tl::unexpected(client.error());
  const auto answer =
      client->Get(address->path + "/info/refs?service=git-upload-pack", {{"Accept", "*/*"}});
  if (!answer) return tl::unexpected(answer.error());
  if (answer->status != 200) {
    return Fail(Code::kUnavailable, WebClient::Explain(answer->status, ""));
  }
  auto commit = FindBranch(answer->body, look.branch);
  if (!commit) return tl::unexpected(std::move(commit.error()));
  training_trigger::PollResult result;
  result.revision = std::move(*commit);
  return result;
}

}  // namespace slipway::worker
