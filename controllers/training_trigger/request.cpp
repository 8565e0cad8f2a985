#include "controllers/training_trigger/request.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "controllers/common/status.hpp"
#include "controllers/common/text.hpp"
#include "operator/kube/json_view.hpp"

namespace slipway::training_trigger {
namespace {

using api::TriggerCause;

// What the CRD lets a status hold.
constexpr std::size_t kMaxId = 128;
constexpr std::size_t kMaxCause = 256;
constexpr std::size_t kMaxUser = 512;

struct Body {
  std::string id;
  std::string cause;
  std::string problem;  ///< What is wrong, with member, value and rule.
};

bool IsIdChar(char c) {
  constexpr std::string_view kOthers = "-_.:/@+#=";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kOthers.find(c) != std::string_view::npos;
}

bool IsId(std::string_view text) {
  return !text.empty() && text.size() <= kMaxId && std::ranges::all_of(text, IsIdChar);
}

bool IsCause(std::string_view text) {
  return !text.empty() && text.size() <= kMaxCause && std::ranges::all_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= ' ' && byte != 0x7F;
  });
}

void ReadMember(std::string_view name, const JsonView& value, Body& body) {
  const auto refuse = [&](std::string_view rule) {
    body.problem =
        fmt::format("{} is {}, but must be {}", OneLine(name, 40), OneLine(value.Dump(), 80), rule);
  };
  if (name == "id") {
    body.id = value.Text();
    if (!IsId(body.id)) {
      refuse("a text of 1 to 128 letters, digits and characters of -_.:/@+#=, such as build-4711");
    }
  } else if (name == "cause") {
    body.cause = value.Text();
    if (!IsCause(body.cause)) refuse("a text of 1 to 256 bytes without control characters");
  } else {
    body.problem = fmt::format(
        "{} is no member that is known; there are id and cause, both optional. What the job does "
        "is said by spec.jobTemplate alone",
        OneLine(name, 40));
  }
}

Body ReadBody(std::string_view text) {
  Body body;
  if (text.empty()) return body;
  JsonParser parser;
  const auto parsed = parser.Parse(text);
  if (!parsed || !parsed->IsObject()) {
    body.problem =
        R"(the body must be empty or a JSON object, such as {"id": "build-4711"}; correct it)";
    return body;
  }
  parsed->ForEachMember([&](std::string_view name, const JsonView& value) {
    if (body.problem.empty()) ReadMember(name, value, body);
  });
  return body;
}

template <class List>
bool HasId(const List& list, const std::string& id) {
  return std::ranges::any_of(list, [&](const auto& item) { return item.id == id; });
}

/// By its time, as "at-1788264000123"; two of one moment are told apart.
std::string UnusedId(const api::WebhookStatus& webhook, Instant now) {
  auto count = std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch()).count();
  for (;; ++count) {
    std::string id = fmt::format("at-{}", count);
    if (!HasId(webhook.pending, id) && !HasId(webhook.started, id)) return id;
  }
}

/// Why the trigger takes no request now, or an empty text.
std::string WhyNot(const ObjectKey& key, const api::TrainingTrigger& trigger) {
  const std::string name = fmt::format("TrainingTrigger {}", key.ToString());
  if (trigger.meta.deleted) return name + " is being deleted";
  if (!trigger.spec.on_webhook) {
    return name +
           " takes no requests, since spec.onWebhook is not set; set it, such as onWebhook: {}";
  }
  if (trigger.spec.suspend) {
    return name + " is suspended; set spec.suspend to false, then ask again";
  }
  return "";
}

/// The job of a request that was taken before, or an empty text.
std::string KnownJob(const ObjectKey& key, const api::TrainingTrigger& trigger,
                     const api::WebhookStatus& webhook, const std::string& id) {
  const auto started = std::ranges::find(webhook.started, id, &api::StartedRequest::id);
  if (started != webhook.started.end()) return started->job;
  if (!HasId(webhook.pending, id)) return "";
  return JobKey(key, trigger, TriggerCause::kWebhook, id).name;
}

void MoveToStarted(api::WebhookStatus& webhook, const std::string& id, Instant time,
                   const std::string& job) {
  std::erase_if(webhook.pending, [&](const auto& request) { return request.id == id; });
  std::erase_if(webhook.started, [&](const auto& request) { return request.id == id; });
  webhook.started.insert(webhook.started.begin(), {id, time, job});
  if (webhook.started.size() > kMostRequests) webhook.started.resize(kMostRequests);
}

}  // namespace

