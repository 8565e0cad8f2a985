#include "operator/probe/commands.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "operator/probe/attempts.hpp"
#include "operator/probe/rounds.hpp"

namespace slipway::probe {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kMaxTargets = 16;

/// What CLI11 says of a target that is none; empty when it is one.
std::string CheckTarget(const std::string& text) {
  const auto where = ParseHostPort(text);
  if (!where) return where.error().message;
  return where->host.empty() ? fmt::format("\"{}\" must name a host", text) : "";
}

ProbeReport Probe(const std::vector<Target>& targets, RoundTimes times) {
  const auto start = Clock::now();
  const auto since_start = [start](Clock::time_point time) {
    return std::chrono::duration_cast<milliseconds>(time - start);
  };
  Rounds rounds(times);
  for (;;) {
    Look look = LookAt(targets);
    const auto ended = since_start(Clock::now());
    const Round round{since_start(look.began), ended, std::move(look.checks)};
    if (const auto reason = rounds.Take(round)) return {*reason, round.checks, ended};
    std::this_thread::sleep_until(start + rounds.NextAt());
  }
}

}  // namespace

void Commands::AddTo(CLI::App& app) {
  probe_ = app.add_subcommand("probe", "See whether the network keeps this pod from something");
  const CLI::Validator target(CheckTarget, "HOST:PORT");
  probe_->add_option("--reachable", reachable_, "What must be reachable, at one of its addresses")
      ->required()
      ->expected(1, kMaxTargets)
      ->check(target);
  probe_->add_option("--refused", refused_, "What must not be, at any of its addresses")
      ->required()
      ->expected(1, kMaxTargets)
      ->check(target);
  probe_->add_option("--timeout-seconds", timeout_seconds_, "How long to wait for it")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  probe_->add_option("--settle-seconds", settle_seconds_, "How long it has to stay so")
      ->check(CLI::Range(0, 600))
      ->capture_default_str();
  probe_->add_option("--report", report_, "Where the report goes, as JSON")->capture_default_str();
  probe_->callback([this] {
    if (settle_seconds_ < timeout_seconds_) return;
    throw CLI::ValidationError("--settle-seconds", "must be less than --timeout-seconds");
  });
}

bool Commands::Parsed() const { return probe_ != nullptr && probe_->parsed(); }

int Commands::Run(std::ostream& out, std::ostream& err) {
  // A round waits for the name server as long as for a connection; the next one asks again.
  setenv("RES_OPTIONS", "timeout:1 attempts:1", 0);  // NOLINT(concurrency-mt-unsafe): one thread.
  std::vector<Target> targets;
  for (const auto& text : reachable_) targets.push_back({ParseHostPort(text).value(), true});
  for (const auto& text : refused_) targets.push_back({ParseHostPort(text).value(), false});
  const ProbeReport report = Probe(targets, {seconds(timeout_seconds_), seconds(settle_seconds_)});
  const std::string text = WriteProbeReport(report);
  out << text << std::endl;
  if (report.reason != ProbeReason::kEnforced) err << DescribeProbe(report) << std::endl;
  std::ofstream file(report_, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (file.fail()) err << fmt::format("the report cannot be written to {}", report_) << std::endl;
  return ExitCode(report.reason);
}

}  // namespace slipway::probe
