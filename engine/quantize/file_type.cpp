#include "engine/quantize/file_type.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/quantize/encode.h"

namespace glim {
namespace {

std::string changed(std::string_view text, int (*change)(int)) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(change(static_cast<unsigned char>(c)));
  return out;
}

Error unknown(std::string_view what, std::string_view name, std::string_view place,
              const std::vector<std::string_view>& known, const std::string& written) {
  const std::string_view near = nearest(written, known);
  std::string list;
  for (const std::string_view one : known) list += (list.empty() ? "" : " ") + std::string(one);
  return Error(ErrorCode::E501,
               strf("%s: there is no %s \"%s\"; %s", printable(place).c_str(), std::string(what).c_str(),
                    printable(name, 60).c_str(),
                    near.empty() ? "use one of those listed below"
                                 : ("did you mean " + std::string(near) + "?").c_str()),
               list);
}

}  // namespace

const FileType& file_type_named(std::string_view name, std::string_view place) {
  std::string written = changed(name, std::toupper);
  for (const std::string_view family : {"Q3_K", "Q4_K", "Q5_K"})
    if (written == family) written += "_M";
  const auto found = std::find_if(kFileTypes.begin(), kFileTypes.end(),
                                  [&](const FileType& type) { return type.name == written; });
  if (found != kFileTypes.end()) return *found;
  std::vector<std::string_view> known;
  for (const FileType& type : kFileTypes) known.push_back(type.name);
  throw unknown("file type", name, place, known, written);
}

QuantType quant_type_named(std::string_view name, std::string_view place) {
  const std::string written = changed(name, std::tolower);
  if (const auto type = quant_from_name(written); type && can_quantize(*type)) return *type;
  std::vector<std::string_view> known;
  for (const QuantInfo& info : kQuants)
    if (can_quantize(info.type)) known.push_back(info.name);
  throw unknown("format", name, place, known, written);
}

}  // namespace glim
