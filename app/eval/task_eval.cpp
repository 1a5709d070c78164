#include "app/eval/task_eval.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>

#include "app/eval/harness_items.h"
#include "app/eval/number_answer.h"
#include "app/eval/task_items.h"
#include "app/eval/text_eval.h"
#include "app/progress_line.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/gguf/figures.h"
#include "engine/model_source.h"
#include "ui/numbers.h"

namespace glim::app {
namespace {

/// By what a question counts as answered right.
enum class Measure { sum, length, strict, flexible };

struct NamedMeasure {
  const char* name;
  Measure measure;
};
using Measures = std::vector<NamedMeasure>;

const Measures kBySum = {{"acc", Measure::sum}}, kByLength = {{"acc", Measure::length}},
               kBoth = {{"acc", Measure::sum}, {"acc_norm", Measure::length}},
               kWritten = {{"strict-match", Measure::strict}, {"flexible-extract", Measure::flexible}};

enum class Form { any, json_lines, other };

struct TaskKind {
  const char* name;
  std::string EvalArguments::*path;
  Form form;  ///< of the file: two tests may share a flag
  TaskSet (*read)(const TaskSource& source, const Tokenizer& tokenizer);
  const Measures& measures;
};

const std::array kKinds = {
    TaskKind{"hellaswag(llama)", &EvalArguments::hellaswag, Form::other, read_llama_hellaswag, kByLength},
    TaskKind{"hellaswag", &EvalArguments::hellaswag, Form::json_lines, read_hellaswag, kBoth},
    TaskKind{"winogrande(llama)", &EvalArguments::winogrande, Form::other, read_llama_winogrande, kByLength},
    TaskKind{"winogrande", &EvalArguments::winogrande, Form::json_lines, read_winogrande, kBySum},
    TaskKind{"multiple-choice(llama)", &EvalArguments::choices, Form::any, read_llama_choices, kByLength},
    TaskKind{"mmlu", &EvalArguments::mmlu, Form::any, read_mmlu, kBySum},
    TaskKind{"arc", &EvalArguments::arc, Form::any, read_arc, kBoth},
    TaskKind{"gsm8k", &EvalArguments::gsm8k, Form::any, read_gsm8k, kWritten},
    TaskKind{"samples", &EvalArguments::samples, Form::any, read_samples, kBoth},
};

bool is_chosen(const TaskKind& kind, const EvalArguments& arguments) {
  const std::string& path = arguments.*kind.path;
  const bool json_lines = std::filesystem::path(path).extension() == ".jsonl";
  return !path.empty() && (kind.form == Form::any || (kind.form == Form::json_lines) == json_lines);
}

TaskSource source_of(const TaskKind& kind, const EvalArguments& arguments) {
  TaskSource out;
  out.path = expand_path(arguments.*kind.path);
  std::error_code ignored;
  if (!std::filesystem::is_directory(out.path, ignored)) {
    out.bytes = read_whole(out.path);
    if (out.bytes.empty()) bad_questions(out.path, "the file is empty");
  } else if (kind.read != read_mmlu) {
    bad_questions(out.path, "this is a folder");
  }
  if (!arguments.examples.empty()) out.examples = read_whole(expand_path(arguments.examples));
  out.limit = arguments.limit;
  out.shots = arguments.shots;
  return out;
}

/// Tokens that the model has to hold for an item.
std::size_t tokens_needed(const TaskItem& item) {
  std::size_t most =
      item.prompt.size() + static_cast<std::size_t>(item.is_written() ? item.rules.max_tokens : 0);
  for (const Choice& choice : item.choices.choices)
    for (const TokenQuery& query : choice.queries)
      most = std::max(most, static_cast<std::size_t>(query.position) + 1);
  return most;
}

double chance_of(const TaskSet& set) {
  double sum = 0;
  for (const TaskItem& item : set.items) {
    if (item.right.empty()) continue;
    const auto right = std::count(item.right.begin(), item.right.end(), true);
    sum += static_cast<double>(right) / static_cast<double>(item.right.size());
  }
  return set.items.empty() ? 0 : sum / static_cast<double>(set.items.size());
}

bool is_right(const TaskItem& item, const Answered& answer, Measure measure) {
  switch (measure) {
    case Measure::sum:
      return item.right[best_choice(answer.scores)];
    case Measure::length:
      return item.right[best_choice_by_length(answer.scores, item.choices)];
    case Measure::strict:
      return same_number(strict_number(answer.text), item.target);
    case Measure::flexible:
      return same_number(flexible_number(answer.text), item.target);
  }
  return false;
}

/// A file may have more tokens than its model has rows for.
void check_tokens(const TextModel& model, const TaskSet& set) {
  const auto known = [&](TokenId token) { return token >= 0 && token < model.config().vocabulary; };
  for (const TaskItem& item : set.items) {
    bool sound = std::all_of(item.prompt.begin(), item.prompt.end(), known);
    for (const std::vector<TokenId>& sequence : item.choices.sequences)
      sound = sound && std::all_of(sequence.begin(), sequence.end(), known);
    if (!sound)
      throw Error(ErrorCode::E112,
                  printable(model.file().path().filename().string()) +
                      ": its vocabulary has tokens that the model does not know; fetch the file again");
  }
}

/// One test with one model.
class TaskRun {
 public:
  TaskRun(const Job& job, StopOnSignal& stop, const TaskKind& kind) : job_(job), stop_(stop), kind_(kind) {}

