#pragma once

#include <optional>
#include <string>

#include "controllers/training_trigger/poll_result.hpp"
#include "operator/base/clock.hpp"
#include "operator/base/result.hpp"
#include "operator/worker/listing.hpp"
#include "operator/worker/sigv4.hpp"

namespace slipway::worker {

/// A branch to look at.
struct BranchLook {
  std::string url;
  std::string branch;
  std::string ca_file;  ///< Empty: the public authorities.
  std::string username;
  std::string password;  ///< Empty for none.
};

/// A prefix of a store to look at.
struct StoreLook {
  std::string s3_endpoint;     ///< Either this one
  std::string azure_endpoint;  ///< or this one.
  std::string bucket;          ///< Or container.
  std::string prefix;
  std::string ca_file;
  std::string region;
  AwsKey aws;  ///< An empty id means that nothing is signed.
  std::string account;
  bool is_signed = false;  ///< Of Azure: one of the two that follow must be there.
  std::string account_key;
  std::string sas_token;
  std::optional<CountFrom> from;
};

/// The commit that the branch has.
Result<training_trigger::PollResult> LookAtBranch(const BranchLook& look);

/// What is below the prefix, all pages of it.
Result<training_trigger::PollResult> LookAtStore(const StoreLook& look, const Clock& clock);

}  // namespace slipway::worker
