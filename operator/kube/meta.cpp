#include "operator/kube/meta.hpp"

namespace slipway {
namespace {

constexpr std::string_view kOurAnnotations = "slipway.dev/";

Labels DecodeLabels(const JsonView& object, std::string_view prefix) {
  Labels labels;
  object.ForEachMember([&](std::string_view name, const JsonView& value) {
    if (name.starts_with(prefix)) labels.emplace(name, value.Text());
  });
  return labels;
}

std::optional<OwnerRef> DecodeController(const JsonView& references) {
  std::optional<OwnerRef> owner;
  references.ForEach([&](const JsonView& reference) {
    if (!reference["controller"].BoolOr(false)) return;
    owner = OwnerRef{reference["kind"].Text(), reference["name"].Text(), reference["uid"].Text()};
  });
  return owner;
}

}  // namespace

Result<ObjectMeta> DecodeMeta(const JsonView& object) {
  const JsonView metadata = object["metadata"];
  ObjectMeta meta;
  meta.name = metadata["name"].Text();
  meta.ns = metadata["namespace"].Text();
  meta.uid = metadata["uid"].Text();
  if (meta.name.empty()) return Fail(Code::kInternal, "metadata.name is missing or no text");
  if (meta.uid.empty()) {
    return Fail(Code::kInternal, "metadata.uid of \"" + meta.name + "\" is missing or no text");
  }
  meta.resource_version.text = metadata["resourceVersion"].Text();
  meta.generation = metadata["generation"].IntOr(0);
  meta.created = ParseTime(metadata["creationTimestamp"].Text()).value_or(Instant{});
  meta.deleted = ParseTime(metadata["deletionTimestamp"].Text());
  meta.labels = DecodeLabels(metadata["labels"], "");
  meta.annotations = DecodeLabels(metadata["annotations"], kOurAnnotations);
  meta.owner = DecodeController(metadata["ownerReferences"]);
  return meta;
}

}  // namespace slipway
