#include "app/eval/eval_record.h"

#include <algorithm>
#include <map>
#include <memory>

#include "app/store/provenance.h"
#include "engine/base/fnv.h"
#include "engine/base/text.h"
#include "engine/measure/drift_statistics.h"
#include "engine/model_source.h"

namespace glim::app {
namespace {

using Better = Figure::Better;

/// What one of the models made of a text.
TextResult of_one(const TextResult& result, std::size_t index) {
  TextResult out = result;
  out.models = {result.models[index]};
  out.scores = {result.scores[index]};
  return out;
}

std::vector<Figure> figures_of(const TextResult& result, const TextScore& score) {
  const std::string place = strf(" %s @ %zu", result.text.c_str(), result.chunk_tokens);
  if (result.base.empty()) {
    const PerplexityStatistics s = perplexity_statistics(score);
    return {{"perplexity" + place, s.value.value, "", s.value.error, Better::lower}};
  }
  const DriftStatistics s = drift_statistics(score);
  return {
      {"perplexity" + place, s.perplexity.value.value, "", s.perplexity.value.error, Better::lower},
      {(s.bound ? "KLD at least" : "KLD") + place, s.kld.mean.value, "nats", s.kld.mean.error, Better::lower},
      {"same top token" + place, 100 * s.same_top.value, "%", 100 * s.same_top.error, Better::higher}};
}

std::vector<Figure> figures_of(const TaskResult& result) {
  std::vector<Figure> out;
  for (std::size_t i = 0; i < result.measures.size(); ++i) {
    const GroupCount count = count_right(result, i);
    const Estimate share = share_of(count.hits, count.count);
    out.push_back(
        {result.task + " " + result.measures[i], 100 * share.value, "%", 100 * share.error, Better::higher});
  }
  return out;
}

/// The result with what a paired test needs: which questions were asked, as a hash of their ids in their
/// order, and which of them were right, as one character each.
nlohmann::ordered_json with_answers(const TaskResult& task) {
  nlohmann::ordered_json out = task_json({task})[0];
  std::uint64_t asked = fnv1a({});
  for (const Answered& item : task.items) asked = fnv1a("\n", fnv1a(item.id, asked));
  out["asked"] = strf("%016llx", static_cast<unsigned long long>(asked));
  for (std::size_t i = 0; i < task.measures.size(); ++i) {
    std::string right;
    for (const Answered& item : task.items) right += item.right[i] ? '1' : '0';
    out["measures"][i]["answers"] = std::move(right);
  }
  return out;
}

/// Measurements by model, begun when a model is met first.
class Records {
 public:
  explicit Records(const Job& job) : job_(job) {}

  Measurement& of(const std::string& model) {
    const auto found = std::find_if(all_.begin(), all_.end(),
                                    [&](const Measurement& known) { return known.model == model; });
    if (found != all_.end()) return *found;
    const std::unique_ptr<GgufFile> file = open_model(resolve_model(model, job_.places));
    Measurement& fresh = all_.emplace_back(provenance("eval", model, file.get()));
    const EvalArguments& arguments = job_.arguments.eval;
    fresh.threads = arguments.threads;
    fresh.settings = {{"kv_type", arguments.kv_type}, {"backend", arguments.backend}};
    if (asks_for_text(arguments)) fresh.settings["chunks"] = arguments.chunks;
    if (!arguments.against.empty()) fresh.settings["against"] = arguments.against;
    if (arguments.limit >= 0) fresh.settings["limit"] = arguments.limit;
    if (arguments.shots >= 0) fresh.settings["shots"] = arguments.shots;
    return fresh;
  }
  std::vector<Measurement> take() { return std::move(all_); }

 private:
  const Job& job_;
  std::vector<Measurement> all_;
};

void add(Measurement& measurement, std::vector<Figure> figures) {
  std::move(figures.begin(), figures.end(), std::back_inserter(measurement.figures));
}

}  // namespace

std::vector<Measurement> measurements_of(const Job& job, const std::vector<TextResult>& texts,
                                         const std::vector<TaskResult>& tasks) {
  Records records(job);
  for (const TextResult& text : texts) {
    for (std::size_t i = 0; i < text.models.size(); ++i) {
      if (text.scores[i].size() < text.chunks) continue;
      Measurement& measurement = records.of(text.models[i]);
      add(measurement, figures_of(text, text.scores[i]));
      measurement.result["texts"].push_back(text_json(of_one(text, i)));
    }
  }
  for (const TaskResult& task : tasks) {
    if (!task.complete()) continue;
    Measurement& measurement = records.of(task.model);
    add(measurement, figures_of(task));
    measurement.result["tasks"].push_back(with_answers(task));
  }
  return records.take();
}

}  // namespace glim::app