  TaskResult run(const std::string& model_name);

 private:
  TaskSet read(const std::string& model_path);
  /// False when it was stopped.
  bool answer(TextModel& model, const TaskItem& item, Answered& out);

  const Job& job_;
  StopOnSignal& stop_;
  const TaskKind& kind_;
};

TaskSet TaskRun::read(const std::string& model_path) {
  const EvalArguments& arguments = job_.arguments.eval;
  const std::unique_ptr<GgufFile> file = open_model(model_path);
  const Tokenizer tokenizer(read_vocab(*file));
  constexpr std::int64_t kMost = 1 << 20;
  TaskSource source = source_of(kind_, arguments);
  source.longest = static_cast<std::int32_t>(std::min(figures(*file).context.value_or(kMost), kMost));
  if (arguments.max_length > 0) source.longest = std::min(source.longest, arguments.max_length);
  return kind_.read(source, tokenizer);
}

bool TaskRun::answer(TextModel& model, const TaskItem& item, Answered& out) {
  const auto go_on = [this] { return stop_.go_on(); };
  if (!item.is_written()) {
    out.scores = score_choices(model, item.choices, go_on);
    return !out.scores.empty();
  }
  const GreedyAnswer answer = answer_greedily(model, item.prompt, item.rules, go_on);
  out.text = answer.text;
  return !answer.stopped;
}

TaskResult TaskRun::run(const std::string& model_name) {
  const TaskSet set = read(eval_options(job_, model_name, 0).model);
  TaskResult out{kind_.name, model_name, {}, {}, set.items.size(), chance_of(set), set.notes, 0};
  const Measures& measures = set.items.front().is_written() ? kWritten : kind_.measures;
  for (const NamedMeasure& measure : measures) out.measures.emplace_back(measure.name);
  std::size_t longest = 0;
  for (const TaskItem& item : set.items) longest = std::max(longest, tokens_needed(item));
  TextModel model(eval_options(job_, model_name, static_cast<std::int32_t>(longest)),
                  [this] { return stop_.go_on(); });
  check_tokens(model, set);
  ProgressLine progress(job_.console, out.task + " " + printable(model_name));
  std::int64_t right = 0;
  const auto began = std::chrono::steady_clock::now();
  for (const TaskItem& item : set.items) {
    Answered answered{item.id, item.group, {}, {}, {}};
    if (!answer(model, item, answered)) break;
    for (const NamedMeasure& measure : measures)
      answered.right.push_back(is_right(item, answered, measure.measure));
    right += answered.right.front() ? 1 : 0;
    out.items.push_back(std::move(answered));
    const std::size_t done = out.items.size();
    progress.show(strf("%zu of %zu, %.2f %% right", done, set.items.size(),
                       100 * static_cast<double>(right) / static_cast<double>(done)),
                  done == set.items.size());
  }
  out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  return out;
}

void check_range(const char* flag, std::int32_t value, std::int32_t least, std::int32_t most) {
  if (value >= least && value <= most) return;
  throw Error(ErrorCode::E501,
              strf("eval: %s %d is out of range; use %d to %d", flag, value, std::max(least, 0), most));
}

}  // namespace

bool asks_for_tasks(const EvalArguments& arguments) {
  return std::any_of(kKinds.begin(), kKinds.end(),
                     [&](const TaskKind& kind) { return is_chosen(kind, arguments); });
}

std::vector<TaskResult> evaluate_tasks(const Job& job, StopOnSignal& stop) {
  constexpr std::int32_t kMost = 1 << 24, kMostShots = 100;
  const EvalArguments& arguments = job.arguments.eval;
  check_range("--limit", arguments.limit, -1, kMost);
  check_range("--shots", arguments.shots, -1, kMostShots);
  check_range("--max-length", arguments.max_length, 0, kMost);
  std::vector<std::string> models = eval_models(job);
  if (!arguments.against.empty()) models.insert(models.begin(), arguments.against);
  std::vector<TaskResult> out;
  for (const TaskKind& kind : kKinds) {
    if (!is_chosen(kind, arguments)) continue;
    for (const std::string& model : models) {
      if (!stop.go_on()) return out;
      try {
        out.push_back(TaskRun(job, stop, kind).run(model));
      } catch (const Error& error) {
        if (error.code() != ErrorCode::E901 || stop.status() == 0) throw;
      }
    }
  }
  return out;
}

GroupCount count_right(const TaskResult& result, std::size_t measure) {
  GroupCount out;
  for (const Answered& item : result.items) {
    out.hits += item.right[measure] ? 1 : 0;
    ++out.count;
  }
  return out;
}

Discordant discordant(const TaskResult& first, const TaskResult& second, std::size_t measure) {
  std::map<std::string, bool> right;
  for (const Answered& item : first.items) right[item.id] = item.right[measure];
  Discordant out;
  for (const Answered& item : second.items) {
    const auto found = right.find(item.id);
    if (found == right.end() || found->second == item.right[measure]) continue;
    (item.right[measure] ? out.better : out.worse) += 1;
  }
  return out;
}

}  // namespace glim::app
