#include "operator/run/executor.hpp"

#include <algorithm>

#include "operator/base/log.hpp"

namespace slipway {
namespace {

/// One request of a round and the write that waits for its answer.
struct InFlight {
  Write* write;
  ClusterId cluster;
  HttpRequest request;
};

std::vector<InFlight> NextRound(std::vector<Write>& writes) {
  std::vector<InFlight> round;
  for (auto& write : writes) {
    if (auto request = write.Next()) {
      round.push_back({&write, write.Key().cluster, std::move(*request)});
    }
  }
  return round;
}

void RefuseAll(std::vector<Write>& writes, const Error& error) {
  for (auto& write : writes) write.Refuse(error);
}

constexpr const char* kLostLabels = "it has lost the labels by which it is managed";
const Error kNotLeading{Code::kUnavailable, "this replica does not lead any more", {}};

}  // namespace

std::vector<WriteFailure> Executor::Execute(const Owner& owner, const std::vector<Action>& actions,
                                            const Snapshot& world) {
  auto failures = Carry(owner, actions, world);
  // What is ours and in no view cannot be managed any more; it makes room for what can.
  std::vector<Action> hidden;
  for (const auto& failure : failures) {
    if (failure.hidden_uid.empty()) continue;
    hidden.emplace_back(
        Delete{failure.type, failure.key, failure.hidden_uid, kLostLabels, std::nullopt});
  }
  if (!hidden.empty()) Carry(owner, hidden, world);
  return failures;
}

std::vector<WriteFailure> Executor::Carry(const Owner& owner, const std::vector<Action>& actions,
                                          const Snapshot& world) {
  std::vector<Write> writes;
  writes.reserve(actions.size());
  for (const auto& action : actions) writes.emplace_back(owner, action, world);

  const bool writes_anything = !std::ranges::all_of(writes, &Write::Skipped);
  AuditTrail trail(audit_, owner, world);
  const auto confirmed = writes_anything ? ConfirmOwner(owner, trail) : Result<void>{};
  if (confirmed) {
    Advance(owner, writes, trail);
  } else {
    RefuseAll(writes, confirmed.error());
  }

  std::vector<WriteFailure> failures;
  for (const auto& write : writes) {
    Report(owner, write);
    if (write.Failure()) failures.push_back(*write.Failure());
  }
  return failures;
}

void Executor::Advance(const Owner& owner, std::vector<Write>& writes, AuditTrail& trail) {
  for (auto round = NextRound(writes); !round.empty(); round = NextRound(writes)) {
    const auto remaining = may_write_for_();
    if (remaining.count() <= 0) return RefuseAll(writes, kNotLeading);
    const auto deadline = std::min(remaining, Client::kDefaultDeadline);
    for (const auto& [cluster, client] : clients_) {
      std::vector<HttpRequest> requests;
      std::vector<Write*> waiting;
      for (auto& item : round) {
        if (item.cluster != cluster) continue;
        trail.Sends(*item.write, item.request);
        requests.push_back(std::move(item.request));
        waiting.push_back(item.write);
      }
      auto answers = client->SendAll(std::move(requests), deadline);
      for (std::size_t i = 0; i < waiting.size(); ++i) {
        trail.Answered(*waiting[i], answers[i]);
        waiting[i]->OnResponse(std::move(answers[i]));
      }
    }
  }
  for (const auto& write : writes) {
    const ObjectKey& key = write.Key();
    barrier_.Wrote(owner.key, {key.cluster, write.Type(), key.ns, write.Version()},
                   clock_.Steady());
  }
}

Result<void> Executor::ConfirmOwner(const Owner& owner, AuditTrail& trail) {
  const auto remaining = may_write_for_();
  if (remaining.count() <= 0) return tl::unexpected(kNotLeading);
  auto response = clients_.at(owner.key.cluster)
                      ->Send(request::Get(owner.type, owner.key),
                             std::min(remaining, Client::kDefaultDeadline));
  if (!response) return tl::unexpected(response.error());
  JsonParser parser;
  auto object = parser.Parse(response->body);
  if (!object) return tl::unexpected(object.error());
  auto meta = DecodeMeta(*object);
  if (!meta) return tl::unexpected(meta.error());
  if (meta->uid != owner.uid || meta->resource_version != owner.version || meta->deleted) {
    return Fail(Code::kConflict, std::string(owner.type.kind) + " " + owner.key.ToString() +
                                     " changed since it was read; nothing was written");
  }
  trail.SeesOwner(*object);
  return {};
}

void Executor::Report(const Owner& owner, const Write& write) {
  if (write.Skipped()) metrics_.WritesSkipped(write.Type().plural).Increment();
  if (write.Failure()) {
    log::Warn("write failed", {{"resource", write.Type().plural},
                               {"object", write.Key().ToString()},
                               {"code", ToString(write.Failure()->error.code)},
                               {"error", write.Failure()->error.message}});
  } else if (!write.Skipped()) {
    log::Debug("written", {{"resource", write.Type().plural},
                           {"object", write.Key().ToString()},
                           {"delete", write.IsDelete()},
                           {"generation", owner.generation}});
  }
}

Result<void> Executor::WriteStatus(const Owner& owner, const nlohmann::json& status) {
  const auto remaining = may_write_for_();
  if (remaining.count() <= 0) return tl::unexpected(kNotLeading);
  auto response =
      clients_.at(owner.key.cluster)
          ->Send(RequestStatus(owner, status), std::min(remaining, Client::kDefaultDeadline));
  if (!response) return tl::unexpected(response.error());
  JsonParser parser;
  if (auto object = parser.Parse(response->body)) {
    const ResourceVersion now_at{(*object)["metadata"]["resourceVersion"].Text()};
    barrier_.Wrote(owner.key, {owner.key.cluster, owner.type, owner.key.ns, now_at.Number()},
                   clock_.Steady());
  }
  return {};
}

}  // namespace slipway
