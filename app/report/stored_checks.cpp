#include "app/report/stored_checks.h"

#include <algorithm>
#include <functional>

#include "app/store/provenance.h"
#include "engine/base/text.h"
#include "engine/measure/statistics.h"

namespace glim::app::report {
namespace {

using Json = nlohmann::ordered_json;

/// A check and what it is compared by.
struct Stored {
  Check check;
  std::string asked;    ///< names the questions; empty for scenarios
  std::string answers;  ///< '1' for each one that was right
};
using StoredRow = std::vector<Stored>;

bool same(const Check& a, const Check& b) {
  return a.suite == b.suite && a.name == b.name;
}

const Stored* find_in(const StoredRow& row, const Check& check) {
  const auto found =
      std::find_if(row.begin(), row.end(), [&](const Stored& stored) { return same(stored.check, check); });
  return found == row.end() ? nullptr : &*found;
}

void add(StoredRow& row, Stored stored) {
  if (find_in(row, stored.check) == nullptr) row.push_back(std::move(stored));  // the newest comes first
}

double number(const Json& from, const char* name) {
  const auto found = from.find(name);
  return found != from.end() && found->is_number() ? found->get<double>() : 0;
}

std::string text(const Json& from, const char* name) {
  const auto found = from.find(name);
  return found != from.end() && found->is_string() ? found->get<std::string>() : std::string();
}

const Json& part(const Json& from, const char* name) {
  static const Json none;
  const auto found = from.find(name);
  return found == from.end() ? none : *found;
}

/// ", 5-shot, 100 questions a subject": what makes two results of one test different tests.
std::string conditions(const Json& settings) {
  std::string out;
  if (settings.contains("shots")) out += strf(", %.0f-shot", number(settings, "shots"));
  if (settings.contains("limit")) out += strf(", limit %.0f", number(settings, "limit"));
  return out;
}

void add_task(StoredRow& row, const Json& task, const Measurement& from, bool here) {
  Stored stored;
  stored.check.suite = text(task, "task") + conditions(from.settings);
  stored.check.items = static_cast<std::int64_t>(number(task, "questions"));
  stored.asked = text(task, "asked");
  const double seconds = number(task, "seconds_per_question");
  for (const Json& measure : part(task, "measures")) {
    Stored one = stored;
    one.check.name = text(measure, "measure");
    one.check.score = measured(Unit::fraction, number(measure, "share"), number(measure, "error"));
    if (here && seconds > 0) one.check.rate = measured(Unit::seconds, seconds);
    one.answers = text(measure, "answers");
    add(row, std::move(one));
  }
  for (const auto& [name, group] : part(task, "groups").items()) {
    Stored one;
    one.check.suite = stored.check.suite;
    one.check.name = name;
    one.check.score = measured(Unit::fraction, number(group, "share"), number(group, "error"));
    add(row, std::move(one));
  }
}

/// "PASS", or the verdict with what was wrong or worth a word.
std::string verdict_of(const Json& test) {
  std::string out = text(test, "result");
  const Json& failures = part(test, "failures");
  std::string why = text(test, "detail");
  if (failures.is_array() && !failures.empty() && failures.front().is_string())
    why = failures.front().get<std::string>();
  if (out != "PASS" && !why.empty()) out += ": " + why;
  return out;
}

void add_scenario(StoredRow& row, const std::string& suite, const Json& test, bool here) {
  Stored stored;
  stored.check.suite = suite;
  stored.check.name = text(test, "test");
  stored.check.result = verdict_of(test);
  const Json& context = part(test, "context");
  const Json& throughput = part(test, "throughput");
  double rate = number(test, "tokens_per_second");
  if (context.is_object()) rate = number(context, "tg_tokens_per_second");
  if (throughput.is_object()) rate = number(throughput, "mean");
  if (here && rate > 0) stored.check.rate = measured(Unit::tokens_per_second, rate);
  add(row, std::move(stored));
}

StoredRow stored_of(const Row& row, const ResultStore& store) {
  StoredRow out;
  if (row.identity.hash.empty()) return out;
  const std::string machine = processor_name();
  for (const char* kind : {"eval", "suite"}) {
    for (const Measurement& one : store.query({.kind = kind, .file_hash = row.identity.hash})) {
      if (text(one.settings, "kv_type") != row.factors.kv_type) continue;
      const bool here = one.device == machine;
      for (const Json& task : part(one.result, "tasks")) add_task(out, task, one, here);
      for (const auto& [suite, results] : part(one.result, "suites").items())
        for (const Json& test : part(results, "tests")) add_scenario(out, suite, test, here);
    }
  }
  return out;
}

/// "18 better, 11 worse, p = 0.27"; empty when other questions were asked.
std::string paired(const Stored& one, const Stored& reference) {
  if (one.asked.empty() || one.asked != reference.asked || one.answers.size() != reference.answers.size() ||
      one.answers.empty())
    return {};
  Discordant pairs;
  for (std::size_t i = 0; i < one.answers.size(); ++i) {
    if (one.answers[i] == reference.answers[i]) continue;
    (one.answers[i] == '1' ? pairs.better : pairs.worse) += 1;
  }
  return strf("%lld better, %lld worse, p = %.2g", static_cast<long long>(pairs.better),
              static_cast<long long>(pairs.worse), mcnemar_p(pairs));
}

/// What stands in the cell of a row that has no such result.
Check missing(const Row& row, const Check& check) {
  Check out;
  out.suite = check.suite;
  out.name = check.name;
  const bool noise = row.identity.file.empty() || row.identity.hash.empty();
  const std::string command = check.result.empty() ? "glim eval" : "glim eval --suite " + check.suite;
  const std::string why = !row.failure.empty() ? "the model cannot be read"
                          : noise              ? "shape: weights are noise"
                                               : "no result is stored; " + command + " makes one";
  if (check.result.empty()) {
    out.score = absent(why);
  } else {
    out.result = "not run";
    out.rate = absent(why);
  }
  return out;
}

}  // namespace

void add_stored_checks(Report& report, const ResultStore& store) {
  std::vector<StoredRow> all;
  for (const Row& row : report.rows) all.push_back(stored_of(row, store));
  std::vector<Check> known;
  for (const StoredRow& row : all)
    for (const Stored& stored : row)
      if (std::none_of(known.begin(), known.end(),
                       [&](const Check& check) { return same(check, stored.check); }))
        known.push_back(stored.check);
  std::stable_sort(known.begin(), known.end(),
                   [](const Check& a, const Check& b) { return a.suite < b.suite; });
  for (std::size_t i = 0; i < report.rows.size(); ++i) {
    for (const Check& check : known) {
      const Stored* stored = find_in(all[i], check);
      Check out = stored != nullptr ? stored->check : missing(report.rows[i], check);
      if (stored != nullptr && report.reference && *report.reference != i)
        if (const Stored* reference = find_in(all[*report.reference], check))
          out.comparison = paired(*stored, *reference);
      report.rows[i].checks.push_back(std::move(out));
    }
  }
  if (!known.empty())
    report.notes.push_back(
        "Tasks and scenarios are results that were stored earlier; glim results list tells when and by which "
        "build.");
  const auto has = [&](bool scenario) {
    return std::any_of(known.begin(), known.end(),
                       [&](const Check& check) { return check.result.empty() != scenario; });
  };
  if (!has(false))
    report.notes.push_back(
        "Tasks: no results of these files are stored; glim eval -m FILE --mmlu, --gsm8k, --hellaswag, ... "
        "makes them.");
  if (!has(true))
    report.notes.push_back(
        "Scenarios: no results of these files are stored; glim eval --suite all -m FILE makes them.");
}

}  // namespace glim::app::report
