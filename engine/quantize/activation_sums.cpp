#include "engine/quantize/activation_sums.h"

#include <algorithm>
#include <optional>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim {
namespace {

/// The same with a count for each of `matrices`.
void split_counts(ChannelSums& sums, std::size_t matrices) {
  if (sums.counts.size() == 1) sums.counts.resize(matrices, sums.counts.front());
}

void add_entry(ChannelSums& sum, const ChannelSums& other) {
  ChannelSums addend{{}, other.counts};
  split_counts(sum, addend.counts.size());
  split_counts(addend, sum.counts.size());
  for (std::size_t i = 0; i < sum.squares.size(); ++i) sum.squares[i] += other.squares[i];
  for (std::size_t i = 0; i < sum.counts.size(); ++i) sum.counts[i] += addend.counts[i];
}

bool fits(const ChannelSums& a, const ChannelSums& b) {
  const std::size_t counts = b.counts.size();
  return a.squares.size() == b.squares.size() &&
         (a.counts.size() == counts || a.counts.size() == 1 || counts == 1);
}

/// Mean of channel `channel` over all matrices but `own`, each weighing the same; empty when the others have
/// seen nothing.
std::optional<double> mean_of_others(const ChannelSums& sums, std::size_t own, std::size_t channel) {
  double sum = 0, others = 0;
  for (std::size_t i = 0; i < sums.counts.size(); ++i) {
    if (i == own || sums.counts[i] == 0) continue;
    sum += sums.squares[i * sums.channels() + channel] / sums.counts[i];
    ++others;
  }
  if (others == 0) return std::nullopt;
  return sum / others;
}

std::vector<float> means(const ChannelSums& sums, double borrowed) {
  std::vector<float> out;
  out.reserve(sums.squares.size());
  const std::size_t channels = sums.channels();
  for (std::size_t i = 0; i < sums.squares.size(); ++i) {
    double sum = sums.squares[i], count = sums.counts[i / channels];
    if (borrowed > 0 && sums.counts.size() > 1) {
      if (const auto others = mean_of_others(sums, i / channels, i % channels)) {
        sum += borrowed * *others;
        count += borrowed;
      }
    }
    out.push_back(count > 0 ? static_cast<float>(sum / count) : 1.0f);
  }
  return out;
}

}  // namespace

void ChannelSums::add_squares(std::span<const float> row, std::size_t first) {
  GLIM_ASSERT(first <= squares.size() && row.size() <= squares.size() - first);
  for (std::size_t i = 0; i < row.size(); ++i) {
    const auto value = static_cast<double>(row[i]);
    squares[first + i] += value * value;
  }
}

double ChannelSums::largest_count() const {
  return *std::max_element(counts.begin(), counts.end());
}

void ActivationSums::add(const ActivationSums& other, std::string_view source) {
  for (const auto& [name, sums] : other.entries) {
    const auto [entry, fresh] = entries.try_emplace(name, sums);
    if (fresh) continue;
    if (!fits(entry->second, sums))
      throw Error(ErrorCode::E112, strf("%s: %s has %zu channels here and %zu elsewhere; give importance "
                                        "matrices of one and the same model",
                                        printable(source).c_str(), printable(name).c_str(),
                                        sums.squares.size(), entry->second.squares.size()));
    add_entry(entry->second, sums);
  }
}

ImportanceMatrix ActivationSums::importance(const RareExperts& rare) const {
  ImportanceMatrix out;
  for (const auto& [name, sums] : entries) out.values.emplace(name, means(sums, rare.borrowed_tokens));
  if (!datasets.empty()) out.dataset = datasets.front();
  out.chunks = chunks;
  return out;
}

}  // namespace glim
