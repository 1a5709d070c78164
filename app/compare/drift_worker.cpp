#include "app/compare/drift_worker.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "engine/base/error.h"
#include "engine/measure/distribution.h"

namespace glim::app {
namespace {

std::span<const float> row_of(const DriftWorker::Rows& rows, std::size_t index) {
  const std::size_t width = rows.logits.size() / rows.count;
  return std::span(rows.logits).subspan(index * width, width);
}

/// The token behind a row; behind the last one the likeliest stands in, since nothing is measured there.
TokenId next_of(const DriftWorker::Rows& rows, std::size_t index, std::span<const float> logits) {
  return index < rows.next.size() ? rows.next[index] : static_cast<TokenId>(likeliest(logits));
}

std::vector<Chance> chances(const TopRow& row, std::size_t count) {
  std::vector<Chance> out;
  for (const TopEntry& entry : row.entries) {
    if (out.size() == count) break;
    out.push_back({entry.token, std::exp(static_cast<double>(entry.log_p))});
  }
  return out;
}

}  // namespace

DriftWorker::DriftWorker(const Options& options) : options_(options), thread_([this] { run(); }) {}

DriftWorker::~DriftWorker() {
  {
    const std::lock_guard lock(mutex_);
    quit_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void DriftWorker::post(Job job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
}

void DriftWorker::keep(Rows reference) {
  GLIM_ASSERT(reference.count > 0 && reference.logits.size() % reference.count == 0);
  post(Keep{std::move(reference)});
}

void DriftWorker::compare(Rows pane) {
  GLIM_ASSERT(pane.count > 0 && pane.logits.size() % pane.count == 0);
  post(Compare{std::move(pane)});
}

void DriftWorker::forget(std::int32_t prompt, std::int32_t before) {
  post(Forget{prompt, before});
}

void DriftWorker::run() {
  for (;;) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return quit_ || !jobs_.empty(); });
    if (quit_) return;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    std::visit([this](auto& one) { work(one); }, job);
  }
}

void DriftWorker::work(Keep& job) {
  const Rows& rows = job.rows;
  for (std::size_t i = 0; i < rows.count; ++i) {
    const std::span<const float> logits = row_of(rows, i);
    Row& kept = rows_[{rows.prompt, rows.first + static_cast<std::int32_t>(i)}];
    if (exact_ + logits.size_bytes() <= options_.exact_bytes) {
      kept = std::vector<float>(logits.begin(), logits.end());
      exact_ += logits.size_bytes();
    } else {
      kept = keep_top(logits, next_of(rows, i, logits), options_.kept);
    }
  }
  results_.push({rows.prompt, rows.pane, rows.first, rows.count, {}, {}, {}, {}});
}

std::vector<Chance> DriftWorker::top_of(const Row& row) const {
  if (const auto* top = std::get_if<TopRow>(&row)) return chances(*top, options_.shown);
  return chances(keep_top(std::get<std::vector<float>>(row), 0, options_.shown), options_.shown);
}

void DriftWorker::work(Compare& job) {
  const Rows& rows = job.rows;
  Result result{rows.prompt, rows.pane, rows.first, rows.count, {}, {}, {}, rows.split};
  for (std::size_t i = 0; i < rows.count; ++i) {
    const std::int32_t at = rows.first + static_cast<std::int32_t>(i);
    const auto held = rows_.find({rows.prompt, at});
    if (held == rows_.end()) continue;
    const std::span<const float> logits = row_of(rows, i);
    if (i < rows.next.size()) {
      const auto* whole = std::get_if<std::vector<float>>(&held->second);
      result.drift.push_back(whole != nullptr ? token_drift(*whole, logits, rows.next[i])
                                              : token_drift(std::get<TopRow>(held->second), logits));
    }
    if (rows.split != at) continue;
    result.reference_top = top_of(held->second);
    result.pane_top = chances(keep_top(logits, 0, options_.shown), options_.shown);
  }
  results_.push(std::move(result));
}

void DriftWorker::work(const Forget& job) {
  const auto first = rows_.lower_bound({job.prompt, 0});
  const auto last = rows_.lower_bound({job.prompt, job.before});
  for (auto at = first; at != last; ++at)
    if (const auto* whole = std::get_if<std::vector<float>>(&at->second))
      exact_ -= whole->size() * sizeof(float);
  rows_.erase(first, last);
}

}  // namespace glim::app
