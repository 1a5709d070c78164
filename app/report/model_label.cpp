#include "app/report/model_label.h"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "engine/base/text.h"

namespace glim::app::report {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

std::string model_without_quant(const std::string& name, const std::string& quant) {
  if (name.rfind("shape:", 0) == 0 || name.rfind("builtin:", 0) == 0) {
    // Besides the type there may be parts that make another model of it: "layers=4".
    std::string out;
    for (const std::string& part : split_words(name.substr(name.find(':') + 1), ':'))
      if (out.empty() || part.find('=') != part.npos) out += (out.empty() ? "" : ":") + part;
    return out;
  }
  if (name == "spark" || name.rfind("spark:", 0) == 0) return "spark";
  std::string stem = std::filesystem::path(name).filename().string();
  if (const std::size_t ending = stem.rfind(".gguf"); ending != stem.npos) stem.erase(ending);
  if (const std::size_t of = stem.rfind("-of-"); of != stem.npos && of > 6) stem.erase(of - 6);
  const std::string tail = lower(quant);
  const std::string small = lower(stem);
  if (tail.empty() || small.size() <= tail.size() + 1) return stem;
  const std::size_t at = small.size() - tail.size();
  const bool ends = small.compare(at, tail.size(), tail) == 0 &&
                    std::string("-._").find(small[at - 1]) != std::string::npos;
  return ends ? stem.substr(0, at - 1) : stem;
}

}  // namespace glim::app::report
