#include "operator/run/audit_trail.hpp"

namespace slipway {
namespace {

using nlohmann::json;

std::string_view NameOf(const Action& action) {
  if (std::holds_alternative<Create>(action)) return "Create";
  if (std::holds_alternative<Apply>(action)) return "Apply";
  return std::holds_alternative<Delete>(action) ? "Delete" : "Patch";
}

std::string WhyOf(const Action& action) {
  if (const auto* removal = std::get_if<Delete>(&action)) return removal->why;
  const auto* patch = std::get_if<Patch>(&action);
  return patch == nullptr ? "" : patch->why;
}

}  // namespace

void AuditTrail::SeesOwner(const JsonView& object) {
  if (log_ == nullptr) return;
  object["metadata"]["managedFields"].ForEach([this](const JsonView& entry) {
    const bool spec = entry["fieldsV1"]["f:spec"].Exists() && !entry["subresource"].Exists();
    std::string time = entry["time"].Text();
    if (!spec || time < edited_) return;
    editor_ = entry["manager"].Text();
    edited_ = std::move(time);
  });
}

void AuditTrail::Sends(const Write& write, const HttpRequest& request) {
  if (log_ == nullptr) return;
  Pending& pending = pending_[&write];
  pending.is_read = request.method == HttpRequest::Method::kGet;
  if (!pending.is_read) pending.sent = request.body;
}

void AuditTrail::Answered(const Write& write, const Result<HttpResponse>& answer) {
  if (log_ == nullptr) return;
  Pending& pending = pending_[&write];
  if (pending.is_read) {
    if (answer) pending.looked = answer->body;
    return;
  }
  const Action& action = write.What();
  const ResourceType& type = write.Type();
  AuditEntry entry;
  entry.record = {{"action", NameOf(action)},
                  {"for", Resource()},
                  {"object",
                   {{"apiVersion", type.ApiVersion()},
                    {"kind", type.kind},
                    {"namespace", write.Key().ns},
                    {"name", write.Key().name},
                    {"uid", write.SeenUid()}}},
                  {"before", json()},
                  {"after", json()},
                  {"result", answer ? "Done" : ToString(answer.error().code)}};
  if (std::string why = WhyOf(action); !why.empty()) entry.record["why"] = std::move(why);
  if (!std::holds_alternative<Create>(action)) {
    entry.before_version = write.SeenVersion().text;
    const Object* known = world_.FindObject(type, write.Key());
    if (pending.looked) {
      entry.before = std::move(pending.looked);
    } else if (known != nullptr && !known->json.empty() && known->meta.uid == write.SeenUid()) {
      entry.before = known->json;
    }
  }
  if (answer && !write.IsDelete()) entry.after = answer->body;
  if (!write.IsDelete()) entry.sent = std::move(pending.sent);
  log_->Record(std::move(entry));
}

json AuditTrail::Resource() const {
  json resource = {{"kind", owner_.type.kind},
                   {"namespace", owner_.key.ns},
                   {"name", owner_.key.name},
                   {"uid", owner_.uid},
                   {"generation", owner_.generation}};
  if (!editor_.empty()) {
    resource["editedBy"] = editor_;
    resource["editedAt"] = edited_;
  }
  return resource;
}

}  // namespace slipway
