#include "operator/run/report_desk.hpp"

#include <nlohmann/json.hpp>

#include "operator/base/utf8.hpp"
#include "operator/kube/json_view.hpp"
#include "operator/kube/labels.hpp"
#include "operator/run/write.hpp"

namespace slipway {
namespace {

using nlohmann::json;

constexpr ResourceType kReviews{"authentication.k8s.io", "v1", "TokenReview", "tokenreviews"};
/// A program that reports waits for the answer, and has something better to do.
constexpr std::chrono::milliseconds kDeadline{3000};
// https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-tokens
constexpr std::string_view kPodUid = "authentication.kubernetes.io/pod-uid";

/// Whether the API server says that the token is good, for reports, and of that pod.
Result<bool> ReadReview(std::string_view body, const std::string& pod_uid) {
  JsonParser parser;
  const auto review = parser.Parse(body);
  if (!review) return tl::unexpected(review.error());
  const JsonView status = (*review)["status"];
  bool for_us = false;
  status["audiences"].ForEach(
      [&](const JsonView& audience) { for_us = for_us || audience.String() == labels::kReports; });
  bool of_pod = false;
  status["user"]["extra"][kPodUid].ForEach(
      [&](const JsonView& uid) { of_pod = of_pod || uid.String() == pod_uid; });
  return status["authenticated"].BoolOr(false) && for_us && of_pod;
}

ReportAnswer Explain(const Error& error) {
  switch (error.code) {
    case Code::kNotFound: return {410, "what the pod belongs to is not there any more", {}};
    case Code::kForbidden:
      return {503, "the operator lacks a right: " + error.message, ReportDesk::kBetween};
    default: return {503, "not now: " + error.message, ReportDesk::kBetween};
  }
}

const ReportAnswer kNoToken{
    401, "send what the file SLIPWAY_REPORT_TOKEN_FILE holds now, as bearer token", {}};

}  // namespace

ReportDesk::ReportDesk(const Store& pods, std::vector<const Controller*> controllers,
                       Client& client, const Clock& clock)
    : pods_(pods), controllers_(std::move(controllers)), client_(client), clock_(clock) {}

ReportAnswer ReportDesk::Take(const std::string& ns, const std::string& name,
                              std::string_view token, std::string_view report,
                              const std::string& peer) {
  if (report.size() > kMaxReport) {
    return {413, "a report has at most 4096 bytes; send less", {}};
  }
  if (!IsUtf8(report)) return {400, "a report is JSON in UTF-8", {}};
  if (token.empty()) return kNoToken;
  if (!pods_.Synced()) return {503, "not now: this replica has just started", kBetween};
  const ObjectPtr pod = pods_.Find({client_.cluster(), ns, name});
  const Controller* controller = pod ? FindController(*pod) : nullptr;
  if (controller == nullptr) {
    return {404, "there is no such pod that may report; use the address in SLIPWAY_REPORT_URL", {}};
  }
  if (const auto wait = heard_.WaitOf(pod->meta.uid); wait.count() > 0) {
    return {429, "a pod reports every 10 seconds at most; leave this one out", wait};
  }
  if (const auto wait = refused_.WaitOf(peer); wait.count() > 0) {
    return {429, "the token that came from this address before was not good; wait", wait};
  }
  const auto known = Confirm(pod->meta.uid, token);
  if (!known) return Explain(known.error());
  if (!*known) {
    refused_.Take(peer);
    return kNoToken;
  }
  heard_.Take(pod->meta.uid);
  auto answer = Record(*controller, *pod, report);
  if (!answer && answer.error().code == Code::kConflict) {
    answer = Record(*controller, *pod, report);
  }
  return answer ? *answer : Explain(answer.error());
}

const Controller* ReportDesk::FindController(const Object& pod) const {
  const auto kind = pod.meta.labels.find(labels::kOwnerKind);
  if (kind == pod.meta.labels.end() || !pod.meta.annotations.contains(labels::kReports)) {
    return nullptr;
  }
  for (const Controller* controller : controllers_) {
    if (controller->take_report && controller->kind.type.kind == kind->second) return controller;
  }
  return nullptr;
}

Result<bool> ReportDesk::Confirm(const std::string& pod_uid, std::string_view token) {
  if (!IsUtf8(token)) return false;
  const json review = {{"apiVersion", kReviews.ApiVersion()},
                       {"kind", kReviews.kind},
                       {"spec", {{"token", token}, {"audiences", {labels::kReports}}}}};
  const auto answer = client_.Send(
      request::Create(kReviews, {client_.cluster(), "", ""}, review.dump(), kFieldManager),
      kDeadline);
  if (!answer) return tl::unexpected(answer.error());
  return ReadReview(answer->body, pod_uid);
}

Result<ReportAnswer> ReportDesk::Record(const Controller& controller, const Object& pod,
                                        std::string_view report) {
  const ResourceType& type = controller.kind.type;
  const auto key = OwnerKey(pod.meta);
  if (!key) return Fail(Code::kNotFound, "");
  const auto read = client_.Send(request::Get(type, *key), kDeadline);
  if (!read) return tl::unexpected(read.error());
  JsonParser parser;
  const auto object = parser.Parse(read->body);
  if (!object) return tl::unexpected(object.error());
  const auto meta = DecodeMeta(*object);
  if (!meta) return tl::unexpected(meta.error());
  const auto body = controller.kind.decode(*object);
  if (!body) return tl::unexpected(body.error());
  if (meta->uid != OwnerUid(pod.meta)) return Fail(Code::kNotFound, "");

  const Snapshot world({std::make_shared<const Object>(Object{type, *key, *meta, *body, {}})});
  const TakenReport taken = controller.take_report({*key, world, clock_.Now(), {}}, report);
  if (taken.status) {
    const Owner owner{type, *key, meta->uid, meta->generation, meta->resource_version};
    const auto written = client_.Send(RequestStatus(owner, *taken.status), kDeadline);
    if (!written) return tl::unexpected(written.error());
  }
  if (taken.refusal.empty()) return ReportAnswer{};
  return ReportAnswer{400, taken.refusal, {}};
}

}  // namespace slipway