TakenRequest TakeRequest(const ReconcileInput& input, const AuthorizedRequest& request) {
  const api::TrainingTrigger* trigger = input.world.Find(kTrainingTriggers, input.key);
  if (trigger == nullptr) return {404, "there is no such TrainingTrigger", {}};
  const Body body = ReadBody(request.body);
  if (!body.problem.empty()) return {400, body.problem, {}};

  api::TrainingTriggerStatus unseen;
  unseen.observed_generation = -1;
  api::TrainingTriggerStatus status = trigger->status.value_or(unseen);
  api::WebhookStatus webhook = status.webhook.value_or(api::WebhookStatus{});
  const std::string id = body.id.empty() ? UnusedId(webhook, input.now) : body.id;
  const std::string known = KnownJob(input.key, *trigger, webhook, id);
  if (!known.empty()) return {200, known, {}};
  const std::string why = WhyNot(input.key, *trigger);
  if (!why.empty()) return {409, why, {}};
  const auto most = static_cast<std::size_t>(trigger->spec.on_webhook->max_pending);
  if (webhook.pending.size() >= most) {
    return {
        429,
        fmt::format("{} requests wait for their job, as many as may (spec.onWebhook.maxPending); "
                    "ask again when one has it",
                    webhook.pending.size()),
        {}};
  }
  api::PendingRequest pending{id, StatusTime(input.now), OneLine(request.user, kMaxUser), {}};
  if (!body.cause.empty()) pending.cause = body.cause;
  webhook.pending.push_back(std::move(pending));
  status.webhook = std::move(webhook);
  return {202, JobKey(input.key, *trigger, TriggerCause::kWebhook, id).name, ToJson(status)};
}

void FindRequests(const ObjectKey& key, const api::TrainingTrigger& trigger,
                  const std::string& base, Observed& observed) {
  if (!trigger.spec.on_webhook) return;
  Signals& signals = observed.signals;
  if (base.empty()) {
    signals.problem = signals.problem.value_or(Problem{
        std::string(reason::kRequestsNotTaken),
        "spec.onWebhook is set, but this installation of the operator takes no requests; have the "
        "platform team set reports.enabled in its chart, or take spec.onWebhook away",
        true});
  } else {
    observed.webhook_url = fmt::format("{}/v1/trigger/{}/{}", base, key.ns, key.name);
    signals.waits.emplace_back("a request to the address in status.webhook.url starts a job");
  }
  if (!trigger.status || !trigger.status->webhook) return;
  for (const api::PendingRequest& request : trigger.status->webhook->pending) {
    const bool has_job = std::ranges::any_of(observed.jobs, [&](const StartedJob& job) {
      return job.signal && job.signal->cause == TriggerCause::kWebhook &&
             job.signal->id == request.id;
    });
    if (has_job) continue;
    signals.due.push_back({TriggerCause::kWebhook, request.id, request.time,
                           fmt::format("request {} of {}", request.id, request.user),
                           request.cause.value_or("")});
  }
}

void RecordRequests(api::TrainingTriggerStatus& status, const ObjectKey& key,
                    const api::TrainingTrigger& trigger, const Observed& observed,
                    const Signal* started, Instant now) {
  if (!trigger.spec.on_webhook) {
    status.webhook.reset();
    return;
  }
  if (!status.webhook) status.webhook.emplace();
  api::WebhookStatus& webhook = *status.webhook;
  webhook.url = observed.webhook_url;
  for (const StartedJob& job : observed.jobs) {
    if (!job.signal || IsRequestRecorded(trigger, job)) continue;
    MoveToStarted(webhook, job.signal->id, job.meta->created, job.key->name);
    status.last_trigger = {TriggerCause::kWebhook, job.meta->created, job.key->name};
  }
  if (started == nullptr || started->cause != TriggerCause::kWebhook) return;
  const std::string name = JobKey(key, trigger, started->cause, started->id).name;
  MoveToStarted(webhook, started->id, StatusTime(now), name);
}

std::string NameStartedRequest(const api::TrainingTriggerStatus& before,
                               const api::TrainingTriggerStatus& after) {
  if (!after.webhook || after.webhook->started.empty()) return "a request";
  const std::string& id = after.webhook->started.front().id;
  const api::WebhookStatus known = before.webhook.value_or(api::WebhookStatus{});
  const auto pending = std::ranges::find(known.pending, id, &api::PendingRequest::id);
  if (pending == known.pending.end()) return "request " + id;
  const std::string text = fmt::format("request {} of {}", id, pending->user);
  return pending->cause ? text + ": " + *pending->cause : text;
}

bool IsRequestRecorded(const api::TrainingTrigger& trigger, const StartedJob& job) {
  if (job.signal->cause != TriggerCause::kWebhook) return true;
  return !trigger.status || !trigger.status->webhook ||
         !HasId(trigger.status->webhook->pending, job.signal->id);
}

}  // namespace slipway::training_trigger
