#include "operator/worker/commands.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>

#include "operator/kube/transport.hpp"

namespace slipway::worker {
namespace {

using training_trigger::PollResult;

std::string Variable(const char* name) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread yet.
  const char* value = std::getenv(name);
  std::string text = value == nullptr ? "" : value;
  // As `echo TOKEN | base64` puts into a Secret.
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  return text;
}

int Tell(const Result<PollResult>& result, const std::string& output, std::ostream& out) {
  const std::string text = result ? training_trigger::WritePollResult(*result)
                                  : training_trigger::WritePollFailure(result.error().message);
  out << text << "\n";
  std::ofstream file(output, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file.fail()) return result ? 0 : kLookFailed;
  out << fmt::format("the result cannot be written to {}\n", output);
  return kLookFailed;
}

}  // namespace

void Commands::AddTo(CLI::App& app) {
  worker_ = app.add_subcommand("worker", "Look once at something outside the cluster");
  worker_->require_subcommand(1);
  commit_ = worker_->add_subcommand("watch-commit", "Ask a Git server for the commit of a branch");
  commit_->add_option("--url", branch_.url, "Address of the repository")->required();
  commit_->add_option("--branch", branch_.branch, "Name of the branch")->required();
  commit_->add_option("--ca-file", branch_.ca_file, "Authorities to trust, as PEM");
  commit_->add_option("--output", output_, "Where the result goes, as JSON");

  auto* data = worker_->add_subcommand("watch-data", "Count the objects below a prefix of a store");
  auto* s3 =
      data->add_option("--s3-endpoint", store_.s3_endpoint, "Address of a store of S3's kind");
  data->add_option("--azure-endpoint", store_.azure_endpoint, "Address of an Azure Blob account")
      ->excludes(s3);
  data->add_option("--bucket", store_.bucket, "Name of the bucket or container")->required();
  data->add_option("--prefix", store_.prefix, "Only keys that begin like this");
  data->add_option("--region", store_.region, "Region to sign for");
  data->add_option("--account", store_.account, "Name of the Azure account");
  data->add_flag("--signed", store_.is_signed, "Of Azure: a key or signature must be given");
  data->add_option("--ca-file", store_.ca_file, "Authorities to trust, as PEM");
  data->add_option("--after", after_, "Time of the newest object that is known");
  data->add_option("--at-newest", at_newest_, "How many objects of that time are known");
  data->add_option("--output", output_, "Where the result goes, as JSON");
}

bool Commands::Parsed() const { return worker_ != nullptr && worker_->parsed(); }

int Commands::Run(std::ostream& out) {
  branch_.username = Variable("SLIPWAY_GIT_USERNAME");
  branch_.password = Variable("SLIPWAY_GIT_PASSWORD");
  store_.aws = {Variable("AWS_ACCESS_KEY_ID"), Variable("AWS_SECRET_ACCESS_KEY"),
                Variable("AWS_SESSION_TOKEN")};
  store_.account_key = Variable("AZURE_STORAGE_KEY");
  store_.sas_token = Variable("AZURE_STORAGE_SAS_TOKEN");
  if (const auto after = ParseTime(after_)) store_.from = CountFrom{*after, at_newest_};
  InitTransportLibrary();
  const SystemClock clock;
  return Tell(commit_->parsed() ? LookAtBranch(branch_) : LookAtStore(store_, clock), output_, out);
}

}  // namespace slipway::worker
