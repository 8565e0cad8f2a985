// Any JSON, read as every kind of ours; what is written of it reads the same.
#include "crds/generated/codec.hpp"

#include "tests/fuzz/fuzz.hpp"

namespace slipway::fuzz {
namespace {

template <class Kind>
void RoundTrip(Result<Kind> (*decode)(const JsonView&), const JsonView& object) {
  const auto first = decode(object);
  if (!first) {
    Require(IsUtf8(first.error().message), "a message is UTF-8", first.error().message);
    return;
  }
  api::ToJson(first->spec).dump();  // Must not throw; a spec is hashed but never written back.
  if (!first->status) return;
  const auto written = api::ToJson(*first->status);
  JsonParser parser;
  const std::string text =
      fmt::format(R"({{"metadata":{{"name":"n","uid":"u"}},"spec":{},"status":{}}})",
                  object["spec"].Dump(), written.dump());
  const auto parsed = parser.Parse(text);
  Require(parsed.has_value(), "what is written is JSON", text);
  const auto second = decode(*parsed);
  Require(second.has_value(), "what is written can be read again",
          second ? "" : second.error().message);
  Require(second->status && api::ToJson(*second->status) == written,
          "what is read again is the same", text);
}

}  // namespace

void Fuzz(std::string_view input) {
  JsonParser parser;
  const auto object = parser.Parse(input);
  if (!object) return;
  RoundTrip(api::DecodeTrainingJob, *object);
  RoundTrip(api::DecodeTrainingTrigger, *object);
  RoundTrip(api::DecodeModelDeployment, *object);
  RoundTrip(api::DecodeDriftMonitor, *object);
  RoundTrip(api::DecodeModelVersion, *object);
}

}  // namespace slipway::fuzz
