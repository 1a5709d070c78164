#include "engine/engine_group.h"

#include <chrono>

#include "engine/loaded_model.h"

namespace glim {

EngineGroup::Turn::Turn(EngineGroup* group) : group_(group) {
  if (group_ == nullptr) return;
  std::unique_lock lock(group_->mutex_);
  const std::uint64_t ticket = group_->next_ticket_++;
  group_->changed_.wait(lock, [&] { return group_->serving_ == ticket; });
}

EngineGroup::Turn::~Turn() {
  if (group_ == nullptr) return;
  {
    const std::lock_guard lock(group_->mutex_);
    ++group_->serving_;
  }
  group_->changed_.notify_all();
}

std::shared_ptr<LoadedModel> EngineGroup::model(const std::string& key, const Load& load,
                                                const std::function<bool()>& cancelled) {
  std::unique_lock lock(mutex_);
  Entry& entry = models_[key];
  while (entry.loading) {
    // Whoever cancels does not know of this condition, so the wait looks up now and then.
    changed_.wait_for(lock, std::chrono::milliseconds(50));
    if (cancelled()) return nullptr;
  }
  if (std::shared_ptr<LoadedModel> held = entry.model.lock()) return held;
  entry.loading = true;
  const auto loaded = [&] {
    entry.loading = false;
    changed_.notify_all();
  };
  lock.unlock();
  try {
    std::shared_ptr<LoadedModel> fresh = load();
    lock.lock();
    entry.model = fresh;
    loaded();
    return fresh;
  } catch (...) {
    lock.lock();
    loaded();
    throw;
  }
}

}  // namespace glim
