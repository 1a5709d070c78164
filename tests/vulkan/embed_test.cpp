#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "engine/base/random.h"
#include "engine/quant/quant_type.h"
#include "tests/vulkan/vulkan_fixture.h"

using namespace glim;

namespace {

/// A device may flush what is smaller than any normal number, and its numbers that are none may differ.
bool same(float found, float expected) {
  if (std::isnan(expected)) return std::isnan(found);
  if (std::fabs(expected) < 0x1p-126f) return std::fabs(found) < 0x1p-126f;
  return std::bit_cast<std::uint32_t>(found) == std::bit_cast<std::uint32_t>(expected);
}

struct Embedding {
  std::vector<float> found, expected;
};

/// The rows of a table of `rows` rows with random bits, as the device decodes them and as decode_row() does.
Embedding embed(Backend& backend, QuantType type, std::int32_t rows, Random& random) {
  const std::uint32_t block = quant(type).block_values;
  const std::int64_t cols = block == 1 ? 77 : 3 * std::int64_t{block};
  std::vector<std::byte> bytes(row_bytes(type, cols * rows));
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.next());
  Tensor table{.type = type, .cols = cols, .rows = rows};
  const std::unique_ptr<Buffer> weights = backend.prepare(bytes, table);
  Tensor out{.cols = cols, .rows = rows};
  const std::unique_ptr<Buffer> memory = backend.allocate_shared(out.bytes(), "test");
  out.buffer = memory.get();
  std::vector<Row> step;
  for (std::int32_t i = 0; i < rows; ++i) step.push_back({rows - 1 - i, i, 0});
  const std::vector<std::int32_t> blocks = {0};
  const std::span<const std::int32_t> tables[] = {blocks};
  backend.ops().begin({step, tables});
  backend.ops().embed({out, table});
  backend.ops().flush();
  Embedding result{{out.floats(), out.floats() + cols * rows},
                   std::vector<float>(static_cast<std::size_t>(cols * rows))};
  for (std::int32_t i = 0; i < rows; ++i) {
    const auto row = std::span(result.expected)
                         .subspan(static_cast<std::size_t>(i * cols), static_cast<std::size_t>(cols));
    decode_row(type, bytes.data() + row_bytes(type, cols) * static_cast<std::size_t>(rows - 1 - i), row);
  }
  return result;
}

}  // namespace

TEST_CASE("the device decodes every weight format to the bits that decode_row gives, whatever the bits") {
  Backend* backend = vulkan_for_tests();
  if (backend == nullptr) return;
  Random random(5);
  int formats = 0;
  for (const QuantInfo& info : kQuants) {
    if (!holds_weights(info.type)) continue;
    CAPTURE(info.name);
    ++formats;
    for (const std::int32_t rows : {1, 3, 17}) {
      CAPTURE(rows);
      const Embedding result = embed(*backend, info.type, rows, random);
      for (std::size_t i = 0; i < result.found.size(); ++i) {
        if (same(result.found[i], result.expected[i])) continue;
        CHECK_MESSAGE(false,
                      "value " << i << " is " << result.found[i] << ", expected " << result.expected[i]);
        break;
      }
    }
  }
  CHECK(formats > 30);
}
