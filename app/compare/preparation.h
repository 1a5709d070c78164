#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "app/compare/comparison.h"
#include "app/compare/pane_setup.h"
#include "app/engine_source.h"
#include "engine/base/event_queue.h"

namespace glim::app {

/// What a file's header tells, as far as it can be read.
struct PaneFacts {
  std::string format, architecture;
  std::uint64_t file_bytes = 0;
  double bits_per_weight = 0;
  std::uint64_t tokenizer_hash = 0, template_hash = 0;
  std::string file_hash;  ///< fingerprint() of the file
};

/// Never throws; what cannot be read stays empty.
PaneFacts read_facts(const std::string& path);

/// Finds the file of every pane, makes quants that are not there yet, and plans, on a thread of its own, one
/// pane after the other. The owner sees it through wake_fd() and poll(). The destructor ends it.
class Preparation {
 public:
  struct Progress {
    std::size_t pane;
    PaneProgress progress;
  };
  struct Prepared {
    std::size_t pane;
    EngineOptions options;
    Plan plan;
    PaneFacts facts;
  };
  struct Refused {
    std::size_t pane;
    CompareError error;
  };
  struct Done {};
  using News = std::variant<Progress, Prepared, Refused, Done>;

  /// Panes that are `known` are left out. `source` is used by the thread until Done.
  Preparation(std::vector<PaneSpec> specs, std::vector<bool> known, ModelPlaces places, EngineSource& source);
  ~Preparation();

  int wake_fd() const { return news_.fd(); }
  std::optional<News> poll() { return news_.poll(); }
  void cancel() { cancelled_ = true; }

 private:
  void prepare(std::size_t pane);

  const std::vector<PaneSpec> specs_;
  const std::vector<bool> known_;
  const ModelPlaces places_;
  EngineSource& source_;
  EventQueue<News> news_;
  std::atomic<bool> cancelled_ = false;
  std::thread thread_;  ///< last, so that it starts when everything else is there
};

}  // namespace glim::app
