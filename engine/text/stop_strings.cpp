#include "engine/text/stop_strings.h"

#include <algorithm>
#include <utility>

namespace glim {

StopStrings::StopStrings(std::vector<std::string> stops) : stops_(std::move(stops)) {}

StopStrings::Step StopStrings::push(std::string_view text) {
  if (found_) return {{}, found_};
  held_ += text;
  std::size_t first_end = std::string::npos;
  for (std::size_t i = 0; i < stops_.size(); ++i) {
    const std::size_t begin = stops_[i].empty() ? std::string::npos : held_.find(stops_[i]);
    if (begin == std::string::npos) continue;
    const std::size_t end = begin + stops_[i].size();
    if (!found_ || end < first_end || (end == first_end && stops_[i].size() > stops_[*found_].size())) {
      found_ = i;
      first_end = end;
    }
  }
  const std::size_t safe = found_ ? first_end - stops_[*found_].size() : possible_start();
  Step step{held_.substr(0, safe), found_};
  if (found_) {
    held_.clear();
  } else {
    held_.erase(0, safe);
  }
  return step;
}

std::string StopStrings::flush() {
  return std::exchange(held_, {});
}

/// Where the longest end of the held text begins that also begins a stop string.
std::size_t StopStrings::possible_start() const {
  std::size_t start = held_.size();
  for (const std::string& stop : stops_) {
    if (stop.empty()) continue;
    for (std::size_t length = std::min(stop.size() - 1, held_.size()); length > held_.size() - start;
         --length) {
      if (held_.ends_with(std::string_view(stop).substr(0, length))) start = held_.size() - length;
    }
  }
  return start;
}

}  // namespace glim
