#include "engine/text/tokenizer_specials.h"

#include <algorithm>
#include <map>

namespace glim {

SpecialFinder::SpecialFinder(std::vector<Special> specials)
    : specials_(std::move(specials)), is_start_(256, false) {
  std::sort(specials_.begin(), specials_.end(), [](const Special& a, const Special& b) {
    return a.text != b.text ? a.text < b.text : a.id < b.id;
  });
  const auto same = [](const Special& a, const Special& b) { return a.text == b.text; };
  specials_.erase(std::unique(specials_.begin(), specials_.end(), same), specials_.end());
  for (const Special& special : specials_) is_start_[static_cast<unsigned char>(special.text[0])] = true;
}

/// Indices of the specials that occur at all, longest first: vocabularies have thousands, texts hold a
/// handful.
std::vector<std::size_t> SpecialFinder::occurring(std::string_view text) const {
  std::vector<bool> seen(specials_.size(), false);
  std::vector<std::size_t> out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!is_start_[static_cast<unsigned char>(text[at])]) continue;
    // Sorted by text, the specials that share the characters so far are neighbours, the shortest of them
    // first.
    std::size_t low = 0, high = specials_.size();
    for (std::size_t depth = 0; low < high && at + depth < text.size(); ++depth) {
      const auto byte = static_cast<unsigned char>(text[at + depth]);
      const auto byte_at = [&](const Special& s) { return static_cast<unsigned char>(s.text[depth]); };
      const auto first = specials_.begin() + static_cast<std::ptrdiff_t>(low);
      const auto last = specials_.begin() + static_cast<std::ptrdiff_t>(high);
      const auto from =
          std::partition_point(first, last, [&](const Special& s) { return byte_at(s) < byte; });
      const auto to = std::partition_point(from, last, [&](const Special& s) { return byte_at(s) == byte; });
      low = static_cast<std::size_t>(from - specials_.begin());
      high = static_cast<std::size_t>(to - specials_.begin());
      if (low < high && specials_[low].text.size() == depth + 1) {
        if (!seen[low]) seen[low] = true, out.push_back(low);
        ++low;
      }
    }
  }
  std::sort(out.begin(), out.end(), [&](std::size_t a, std::size_t b) {
    const Special &x = specials_[a], &y = specials_[b];
    return x.text.size() != y.text.size() ? x.text.size() > y.text.size() : x.id < y.id;
  });
  return out;
}

std::vector<SpecialFinder::Found> SpecialFinder::find(std::string_view text) const {
  std::map<std::size_t, std::size_t> gaps = {{0, text.size()}};  // unclaimed text: begin -> end
  std::vector<Found> found;
  for (const std::size_t index : occurring(text)) {
    const Special& special = specials_[index];
    for (auto gap = gaps.begin(); gap != gaps.end();) {
      const std::size_t at = text.substr(0, gap->second).find(special.text, gap->first);
      if (at == std::string_view::npos) {
        ++gap;
        continue;
      }
      found.push_back({at, special.text.size(), special.id});
      const std::size_t end = gap->second, after = at + special.text.size();
      gap->second = at;
      gap = gaps.insert_or_assign(after, end).first;
    }
  }
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) { return a.begin < b.begin; });
  return found;
}

}  // namespace glim
