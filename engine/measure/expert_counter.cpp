#include "engine/measure/expert_counter.h"

#include <bitset>
#include <utility>

namespace glim {

class ExpertCounter::Counter final : public Ops {
 public:
  explicit Counter(Ops& ops) : ops_(ops) {}

  void begin(const StepRows& step) override {
    step_ = step;
    ops_.begin(step);
  }
  void embed(const Embed& stage) override { ops_.embed(stage); }
  void latent_down(const LatentDown& stage) override { ops_.latent_down(stage); }
  void query_store(const QueryStore& stage) override { ops_.query_store(stage); }
  void absorb(const Absorb& stage) override { ops_.absorb(stage); }
  void attend(const Attend& stage) override { ops_.attend(stage); }
  void value(const Value& stage) override { ops_.value(stage); }
  void output(const Output& stage) override { ops_.output(stage); }
  void route(const Route& stage) override {
    ops_.route(stage);
    if (on && stage.chosen.buffer->host() != nullptr) add(stage.chosen);
  }
  void expert_up(const ExpertUp& stage) override { ops_.expert_up(stage); }
  void expert_down(const ExpertDown& stage) override { ops_.expert_down(stage); }
  void dense_up(const DenseUp& stage) override { ops_.dense_up(stage); }
  void dense_down(const DenseDown& stage) override { ops_.dense_down(stage); }
  void copy(const Copy& stage) override { ops_.copy(stage); }
  void head(const Head& stage) override { ops_.head(stage); }
  void flush() override { ops_.flush(); }

  bool on = false;
  std::uint64_t seen = 0;

 private:
  void add(const Tensor& chosen) {
    ops_.flush();
    ops_.begin(step_);
    std::bitset<kMaxExperts> experts;
    for (std::int64_t row = 0; row < std::ssize(step_.rows); ++row)
      for (std::int64_t a = 0; a < chosen.cols; ++a)
        experts.set(static_cast<std::size_t>(chosen.ints(row)[a]));
    seen += experts.count();
  }

  Ops& ops_;
  StepRows step_;
};

ExpertCounter::ExpertCounter(std::unique_ptr<Backend> backend)
    : WrappingBackend(std::move(backend)), counter_(std::make_unique<Counter>(wrapped().ops())) {}

ExpertCounter::~ExpertCounter() = default;

Ops& ExpertCounter::ops() {
  return *counter_;
}

void ExpertCounter::count(bool on) {
  counter_->on = on;
}

std::uint64_t ExpertCounter::take() {
  return std::exchange(counter_->seen, 0);
}

}  // namespace glim
