#include "engine/hybrid/hybrid_ops.h"

#include "engine/base/error.h"

namespace glim {

void HybridOps::begin(const StepRows& step) {
  step_ = step;  // also in the middle of one, so that what stages have left for others stays
  device_.begin(step);
  processor_.begin(step);
}

void HybridOps::flush() {
  device_.flush();
}

Ops& HybridOps::at(Side side) {
  if (side == Side::device) return device_;
  device_.flush();
  device_.begin(step_);
  return processor_;
}

void HybridOps::embed(const Embed& stage) {
  const Side side = side_of(stage.table);
  at(side).embed({.out = mirrors.write(side, stage.out), .table = stage.table});
}

void HybridOps::latent_down(const LatentDown& stage) {
  const Side side = attention_ = side_of(stage.w->kv_a);
  LatentDown here = stage;
  here.x = mirrors.read(side, stage.x);
  here.q_latent = mirrors.write(side, stage.q_latent);
  here.latent = mirrors.write(side, stage.latent);
  at(side).latent_down(here);
}

void HybridOps::query_store(const QueryStore& stage) {
  QueryStore here = stage;
  here.q_latent = mirrors.read(attention_, stage.q_latent);
  here.latent = mirrors.read(attention_, stage.latent);
  here.q = mirrors.write(attention_, stage.q);
  at(attention_).query_store(here);
}

void HybridOps::absorb(const Absorb& stage) {
  Absorb here = stage;
  here.q = mirrors.read(attention_, stage.q);
  here.absorbed = mirrors.write(attention_, stage.absorbed);
  at(attention_).absorb(here);
}

void HybridOps::attend(const Attend& stage) {
  const Side side = attends_ ? Side::processor : attention_;
  Attend here = stage;
  here.absorbed = mirrors.read(side, stage.absorbed);
  here.mixed = mirrors.write(side, stage.mixed);
  at(side).attend(here);
}

void HybridOps::value(const Value& stage) {
  Value here = stage;
  here.mixed = mirrors.read(attention_, stage.mixed);
  here.out = mirrors.write(attention_, stage.out);
  at(attention_).value(here);
}

void HybridOps::output(const Output& stage) {
  Output here = stage;
  here.value = mirrors.read(attention_, stage.value);
  here.x = mirrors.update(attention_, stage.x);
  at(attention_).output(here);
}

void HybridOps::route(const Route& stage) {
  const Side side = side_of(stage.w->router);
  Route here = stage;
  here.x = mirrors.read(side, stage.x);
  here.normed = mirrors.write(side, stage.normed);
  here.chosen = mirrors.write(side, stage.chosen);
  here.weight = mirrors.write(side, stage.weight);
  here.shared_hidden = mirrors.write(side, stage.shared_hidden);
  at(side).route(here);
  shared_added_ = false;
  if (side == Side::device && side_of(stage.w->down) == Side::processor) add_shared_part(stage);
}

/// The device adds the shared expert at once, and all that the processor needs crosses in one go.
void HybridOps::add_shared_part(const Route& stage) {
  if (stage.w->shared_down) {
    shared_.down = stage.w->shared_down;
    const Tensor x = mirrors.update(Side::device, stage.x);
    at(Side::device)
        .dense_down({.x = x, .hidden = mirrors.read(Side::device, stage.shared_hidden), .w = &shared_});
    shared_added_ = true;
  }
  for (const Tensor* needed : {&stage.normed, &stage.chosen, &stage.weight, &stage.x})
    mirrors.read(Side::processor, *needed);
}

void HybridOps::expert_up(const ExpertUp& stage) {
  const Side side = side_of(stage.w->gate);
  ExpertUp here = stage;
  here.normed = mirrors.read(side, stage.normed);
  here.chosen = mirrors.read(side, stage.chosen);
  here.hidden = mirrors.write(side, stage.hidden);
  at(side).expert_up(here);
}

void HybridOps::expert_down(const ExpertDown& stage) {
  const Side side = side_of(stage.w->down);
  ExpertDown here = stage;
  if (shared_added_) {
    routed_ = *stage.w;
    routed_.shared_gate = routed_.shared_up = routed_.shared_down = {};
    here.w = &routed_;
  } else {
    GLIM_ASSERT(!stage.w->shared_down || side_of(stage.w->shared_down) == side);
    here.shared_hidden = mirrors.read(side, stage.shared_hidden);
  }
  here.hidden = mirrors.read(side, stage.hidden);
  here.chosen = mirrors.read(side, stage.chosen);
  here.weight = mirrors.read(side, stage.weight);
  here.x = mirrors.update(side, stage.x);
  at(side).expert_down(here);
}

void HybridOps::dense_up(const DenseUp& stage) {
  const Side side = side_of(stage.w->gate);
  DenseUp here = stage;
  here.x = mirrors.read(side, stage.x);
  here.hidden = mirrors.write(side, stage.hidden);
  at(side).dense_up(here);
}

void HybridOps::dense_down(const DenseDown& stage) {
  const Side side = side_of(stage.w->down);
  DenseDown here = stage;
  here.hidden = mirrors.read(side, stage.hidden);
  here.x = mirrors.update(side, stage.x);
  at(side).dense_down(here);
}

void HybridOps::copy(const Copy& stage) {
  const Tensor x = mirrors.read(Side::device, stage.x);
  at(Side::device).copy({.out = mirrors.write(Side::device, stage.out), .x = x});
}

void HybridOps::head(const Head& stage) {
  const Side side = side_of(stage.output);
  Head here = stage;
  here.x = mirrors.read(side, stage.x);
  at(side).head(here);
}

}  // namespace glim
