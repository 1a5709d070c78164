#include "engine/measure/statistics.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace glim;

TEST_CASE("mean, error and covariance, by hand") {
  const std::vector<double> a = {1, 2, 3, 6}, b = {2, 4, 6, 12}, flat = {5, 5, 5};
  const Estimate mean = mean_of(a);
  CHECK(mean.value == 3);
  CHECK(mean.error == doctest::Approx(std::sqrt((4 + 1 + 0 + 9) / 4.0 / 3.0)));
  CHECK(covariance_of_means(a, b) == doctest::Approx(2 * mean.error * mean.error));
  CHECK(mean_of(flat).error == 0);
  CHECK(mean_of(std::vector<double>{7}).value == 7);
  CHECK(mean_of(std::vector<double>{7}).error == 0);
  CHECK(mean_of({}).value == 0);
}

TEST_CASE("percentiles lie on the line between samples") {
  const std::vector<double> rising = {0, 10, 20, 40};
  CHECK(percentile(rising, 0) == 0);
  CHECK(percentile(rising, 1) == 40);
  CHECK(percentile(rising, 0.5) == doctest::Approx(15));
  CHECK(percentile(rising, 0.9) == doctest::Approx(34));
  CHECK(percentile(std::vector<double>{3}, 0.7) == 3);
}

TEST_CASE("shares and the interval of Wilson") {
  CHECK(share_of(3, 4).value == 0.75);
  CHECK(share_of(3, 4).error == doctest::Approx(std::sqrt(0.75 * 0.25 / 3)));
  CHECK(share_of(0, 0).value == 0);
  // Published example: 81 of 263 gives 0.2553 to 0.3662 (Newcombe 1998).
  const Interval interval = wilson(81, 263);
  CHECK(interval.low == doctest::Approx(0.2553).epsilon(1e-3));
  CHECK(interval.high == doctest::Approx(0.3662).epsilon(1e-3));
  CHECK(wilson(0, 10).low == 0);
  CHECK(wilson(10, 10).high == doctest::Approx(1));
  CHECK(wilson(10, 10).low < 0.75);
}

TEST_CASE("McNemar's exact test") {
  CHECK(mcnemar_p({18, 11}) == doctest::Approx(0.2649).epsilon(1e-3));
  CHECK(mcnemar_p({11, 18}) == mcnemar_p({18, 11}));
  CHECK(mcnemar_p({5, 0}) == doctest::Approx(2.0 / 32));
  CHECK(mcnemar_p({0, 0}) == 1);
  CHECK(mcnemar_p({4, 4}) == 1);
  CHECK(mcnemar_p({1200, 1000}) < 1e-4);
  CHECK(mcnemar_p({1200, 1000}) > 1e-6);
}

TEST_CASE("the error over groups is that of their means when groups are of one value") {
  std::vector<std::vector<double>> groups;
  std::vector<double> values;
  for (int i = 0; i < 40; ++i) {
    values.push_back(i % 7);
    groups.push_back({static_cast<double>(i % 7), static_cast<double>(i % 7)});
  }
  // What repeats inside a group tells nothing new, so the error is that of 40 samples and not of 80.
  const double expected = mean_of(values).error;
  CHECK(bootstrap_error(groups, 4000) == doctest::Approx(expected).epsilon(0.05));
  CHECK(bootstrap_error(groups, 1000) == bootstrap_error(groups, 1000));
  CHECK(bootstrap_error({groups.data(), 1}, 1000) == 0);
  groups.resize(1);
  groups.emplace_back();
  CHECK(bootstrap_error(groups, 1000) == 0);
}
