#include "app/eval/eval.h"

#include <algorithm>

#include "app/eval/eval_record.h"
#include "app/eval/suite_command.h"
#include "app/eval/task_eval.h"
#include "app/eval/text_eval.h"
#include "app/store/result_store.h"
#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim::app {
namespace {

using Report = nlohmann::ordered_json;

/// What was measured, or read from files.
struct Measured {
  std::vector<TextResult> texts;
  std::vector<TaskResult> tasks;
  bool complete = true;
};

void show(const Job& job, const Measured& measured) {
  if (!job.arguments.eval.json) {
    std::string text;
    for (const TextResult& result : measured.texts) text += text_table(result);
    write_out(job.console, text + task_table(measured.tasks));
    return;
  }
  Report report = {{"complete", measured.complete}};
  for (const TextResult& result : measured.texts) report["texts"].push_back(text_json(result));
  if (!measured.tasks.empty()) report["tasks"] = task_json(measured.tasks);
  write_out(job.console, report.dump(2, ' ', false, Report::error_handler_t::replace) + "\n");
}

/// Results of two runs; the models of the second are compared with that of the first.
int compare_results(const Job& job) {
  const std::vector<std::string>& files = job.arguments.eval.results;
  if (files.size() != 2 || !job.arguments.eval.model.empty())
    throw Error(ErrorCode::E501,
                strf("eval: %zu files of results are named; two can be compared, without -m", files.size()),
                "glim eval OLD.jsonl NEW.jsonl, files that --items wrote");
  Measured measured;
  for (const std::string& file : files) {
    for (TaskResult& result : read_items(expand_path(file))) {
      result.model = file + ": " + result.model;
      measured.tasks.push_back(std::move(result));
    }
  }
  std::stable_sort(measured.tasks.begin(), measured.tasks.end(),
                   [](const TaskResult& a, const TaskResult& b) { return a.task < b.task; });
  show(job, measured);
  return 0;
}

/// What suites share with the rest has one flag.
SuiteArguments with_shared(const EvalArguments& arguments) {
  SuiteArguments suite = arguments.suite;
  for (const std::string& name : split_words(arguments.model, ','))
    if (!name.empty()) suite.models.push_back(name);
  suite.backend = arguments.backend;
  suite.kv_type = arguments.kv_type;
  suite.threads = arguments.threads;
  suite.batch = arguments.batch;
  suite.ctx = arguments.chunk;
  suite.json = arguments.json;
  suite.items_file = arguments.items;
  return suite;
}

}  // namespace

int evaluate(const Job& job) {
  const EvalArguments& arguments = job.arguments.eval;
  if (!arguments.results.empty()) return compare_results(job);
  const bool texts = asks_for_text(arguments), tasks = asks_for_tasks(arguments);
  if (!arguments.suite.suites.empty()) {
    if (texts || tasks)
      throw Error(ErrorCode::E501, "eval: --suite runs by itself",
                  "measure texts and questions in another run");
    return evaluate_suites(job, with_shared(arguments));
  }
  if (arguments.suite.given())
    throw Error(ErrorCode::E501, "eval: --test, --targets, --allow-exec, --gate and -o belong to --suite",
                "for example: glim eval --suite smoke -m spark --gate");
  if (!texts && !tasks)
    throw Error(ErrorCode::E501, "eval: nothing to measure is named",
                "for example: glim eval -m spark:q4_k_m --ppl TEXT; \"glim eval --help\" lists the rest");
  if (!arguments.items.empty() && !tasks)
    throw Error(ErrorCode::E501, "eval: --items writes results of questions, and no test is named",
                "for example --hellaswag FILE");
  StopOnSignal stop(job.signals);
  Measured measured;
  if (texts) measured.texts = evaluate_texts(job, stop);
  if (tasks) measured.tasks = evaluate_tasks(job, stop);
  measured.complete = stop.status() == 0;
  if (!arguments.items.empty()) write_items(expand_path(arguments.items), measured.tasks);
  show(job, measured);
  for (const Measurement& measurement : measurements_of(job, measured.texts, measured.tasks))
    record(job.paths, job.console, measurement);
  return stop.status();
}

}  // namespace glim::app
