#include "engine/sample/portable_math.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "engine/sample/random_stream.h"

namespace {

double relative(double got, double expected) {
  return std::abs(got - expected) / std::abs(expected);
}

}  // namespace

TEST_CASE("the portable functions agree with the C library's") {
  for (double x = -700; x <= 700; x += 0.37) CHECK(relative(glim::portable_exp(x), std::exp(x)) < 2e-14);
  for (double x = 1e-300; x < 1e300; x *= 1.7) {
    CHECK(std::abs(glim::portable_log(x) - std::log(x)) < 1e-14 * std::max(1.0, std::abs(std::log(x))));
  }
  CHECK(glim::portable_log(1.0) == 0.0);
  CHECK(glim::portable_exp(0.0) == 1.0);
  CHECK(glim::portable_exp(-1000.0) == 0.0);
  CHECK(glim::portable_exp(1000.0) == std::numeric_limits<double>::infinity());
  CHECK(relative(glim::portable_pow(1.75, 7.0), std::pow(1.75, 7.0)) < 1e-13);
}

TEST_CASE("exponentials stay within their error and vanish far below the highest value") {
  // Roundings of the reduction, the polynomial and the last product: some four half-ulps of 2^-24.
  std::vector<float> values;
  for (float x = 3; x > -84; x -= 0.0037f) values.push_back(x);
  CHECK(glim::highest(values) == 3.0f);
  std::vector<float> out(values.size());
  const double sum = glim::exponentials(values, 3, out);
  double expected = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double exact = std::exp(static_cast<double>(values[i] - 3));
    CHECK(relative(static_cast<double>(out[i]), exact) < 3e-7);
    expected += exact;
  }
  CHECK(relative(sum, expected) < 3e-7);
  CHECK(glim::exponentials(values, 3, {}) == sum);
  CHECK(glim::exponentials(values, 3, values) == sum);
  CHECK(values == out);
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> odd = {0, -88, -inf, nan, inf};
  CHECK(glim::highest(odd) == 0.0f);
  out.resize(odd.size());
  CHECK(glim::exponentials(odd, 0, out) == 1.0);
  CHECK(out == std::vector<float>{1, 0, 0, 0, 0});
  CHECK(glim::highest({}) == -inf);
}

TEST_CASE("the logarithm of a sum of exponentials ignores what is not finite") {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(glim::log_sum_exp(std::vector<float>{1, 1, -inf, nan, inf}) == doctest::Approx(1 + std::log(2.0)));
  CHECK(glim::log_sum_exp(std::vector<float>{nan, -inf}) == -std::numeric_limits<double>::infinity());
  CHECK(glim::log_sum_exp(std::vector<float>(1000, -500.0f)) == doctest::Approx(-500 + std::log(1000.0)));
}

TEST_CASE("the random stream is a function of seed and index") {
  const glim::RandomStream one(1), two(2);
  CHECK(one.uniform(5) == glim::RandomStream(1).uniform(5));
  CHECK(one.uniform(5) != one.uniform(6));
  CHECK(one.uniform(5) != two.uniform(5));
  const int n = 100000;
  double sum = 0, tenth = 0;
  for (int i = 0; i < n; ++i) {
    const double u = one.uniform(static_cast<std::uint64_t>(i));
    CHECK((u >= 0 && u < 1));
    sum += u;
    tenth += u < 0.1 ? 1 : 0;
  }
  CHECK(std::abs(sum / n - 0.5) < 4 * std::sqrt(1.0 / 12 / n));
  CHECK(std::abs(tenth / n - 0.1) < 4 * std::sqrt(0.09 / n));
}
