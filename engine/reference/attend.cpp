#include "engine/reference/reference_ops.h"

#include <algorithm>

#include "engine/reference/scalar.h"

namespace glim {

using namespace reference;

namespace {

/// softmax(scale · query · rows) · rows[:rank]
std::vector<double> attend_head(std::span<const double> query, const std::vector<std::vector<double>>& rows,
                                double scale, std::size_t rank) {
  std::vector<double> scores;
  for (const std::vector<double>& row : rows) scores.push_back(scale * dot(query, row));
  const double largest = *std::max_element(scores.begin(), scores.end());
  std::vector<double> mixed(rank);
  double sum = 0;
  for (std::size_t j = 0; j < rows.size(); ++j) {
    const double weight = std::exp(scores[j] - largest);
    sum += weight;
    for (std::size_t i = 0; i < rank; ++i) mixed[i] += weight * rows[j][i];
  }
  for (double& value : mixed) value /= sum;
  return mixed;
}

}  // namespace

void ReferenceOps::attend(const Attend& stage) {
  const auto width = static_cast<std::size_t>(stage.cache.cols);
  const std::int64_t rank = stage.mixed.cols / stage.heads;
  for (std::int64_t t = 0; t < rows(); ++t) {
    std::vector<std::vector<double>> cached;
    for (std::int32_t j = 0; j <= step_.rows[static_cast<std::size_t>(t)].position; ++j) {
      cached.push_back(row_of(stage.cache, cache_row(t, j)));
    }
    const std::vector<double> absorbed = row_of(stage.absorbed, t);
    for (std::int64_t h = 0; h < stage.heads; ++h) {
      const auto query = std::span(absorbed).subspan(static_cast<std::size_t>(h) * width, width);
      store(attend_head(query, cached, static_cast<double>(stage.scale), static_cast<std::size_t>(rank)),
            stage.mixed, t, h * rank);
    }
  }
}

}  // namespace glim
