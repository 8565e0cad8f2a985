#include "operator/cli/image_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "crds/gen/yaml.hpp"
#include "operator/cli/text.hpp"

namespace slipway::cli {
namespace {

using nlohmann::json;

/// As many characters of a digest as tell it from all others that people will see.
constexpr std::size_t kShortDigest = sizeof("sha256:") - 1 + 12;

std::string DigestCell(const Image& image, bool wide) {
  if (image.digest.empty()) return "no digest";
  return wide ? image.digest : image.digest.substr(0, kShortDigest);
}

std::string Source(const Image& image) {
  if (image.digest.empty()) return "";
  return image.name.digest.empty() ? "pods" : "spec";
}

/// In the wide table each with its field, else the first objects and how many there are more.
std::string Users(const Image& image, bool wide) {
  std::vector<std::string> users;
  for (const ImageUse& use : image.uses) {
    const std::string user = wide ? use.Object() + " " + use.field : use.Object();
    if (users.empty() || users.back() != user) users.push_back(user);
  }
  constexpr std::size_t kShown = 2;
  const std::size_t rest = wide || users.size() <= kShown + 1 ? 0 : users.size() - kShown;
  users.resize(users.size() - rest);
  std::string text = fmt::format("{}", fmt::join(users, ", "));
  if (rest > 0) text += fmt::format(" and {} more", rest);
  return Line(text);
}

/// What to write in place of a name without its digest, which stands in its own column.
std::string NameCell(const Image& image) {
  ImageName name = image.name;
  name.digest.clear();
  return name.Text();
}

std::string MirrorCell(const Image& image, const std::vector<Mirror>& mirrors) {
  ImageName name = image.name;
  if (!image.digest.empty() && !name.digest.empty()) name.tag.clear();
  return NameInMirror(name, mirrors).value_or("");
}

/// Each once: what one object names by digest another may have run by its tag.
std::vector<std::string> AllReferences(const ImageList& list) {
  std::vector<std::string> all;
  for (const Image& image : list.images) {
    for (std::string& reference : image.References()) {
      if (std::ranges::find(all, reference) == all.end()) all.push_back(std::move(reference));
    }
  }
  return all;
}

std::string Advice(const ImageList& list) {
  const std::string count = WithoutDigest(list);
  if (count.empty()) return "";
  std::string text = fmt::format("\n{}:\n", count);
  for (const Image& image : list.images) {
    if (image.digest.empty()) {
      text += fmt::format("  {}   {}\n", image.name.Text(), image.no_digest);
    }
  }
  return text +
         "Way out:   name them as NAME@sha256:... where -o wide says; the registry has it:\n"
         "  skopeo inspect --no-tags --format '{{.Digest}}' docker://NAME\n";
}

}  // namespace

std::string WithoutDigest(const ImageList& list) {
  const auto without =
      std::ranges::count_if(list.images, [](const Image& image) { return image.digest.empty(); });
  if (without == 0) return "";
  return fmt::format("{} of {} no digest", without,
                     Count(list.images.size(), "image") + (without == 1 ? " has" : " have"));
}

std::string ImageTable(const ImageList& list, const std::vector<Mirror>& mirrors, bool wide) {
  if (list.images.empty()) return "";
  std::vector<std::string> headings{"IMAGE", "DIGEST", "FROM"};
  if (!mirrors.empty()) headings.emplace_back("IN THE MIRROR");
  headings.emplace_back("USED BY");
  std::vector<std::vector<std::string>> rows;
  std::set<std::string> elsewhere;
  for (const Image& image : list.images) {
    std::vector<std::string> row{NameCell(image), DigestCell(image, wide), Source(image)};
    if (!mirrors.empty()) row.push_back(MirrorCell(image, mirrors));
    if (!mirrors.empty() && row.back().empty()) elsewhere.insert(image.name.registry);
    row.push_back(Users(image, wide));
    rows.push_back(std::move(row));
  }
  std::string text = Table(headings, rows);
  if (!elsewhere.empty()) {
    text += fmt::format("\nNo --mirror is for {}.\n", fmt::join(elsewhere, ", "));
  }
  return text + Advice(list);
}

std::string ImageNames(const ImageList& list, const std::vector<Mirror>& mirrors) {
  std::string text;
  for (const std::string& reference : AllReferences(list)) {
    const auto name = ParseImageName(reference);
    text += (name ? NameInMirror(*name, mirrors) : std::nullopt).value_or(reference) + "\n";
  }
  return text;
}

json ImageJson(const ImageList& list, const std::vector<Mirror>& mirrors) {
  json images = json::array();
  for (const Image& image : list.images) {
    json entry = {{"image", image.name.Text()},
                  {"references", image.References()},
                  {"usedBy", json::array()}};
    if (image.digest.empty()) {
      entry["noDigest"] = image.no_digest;
    } else {
      entry["digest"] = image.digest;
      entry["digestFrom"] = Source(image);
    }
    if (const std::string mirror = MirrorCell(image, mirrors); !mirror.empty()) {
      entry["mirror"] = mirror;
    }
    for (const ImageUse& use : image.uses) {
      json user = {{"kind", use.kind}, {"name", use.name}, {"field", use.field}};
      if (!use.ns.empty()) user["namespace"] = use.ns;
      entry["usedBy"].push_back(std::move(user));
    }
    images.push_back(std::move(entry));
  }
  return {{"images", std::move(images)}, {"problems", list.problems}};
}

std::string SkopeoYaml(const ImageList& list) {
  crdgen::Json file = crdgen::Json::object();
  for (const Image& image : list.images) {
    crdgen::Json& wanted = file[image.name.registry]["images"][image.name.repository];
    if (wanted.is_null()) wanted = crdgen::Json::array();
    const auto add = [&](const std::string& what) {
      if (std::ranges::find(wanted, crdgen::Json(what)) == wanted.end()) wanted.push_back(what);
    };
    if (image.name.digest.empty()) add(image.name.tag);
    if (!image.digest.empty()) add(image.digest);
  }
  return crdgen::DumpYaml(file);
}

std::string OcMirrorYaml(const ImageList& list) {
  crdgen::Json images = crdgen::Json::array();
  for (const std::string& reference : AllReferences(list)) images.push_back({{"name", reference}});
  crdgen::Json file;
  file["apiVersion"] = "mirror.openshift.io/v2alpha1";
  file["kind"] = "ImageSetConfiguration";
  file["mirror"]["additionalImages"] = std::move(images);
  return crdgen::DumpYaml(file);
}

}  // namespace slipway::cli
