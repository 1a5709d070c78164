#include "app/report/stored_figures.h"

#include "app/report/figure_json.h"
#include "app/report/report_work.h"
#include "app/store/provenance.h"
#include "engine/base/error.h"
#include "engine/base/fnv.h"

namespace glim::app::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array kSpeedBlocks = {Block::load, Block::speed};
constexpr int kVersion = 2;  ///< of what is stored; others are measured again

bool is_speed(const MetricInfo& metric) {
  return metric.metric == Metric::peak_memory ||
         std::find(kSpeedBlocks.begin(), kSpeedBlocks.end(), metric.block) != kSpeedBlocks.end();
}

template <typename Wants>
Json figures_json(const Row& row, const Wants& wants) {
  Json out = Json::object();
  for (const MetricInfo& metric : kMetrics)
    if (wants(metric) && row[metric.metric].present())
      out[std::string(metric.name)] = json_of(row[metric.metric]);
  return out;
}

void read_figures(Row& row, const Json& json) {
  for (const MetricInfo& metric : kMetrics)
    if (const auto found = json.find(std::string(metric.name)); found != json.end())
      row[metric.metric] = figure_from(*found);
}

}  // namespace

StoredFigures::StoredFigures(const Job& job, const Wanted& wanted) : job_(job), wanted_(wanted) {
  try {
    store_ = std::make_unique<ResultStore>(job.paths.data);
  } catch (const Error& error) {
    say(job.console, std::string("results are not kept: ") + error.what());
  }
}

Json StoredFigures::speed_settings(const Row& row) const {
  const SpeedTests& tests = wanted_.tests;
  return Json{{"what", "speed"},
              {"stored", kVersion},
              {"backend", row.factors.device},
              {"kv_type", row.factors.kv_type},
              {"threads", wanted_.arguments.threads},
              {"prompt", tests.prompt},
              {"generated", tests.generated},
              {"long_prompt", tests.long_prompt},
              {"repetitions", tests.repetitions},
              {"cold_load", tests.cold_load},
              {"depths", tests.depths},
              {"streams", tests.streams}};
}

Json StoredFigures::quality_settings(const Row& row, const Row& reference, const std::string& text) const {
  return Json{{"what", "quality"},
              {"stored", kVersion},
              {"backend", row.factors.device},
              {"kv_type", row.factors.kv_type},
              {"reference", reference.identity.hash},
              {"text", std::to_string(fnv1a(text))},
              {"chunk", wanted_.arguments.chunk},
              {"chunks", wanted_.arguments.chunks}};
}

std::optional<Json> StoredFigures::find(const std::string& hash, const Json& settings) const {
  if (!store_ || hash.empty() || wanted_.arguments.fresh) return {};
  const Measurement here = provenance("report", "");
  MeasurementFilter filter;
  filter.kind = "report";
  filter.file_hash = hash;
  filter.build = here.build;
  filter.device = here.device;
  try {
    for (const Measurement& one : store_->query(filter))
      if (one.settings == settings && one.build == here.build && one.device == here.device) return one.result;
  } catch (const Error& error) {
    say(job_.console, std::string("stored results cannot be read: ") + error.what());
  }
  return {};
}

void StoredFigures::keep(const Row& row, const std::string& model, const Json& settings,
                         const Json& result) const {
  if (!store_ || row.identity.hash.empty()) return;
  Measurement measurement = provenance("report", model);
  measurement.file_hash = row.identity.hash;
  measurement.quant = row.factors.quant;
  measurement.threads = wanted_.arguments.threads;
  measurement.settings = settings;
  measurement.result = result;
  for (const MetricInfo& metric : kMetrics) {
    const auto found = result["figures"].find(std::string(metric.name));
    if (found == result["figures"].end()) continue;
    const Figure figure = figure_from(*found);
    const auto better = metric.better == Better::higher  ? app::Figure::Better::higher
                        : metric.better == Better::lower ? app::Figure::Better::lower
                                                         : app::Figure::Better::neither;
    measurement.figures.push_back({std::string(metric.name), figure.value,
                                   std::string(unit_name(figure.unit)), figure.spread.value_or(0), better});
  }
  try {
    store_->add(measurement);
  } catch (const Error& error) {
    say(job_.console, std::string("results are not kept: ") + error.what());
  }
}

bool StoredFigures::read_speed(Row& row) const {
  const auto result = find(row.identity.hash, speed_settings(row));
  if (!result || !result->contains("figures") || !result->contains("depths") || !result->contains("streams"))
    return false;
  read_figures(row, (*result)["figures"]);
  for (const Json& at : (*result)["depths"])
    row.depths.push_back({at.value("depth", std::int64_t{0}), figure_from(at.value("prompt", Json())),
                          figure_from(at.value("generation", Json()))});
  for (const Json& at : (*result)["streams"])
    row.parallel.push_back({at.value("streams", std::int64_t{0}),
                            figure_from(at.value("total", Json())),
                            figure_from(at.value("per_stream", Json())),
                            {},
                            figure_from(at.value("p50", Json())),
                            figure_from(at.value("p95", Json()))});
  row.notes.push_back("speed from an earlier report");
  return row[Metric::generation_rate].present();
}

void StoredFigures::keep_speed(const Row& row, const std::string& model) const {
  Json depths = Json::array(), streams = Json::array();
  for (const SpeedAt& at : row.depths)
    depths.push_back(
        {{"depth", at.depth}, {"prompt", json_of(at.prompt)}, {"generation", json_of(at.generation)}});
  for (const ParallelAt& at : row.parallel)
    streams.push_back({{"streams", at.streams},
                       {"total", json_of(at.total)},
                       {"per_stream", json_of(at.per_stream)},
                       {"p50", json_of(at.first_token_median)},
                       {"p95", json_of(at.first_token_p95)}});
  keep(row, model, speed_settings(row),
       {{"figures", figures_json(row, is_speed)},
        {"depths", std::move(depths)},
        {"streams", std::move(streams)}});
}

bool StoredFigures::read_quality(Row& row, Row& reference, const std::string& text) const {
  const auto result = find(row.identity.hash, quality_settings(row, reference, text));
  if (!result || !result->contains("figures") || !result->contains("reference_perplexity")) return false;
  read_figures(row, (*result)["figures"]);
  reference[Metric::perplexity] = figure_from((*result)["reference_perplexity"]);
  row.notes.push_back("quality from an earlier report");
  return row[Metric::kld].present();
}

void StoredFigures::keep_quality(const Row& row, const Row& reference, const std::string& text,
                                 const std::string& model) const {
  keep(row, model, quality_settings(row, reference, text),
       {{"figures",
         figures_json(row, [](const MetricInfo& metric) { return metric.block == Block::quality; })},
        {"reference_perplexity", json_of(reference[Metric::perplexity])}});
}

}  // namespace glim::app::report
