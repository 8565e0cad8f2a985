#include "operator/cli/decode.hpp"

#include "operator/cli/look.hpp"

namespace slipway::cli {

namespace {

Result<ObjectPtr> Decode(const AnyResource& kind, const nlohmann::json& object) {
  const std::string text = object.dump();
  JsonParser parser;
  const auto view = parser.Parse(text);
  if (!view) return tl::unexpected(view.error());
  auto meta = DecodeMeta(*view);
  if (!meta) return tl::unexpected(meta.error());
  auto body = kind.decode(*view);
  if (!body) return tl::unexpected(body.error());
  const ObjectKey key{kHomeCluster, kind.cluster_scoped ? "" : meta->ns, meta->name};
  return std::make_shared<const Object>(
      Object{kind.type, key, std::move(*meta), std::move(*body), ""});
}

}  // namespace

Result<Snapshot> WorldOf(const Controller& controller, const nlohmann::json& resource,
                         const std::vector<nlohmann::json>& others) {
  auto itself = Decode(controller.kind, resource);
  if (!itself) return tl::unexpected(itself.error());
  std::vector<ObjectPtr> objects{std::move(*itself)};
  for (const auto& lookup : controller.looks_up) {
    for (const auto& other : others) {
      if (Text(other, {"kind"}) != lookup.kind.type.kind) continue;
      auto object = Decode(lookup.kind, other);
      if (!object) return tl::unexpected(object.error());
      objects.push_back(std::move(*object));
    }
  }
  return Snapshot(std::move(objects));
}

}  // namespace slipway::cli
