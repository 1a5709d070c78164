#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/engine_source.h"
#include "app/model_name.h"
#include "app/profile.h"

namespace glim::app {

/// How far a load has come. Stages follow each other; all but the last are done.
struct LoadProgress {
  struct Stage {
    LoadStage stage;
    std::uint64_t done = 0, total = 0;
    double seconds = 0;  ///< of a stage that is done
  };
  std::string label;  ///< of the profile
  std::string model;  ///< file name
  Plan plan;
  std::vector<Stage> stages;
  std::chrono::steady_clock::time_point began, stage_began;
};

/// The engine that answers and, while a change is under way, what will take its place. A change is a
/// transaction: until it has succeeded, and also when it fails or is cancelled, the running engine and its
/// profile stay as they are. One thread. Destroying an engine waits for its worker.
class ModelSlot {
 public:
  struct Wanted {
    std::string name;
    Settings settings;
    Profile profile;
  };
  struct Failure {
    ErrorCode code;
    std::string message, help;
  };
  /// What poll() found. `event` belongs to the running engine and to nobody here.
  struct News {
    enum class Kind : std::uint8_t { progress, loaded, changed, failed, event } kind;
    std::optional<Event> event;
    std::optional<Failure> failure;
  };

  ModelSlot(EngineSource& source, ModelPlaces places) : source_(source), places_(std::move(places)) {}

  /// Begins a change and says what it costs: none and live are done at once, cache ends with News::changed,
  /// weights with News::loaded (or failed). A change that is under way is dropped first. Throws Error when it
  /// cannot even begin.
  /// With `busy` (an answer is being written) a change of the cache is refused too.
  Reload change(std::string name, Settings settings, bool busy);
  bool cancel();  ///< drops the load that is under way

  /// Gives everything back that is loaded or loading; running() stays as what ran last.
  void release();

  /// The next thing that happened, if any. With `hold_new` a loaded engine is kept waiting (an answer is
  /// being written).
  std::optional<News> poll(bool hold_new);
  std::vector<int> wake_fds() const;

  Engine* engine() const { return engine_.get(); }    ///< Ready, or nullptr
  const Wanted& running() const { return running_; }  ///< meaningful while there is an engine
  const Plan& plan() const { return plan_; }
  const LoadProgress* loading() const { return candidate_ ? &candidate_->progress : nullptr; }
  bool rebuilding() const { return rebuilding_.has_value(); }

 private:
  struct Candidate {
    std::unique_ptr<Engine> engine;
    Wanted wanted;
    LoadProgress progress;
    std::string model;  ///< EngineOptions::model
    bool ready = false;
  };

  std::optional<News> poll_candidate(bool hold_new);
  std::optional<News> poll_engine();
  News install();

  EngineSource& source_;
  ModelPlaces places_;
  std::unique_ptr<Engine> engine_;
  Wanted running_;
  Plan plan_;
  std::optional<Wanted> rebuilding_;
  Plan rebuilding_plan_;
  std::optional<Candidate> candidate_;
};

/// Puts what a profile says of the places of a model's parts into `options`.
void place(const Profile& profile, EngineOptions& options);

/// What EngineOptions::backend is for a profile. Throws E603 when its two keys exclude each other.
std::string backend_of(const Profile& profile);

/// The options that a profile stands for; plan() is asked for what the profile leaves to the model. With
/// `weights_loaded` only the cache has to find room. Throws Error.
EngineOptions engine_options(const Profile& profile, const ModelPlaces& places, EngineSource& source,
                             Plan& plan, bool weights_loaded = false);

}  // namespace glim::app
