#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace glim {

struct LoadedModel;

/// Engines that work side by side on one device. Their steps take turns, first come first served, so that
/// every step has the device to itself and the replies of all come in step by step; and a file that several
/// of them load with equal options is in memory once. Safe from any thread.
class EngineGroup {
 public:
  /// The device, as long as this lives.
  class Turn {
   public:
    explicit Turn(EngineGroup* group);  ///< waits for its turn; null: there is nobody to wait for
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    EngineGroup* group_;
  };

  using Load = std::function<std::shared_ptr<LoadedModel>()>;

  /// The model that an engine of the group holds under `key`, else what `load` returns, which is called
  /// without a lock but by one thread at a time per key. `cancelled` ends the wait for another's load: then
  /// null.
  std::shared_ptr<LoadedModel> model(const std::string& key, const Load& load,
                                     const std::function<bool()>& cancelled);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t next_ticket_ = 0, serving_ = 0;
  struct Entry {
    std::weak_ptr<LoadedModel> model;
    bool loading = false;
  };
  std::map<std::string, Entry> models_;
};

}  // namespace glim
