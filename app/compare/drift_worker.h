#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "engine/base/event_queue.h"
#include "engine/measure/token_drift.h"

namespace glim::app {

/// A token and its share of a distribution.
struct Chance {
  TokenId id;
  double probability;
};

/// Compares distributions on a thread of its own: one row takes milliseconds with a large vocabulary, which
/// the thread that draws does not have. Row r of a prompt is the prediction of token r of the reference's
/// answer; the one behind the last token predicts the end. The reference's rows come first and are kept, as
/// they are while they take less than a budget, else their likeliest tokens. One owner thread.
class DriftWorker {
 public:
  struct Options {
    std::uint64_t exact_bytes = std::uint64_t{512} << 20;  ///< rows kept whole
    std::size_t kept = 512;                                ///< tokens of a row that is not
    std::size_t shown = 8;                                 ///< tokens of a split
  };
  /// Logits [rows][vocabulary] of rows `first` and on.
  struct Rows {
    std::int32_t prompt, pane, first;
    std::vector<float> logits;
    std::vector<TokenId> next;          ///< the reference's tokens behind these rows; fewer at the end
    std::optional<std::int32_t> split;  ///< a row whose likeliest tokens are wanted
    std::size_t count = 0;              ///< of rows
  };
  /// What came of the rows of one pane. The reference's own have no drift.
  struct Result {
    std::int32_t prompt, pane, first;
    std::size_t count;
    std::vector<TokenDrift> drift;  ///< of the rows that have a next token
    std::vector<Chance> reference_top, pane_top;
    std::optional<std::int32_t> split;
  };

  explicit DriftWorker(const Options& options);
  ~DriftWorker();

  int wake_fd() const { return results_.fd(); }
  std::optional<Result> poll() { return results_.poll(); }

  void keep(Rows reference);  ///< Result follows
  void compare(Rows pane);    ///< its rows have been kept; Result follows
  void forget(std::int32_t prompt,
              std::int32_t before);  ///< rows of the reference that nobody needs any more

 private:
  struct Forget {
    std::int32_t prompt, before;
  };
  struct Keep {
    Rows rows;
  };
  struct Compare {
    Rows rows;
  };
  using Job = std::variant<Keep, Compare, Forget>;
  using Row = std::variant<std::vector<float>, TopRow>;

  void post(Job job);
  void run();
  void work(Keep& job);
  void work(Compare& job);
  void work(const Forget& job);
  std::vector<Chance> top_of(const Row& row) const;

  const Options options_;
  EventQueue<Result> results_;
  std::mutex mutex_;  ///< guards jobs_ and quit_
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  bool quit_ = false;
  std::map<std::pair<std::int32_t, std::int32_t>, Row> rows_;  ///< the thread's: by prompt and row
  std::uint64_t exact_ = 0;                                    ///< the thread's: bytes of whole rows
  std::thread thread_;                                         ///< last
};

}  // namespace glim::app
