#pragma once

#include <doctest/doctest.h>
#include <poll.h>

#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/compare/runner.h"
#include "tests/app/fake_source.h"
#include "tests/support/temp_dir.h"

namespace glim::app {

/// A model that writes a fixed row of tokens behind the prompt, whose tokens are all 7, and is surer of its
/// choice the larger `peak` is. As soon as the text leaves the row at `fork`, it ends two tokens later.
struct ScriptedModel {
  std::vector<TokenId> row = {1, 2, 3, 1, 2};
  float peak = 4;
  std::map<std::size_t, TokenId> changes;  ///< other choices: by place in the row

  std::vector<float> operator()(std::span<const TokenId> text) const {
    std::size_t at = 0;
    for (const TokenId token : text) at += token == 7 ? 0 : 1;
    std::vector<float> logits = {0, 0.5f, -0.25f, 0.125f, 0.75f};
    TokenId next = at < row.size() ? row[at] : 0;
    if (const auto change = changes.find(at); change != changes.end()) next = change->second;
    logits[static_cast<std::size_t>(next)] += peak;
    return logits;
  }
};

inline ScriptedModel peaked(float peak) {
  ScriptedModel model;
  model.peak = peak;
  return model;
}
inline ScriptedModel changed(std::map<std::size_t, TokenId> changes) {
  ScriptedModel model;
  model.changes = std::move(changes);
  return model;
}
inline ScriptedModel rowed(std::vector<TokenId> row) {
  ScriptedModel model;
  model.row = std::move(row);
  return model;
}

/// A comparison of scripted models. Each file of `models` is one.
struct CompareFixture {
  CompareFixture() {
    source.prepare = [this](FakeEngine& engine) {
      const std::string name = std::filesystem::path(engine.options.model).stem().string();
      opened.push_back(name);
      most_alive = std::max(most_alive, ++alive);
      engine.on_end = [this] { --alive; };
      engine.answer_cancel = true;
      engine.model.vocabulary = 5;
      if (models.count(name) != 0) engine.predict = models.at(name);
      if (change) change(name, engine);
      if (ready) engine.post(Ready{});
    };
    source.adjust = [this](const EngineOptions& options, Plan& plan) {
      const std::string name = std::filesystem::path(options.model).stem().string();
      plan.available_bytes = available;
      plan.weight_bytes = weights.count(name) != 0 ? weights.at(name) : 100;
      plan.kv_bytes = plan.scratch_bytes = 0;
    };
  }

  void add(const std::string& name, ScriptedModel model, std::uint64_t bytes = 100) {
    std::ofstream(dir / (name + ".gguf")) << "x";
    models[name] = std::move(model);
    weights[name] = bytes;
    wishes.words.push_back((dir / (name + ".gguf")).string());
  }

  CompareRunner& start(std::vector<std::string> prompts = {"one two"}) {
    CompareRunner::Setup setup;
    setup.panes = pane_specs(wishes, {});
    setup.places.cache = dir / "cache";
    setup.settings = settings;
    setup.drift = drift;
    setup.data = dir / "data";
    if (!sys.empty()) setup.sys = sys;
    for (std::string& text : prompts) {
      ComparePrompt prompt;
      prompt.text = std::move(text);
      prompt.expect = expect;
      setup.prompts.push_back(std::move(prompt));
    }
    auto next = std::make_unique<CompareRunner>(source, [&] {
      setup.previous = keep ? runner.get() : nullptr;
      return std::move(setup);
    }());
    runner = std::move(next);
    runner->start();
    return *runner;
  }

  /// Sleeps until something happens. Fails the test when nothing does for a minute.
  void step() {
    if (runner->poll()) return;
    std::vector<pollfd> fds;
    for (const int fd : runner->wake_fds()) fds.push_back({fd, POLLIN, 0});
    REQUIRE_MESSAGE(::poll(fds.data(), fds.size(), 60'000) > 0, "nothing happened for a minute");
    runner->poll();
  }

  template <typename Condition>
  void until(Condition condition) {
    while (!condition()) {
      REQUIRE(runner->busy());
      step();
    }
  }

  const Comparison& finish() {
    while (runner->busy()) step();
    return runner->state();
  }

  const CompareAnswer& answer(std::size_t pane, std::size_t prompt = 0) const {
    return runner->state().prompts[prompt].answers[pane];
  }
  std::string written(std::size_t pane, std::size_t prompt = 0) const {
    std::string out;
    for (const AnswerToken& token : answer(pane, prompt).tokens) out += std::to_string(token.id);
    return out;
  }

  TempDir dir;
  FakeSource source;
  std::map<std::string, ScriptedModel> models;
  std::map<std::string, std::uint64_t> weights;
  std::uint64_t available = 1000;
  std::function<void(const std::string&, FakeEngine&)> change;
  bool ready = true;
  std::vector<std::string> opened;
  int alive = 0, most_alive = 0;
  std::filesystem::path sys;  ///< with energy counters
  PaneWishes wishes;
  CompareSettings settings;
  DriftWorker::Options drift;
  Expectation expect;
  bool keep = false;  ///< the next start() takes panes over
  std::unique_ptr<CompareRunner> runner;
};

}  // namespace glim::app
