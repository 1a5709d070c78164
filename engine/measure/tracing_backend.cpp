#include "engine/measure/tracing_backend.h"

#include <utility>

namespace glim {
namespace {

constexpr std::int32_t kNoLayer = -1;

}  // namespace

class TracingBackend::Tracer final : public Ops {
 public:
  Tracer(Ops& ops, Sink sink) : ops_(ops), sink_(std::move(sink)) {}

  void begin(const StepRows& step) override {
    step_ = step;
    layer_ = kNoLayer;
    ops_.begin(step);
  }
  void embed(const Embed& stage) override {
    ops_.embed(stage);
    settle();
    give("embed", "out", stage.out);
  }
  void latent_down(const LatentDown& stage) override {
    ++layer_;
    ops_.latent_down(stage);
    settle();
    give("latent_down", "q_latent", stage.q_latent);
    give("latent_down", "latent", stage.latent);
  }
  void query_store(const QueryStore& stage) override {
    ops_.query_store(stage);
    settle();
    give("query_store", "q", stage.q);
  }
  void absorb(const Absorb& stage) override {
    ops_.absorb(stage);
    settle();
    give("absorb", "absorbed", stage.absorbed);
  }
  void attend(const Attend& stage) override { ops_.attend(stage); }
  void value(const Value& stage) override {
    ops_.value(stage);
    settle();
    give("value", "out", stage.out);
  }
  void output(const Output& stage) override {
    ops_.output(stage);
    settle();
    give("output", "x", stage.x);
  }
  void route(const Route& stage) override {
    ops_.route(stage);
    settle();
    give("route", "normed", stage.normed);
    give("route", "chosen", stage.chosen);
    give("route", "weight", stage.weight);
    if (stage.w->shared_gate) give("route", "shared_hidden", stage.shared_hidden);
  }
  void expert_up(const ExpertUp& stage) override {
    ops_.expert_up(stage);
    settle();
    give("expert_up", "hidden", stage.hidden);
  }
  void expert_down(const ExpertDown& stage) override {
    ops_.expert_down(stage);
    settle();
    give("expert_down", "x", stage.x);
  }
  void dense_up(const DenseUp& stage) override {
    ops_.dense_up(stage);
    settle();
    give("dense_up", "hidden", stage.hidden);
  }
  void dense_down(const DenseDown& stage) override {
    ops_.dense_down(stage);
    settle();
    give("dense_down", "x", stage.x);
  }
  void copy(const Copy& stage) override { ops_.copy(stage); }
  void head(const Head& stage) override {
    layer_ = kNoLayer;
    ops_.head(stage);
    settle();
    if (!stage.rows.empty()) sink_({"head", "logits", layer_, stage.logits, std::ssize(stage.rows)});
  }
  void flush() override { ops_.flush(); }

 private:
  /// Makes the results of the stages so far readable.
  void settle() {
    ops_.flush();
    ops_.begin(step_);
  }
  void give(std::string_view stage, std::string_view result, const Tensor& tensor) {
    sink_({stage, result, layer_, tensor, std::ssize(step_.rows)});
  }

  Ops& ops_;
  Sink sink_;
  StepRows step_;
  std::int32_t layer_ = kNoLayer;
};

TracingBackend::TracingBackend(std::unique_ptr<Backend> backend, Sink sink)
    : WrappingBackend(std::move(backend)),
      tracer_(std::make_unique<Tracer>(wrapped().ops(), std::move(sink))) {}

TracingBackend::~TracingBackend() = default;

Ops& TracingBackend::ops() {
  return *tracer_;
}

}  // namespace glim
