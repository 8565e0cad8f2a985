#include "operator/cli/image_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "operator/cli/image_fields.hpp"
#include "operator/cli/look.hpp"
#include "operator/cli/text.hpp"

namespace slipway::cli {
namespace {

using nlohmann::json;

/// What pods tell of one image.
struct Seen {
  std::set<std::string> digests;
  bool without = false;  ///< Some pod has it, and does not say which digest it is.
};

class Listing {
 public:
  Listing(const std::vector<crdgen::Crd>& crds, const std::vector<json>& objects)
      : crds_(crds), objects_(objects) {}

  ImageList Make() {
    for (const json& object : objects_) Add(object);
    for (const json& object : objects_) CheckReferences(object);
    ImageList list;
    list.problems.assign(problems_.begin(), problems_.end());
    for (auto& [text, image] : images_) {
      ChooseDigest(image);
      DropPods(image);
      list.images.push_back(std::move(image));
    }
    return list;
  }

 private:
  void Add(const json& object) {
    const NamedImages named = ImagesIn(crds_, object);
    for (const auto& [field, text] : named.images) AddUse(object, field, text);
    if (named.unknown_kind) {
      problems_.insert(Title(object) +
                       " names images, and how is not known of its kind; add them by hand");
    }
    worker_ = worker_ || named.has_worker_image;
    runtimes_.insert(named.runtimes.begin(), named.runtimes.end());
    if (Text(object, {"kind"}) == "Pod") Learn(object);
  }

  void AddUse(const json& object, const std::string& field, const std::string& text) {
    const auto name = ParseImageName(text);
    if (!name) {
      problems_.insert(fmt::format(
          "{}: {} = {:.200}: is no name of an image, which is [REGISTRY/]REPOSITORY[:TAG][@DIGEST] "
          "in lower case; correct it",
          Title(object), field, Line(text)));
      return;
    }
    Image& image = images_[name->Text()];
    image.name = *name;
    image.uses.insert(UseOf(object, field));
  }

  static ImageUse UseOf(const json& object, const std::string& field) {
    return {Text(object, {"kind"}), Text(object, {"metadata", "namespace"}), Name(object), field};
  }
  static std::string Title(const json& object) { return Line(UseOf(object, "").Object()); }

  void Learn(const json& pod) {
    for (const auto& [text, id] : DigestsOf(pod)) {
      const auto name = ParseImageName(text);
      if (!name) continue;
      Seen& seen = seen_[name->Text()];
      if (id.empty()) {
        seen.without = true;
      } else {
        seen.digests.insert(id);
      }
    }
  }

  /// Pods are worth a word where nothing else names their image, such as that of an injected proxy.
  static void DropPods(Image& image) {
    const auto is_pod = [](const ImageUse& use) { return use.kind == "Pod"; };
    if (!std::ranges::all_of(image.uses, is_pod)) std::erase_if(image.uses, is_pod);
  }

  void ChooseDigest(Image& image) {
    image.digest = image.name.digest;
    if (!image.digest.empty()) return;
    const Seen& seen = seen_[image.name.Text()];
    if (seen.digests.size() == 1) {
      image.digest = *seen.digests.begin();
    } else if (seen.digests.size() > 1) {
      image.no_digest =
          fmt::format("its tag has moved: pods have run {}", fmt::join(seen.digests, " and "));
    } else if (seen.without) {
      image.no_digest = "its pods do not say which they run";
    } else {
      image.no_digest = "no pod that was looked at has run it";
    }
  }

  /// What an object has its image from must be among the objects.
  void CheckReferences(const json& object) {
    const json& spec = JobSpecOf(object);
    const std::string runtime = Text(spec, {"runtimeRef", "name"});
    if (!runtime.empty() && Text(spec, {"trainer", "image"}).empty()) {
      std::string kind = Text(spec, {"runtimeRef", "kind"});
      if (kind.empty()) kind = "ClusterRuntime";
      const std::string ns = kind == "Runtime" ? Text(object, {"metadata", "namespace"}) : "";
      if (!Has(kind, ns, runtime)) {
        Missing(object, fmt::format("{} {}", kind, ns.empty() ? runtime : ns + "/" + runtime));
      }
    }
    for (const json& variant : List(object, {"spec", "variants"})) {
      const std::string name = Text(variant, {"runtime", "name"});
      if (name.empty() || runtimes_.contains(name)) continue;
      Missing(object, fmt::format("runtime {} of the operator's configuration", name));
    }
    if (!worker_ && NeedsWorker(object))
      Missing(object, "workerImage of the operator's configuration");
  }

  bool Has(const std::string& kind, const std::string& ns, const std::string& name) const {
    return std::ranges::any_of(objects_, [&](const json& object) {
      return Text(object, {"kind"}) == kind && Name(object) == name &&
             Text(object, {"metadata", "namespace"}) == ns;
    });
  }

  void Missing(const json& object, const std::string& what) {
    problems_.insert(Line(
        fmt::format("{} has its image from {}, which is not here: that image is not in the list",
                    Title(object), what)));
  }

  const std::vector<crdgen::Crd>& crds_;
  const std::vector<json>& objects_;
  std::map<std::string, Image> images_;
  std::map<std::string, Seen> seen_;
  std::set<std::string> runtimes_;
  std::set<std::string> problems_;
  bool worker_ = false;
};

}  // namespace

std::string ImageUse::Object() const {
  return ns.empty() ? kind + " " + name : fmt::format("{} {}/{}", kind, ns, name);
}

std::vector<std::string> Image::References() const {
  std::vector<std::string> references;
  if (name.digest.empty()) references.push_back(name.Text());
  if (!digest.empty()) references.push_back(name.Place() + "@" + digest);
  return references;
}

ImageList ListImages(const std::vector<crdgen::Crd>& crds, const std::vector<json>& objects) {
  return Listing(crds, objects).Make();
}

}  // namespace slipway::cli
