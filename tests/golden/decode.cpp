#include "tests/golden/decode.hpp"

#include <algorithm>
#include <stdexcept>

namespace slipway::golden {

using nlohmann::json;

std::vector<AnyResource> Kinds(const Controller& controller) {
  // What is looked up comes first, as where the operator makes its informers.
  std::vector<AnyResource> kinds{controller.kind};
  for (const auto& lookup : controller.looks_up) kinds.push_back(lookup.kind);
  kinds.insert(kinds.end(), controller.owns.begin(), controller.owns.end());
  return kinds;
}

ObjectKey KeyOf(const json& object) {
  const json& metadata = object.at("metadata");
  return {kHomeCluster, metadata.value("namespace", ""), metadata.value("name", "")};
}

ObjectPtr DecodeObject(const std::vector<AnyResource>& kinds, const json& object) {
  const auto kind = std::ranges::find_if(kinds, [&](const AnyResource& resource) {
    return resource.type.kind == object.at("kind").get<std::string>() &&
           resource.type.ApiVersion() == object.at("apiVersion").get<std::string>();
  });
  if (kind == kinds.end()) throw std::runtime_error("no such kind: " + object.at("kind").dump());
  const std::string text = object.dump();
  JsonParser parser;
  const auto view = parser.Parse(text);
  auto meta = DecodeMeta(view.value());
  auto body = kind->decode(*view);
  if (!meta || !body) throw std::runtime_error(meta ? body.error().message : meta.error().message);
  return std::make_shared<const Object>(Object{kind->type, KeyOf(object), std::move(*meta),
                                               std::move(*body), kind->keep_json ? text : ""});
}

Snapshot MakeSnapshot(const Controller& controller, const std::vector<json>& objects) {
  std::vector<ObjectPtr> decoded;
  for (const auto& object : objects) decoded.push_back(DecodeObject(Kinds(controller), object));
  std::ranges::sort(decoded, {}, [](const ObjectPtr& object) { return object->key; });
  return Snapshot(std::move(decoded));
}

}  // namespace slipway::golden
