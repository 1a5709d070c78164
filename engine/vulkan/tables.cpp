#include "engine/vulkan/tables.h"

#include <algorithm>
#include <iterator>

#include "engine/quant/grids.h"
#include "engine/quant/levels.h"
#include "engine/quant/normal_levels.h"
#include "engine/quant/rotation.h"

namespace glim::vulkan {
namespace {

template <typename Points, std::size_t words>
void split_points(const Points& points, uint (&out)[words]) {
  static_assert(words == 2 * std::tuple_size_v<Points>);
  uint* word = out;
  for (const std::uint64_t point : points) {
    *word++ = static_cast<uint>(point);
    *word++ = static_cast<uint>(point >> 32);
  }
}

template <typename Numbers, typename T, std::size_t count>
void copy_all(const Numbers& numbers, T (&out)[count]) {
  static_assert(sizeof(numbers) / sizeof(numbers[0]) == count);
  std::transform(std::begin(numbers), std::end(numbers), out,
                 [](auto number) { return static_cast<T>(number); });
}

}  // namespace

QuantTables quant_tables() {
  QuantTables t = {};
  split_points(kIq2XxsGrid, t.iq2_xxs);
  split_points(kIq2XsGrid, t.iq2_xs);
  split_points(kIq2SGrid, t.iq2_s);
  copy_all(kIq3XxsGrid, t.iq3_xxs);
  copy_all(kIq3SGrid, t.iq3_s);
  split_points(kIq1Grid, t.iq1);
  copy_all(kUnevenLevels, t.uneven);
  copy_all(kFp4Levels, t.fp4);
  copy_all(kRocmFp4Levels, t.rocmfp4);
  copy_all(kRocmFp3Levels, t.rocmfp3);
  copy_all(kRot3Levels, t.rot3);
  copy_all(kRot4Levels, t.rot4);
  copy_all(kRotationFactors, t.rotation);
  return t;
}

}  // namespace glim::vulkan
