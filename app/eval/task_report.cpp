#include <algorithm>

#include "app/eval/harness_items.h"
#include "app/eval/task_eval.h"
#include "app/eval/task_items.h"
#include "engine/base/new_file.h"
#include "engine/base/text.h"

namespace glim::app {
namespace {

using Report = nlohmann::ordered_json;

/// The first result of the same test.
const TaskResult& first_of(const std::vector<TaskResult>& results, const TaskResult& result) {
  return *std::find_if(results.begin(), results.end(),
                       [&](const TaskResult& other) { return other.task == result.task; });
}

std::size_t shared_items(const TaskResult& a, const TaskResult& b) {
  std::map<std::string, int> ids;
  for (const Answered& item : a.items) ids[item.id] = 1;
  return static_cast<std::size_t>(std::count_if(
      b.items.begin(), b.items.end(), [&](const Answered& item) { return ids.count(item.id) > 0; }));
}

/// Counts by subject, and by group of subjects.
std::map<std::string, std::map<std::string, GroupCount>> by_group(const TaskResult& result) {
  std::map<std::string, std::map<std::string, GroupCount>> out;
  for (const Answered& item : result.items) {
    if (item.group.empty()) continue;
    GroupCount& count = out[std::string(mmlu_group(item.group))][item.group];
    count.hits += item.right.front() ? 1 : 0;
    ++count.count;
  }
  return out;
}

std::vector<GroupCount> counts_of(const std::map<std::string, GroupCount>& subjects) {
  std::vector<GroupCount> out;
  for (const auto& [subject, count] : subjects) out.push_back(count);
  return out;
}

/// The share of all, with the error of its groups where it has any.
Estimate share(const TaskResult& result, std::size_t measure) {
  std::vector<GroupCount> groups;
  if (measure == 0) {
    for (const auto& [group, subjects] : by_group(result)) {
      const std::vector<GroupCount> more = counts_of(subjects);
      groups.insert(groups.end(), more.begin(), more.end());
    }
  }
  const GroupCount all = count_right(result, measure);
  return groups.size() > 1 ? pooled_share(groups) : share_of(all.hits, all.count);
}

std::string paired_words(const Discordant& pairs) {
  return strf("%lld better, %lld worse, p = %.2g", static_cast<long long>(pairs.better),
              static_cast<long long>(pairs.worse), mcnemar_p(pairs));
}

std::string row(const std::vector<TaskResult>& results, const TaskResult& result, std::size_t measure) {
  const GroupCount count = count_right(result, measure);
  const Estimate estimate = share(result, measure);
  const Interval interval = wilson(count.hits, count.count);
  std::string out = strf("  %-28s %-17s %6.2f +- %5.2f %%   %6.2f - %6.2f %%",
                         printable(result.model).c_str(), result.measures[measure].c_str(),
                         100 * estimate.value, 100 * estimate.error, 100 * interval.low, 100 * interval.high);
  const TaskResult& first = first_of(results, result);
  if (&first != &result && measure < first.measures.size())
    out += "   " + paired_words(discordant(first, result, measure));
  if (!result.complete()) out += strf("   partial: %zu of %zu", result.items.size(), result.asked);
  return out + "\n";
}

std::string group_rows(const TaskResult& result) {
  std::string out;
  for (const auto& [group, subjects] : by_group(result)) {
    const Estimate estimate = pooled_share(counts_of(subjects));
    std::int64_t count = 0;
    for (const auto& [subject, counts] : subjects) count += counts.count;
    out += strf("    %-26s %-17s %6.2f +- %5.2f %%   of %lld\n", "", group.c_str(), 100 * estimate.value,
                100 * estimate.error, static_cast<long long>(count));
  }
  return out;
}

Report json_of(const std::vector<TaskResult>& results, const TaskResult& result, std::size_t measure) {
  const GroupCount count = count_right(result, measure);
  const Estimate estimate = share(result, measure);
  const Interval interval = wilson(count.hits, count.count);
  Report out = {{"measure", result.measures[measure]},
                {"right", count.hits},
                {"share", estimate.value},
                {"error", estimate.error},
                {"low", interval.low},
                {"high", interval.high}};
  const TaskResult& first = first_of(results, result);
  if (&first == &result || measure >= first.measures.size()) return out;
  const Discordant pairs = discordant(first, result, measure);
  out["paired"] = {{"with", first.model},
                   {"questions", shared_items(first, result)},
                   {"better", pairs.better},
                   {"worse", pairs.worse},
                   {"p", mcnemar_p(pairs)}};
  return out;
}

Report line_of(const TaskResult& result, const Answered& item) {
  Report line = {{"task", result.task}, {"model", result.model}, {"id", item.id}};
  if (!item.group.empty()) line["group"] = item.group;
  for (std::size_t i = 0; i < result.measures.size(); ++i)
    line["right"][result.measures[i]] = static_cast<bool>(item.right[i]);
  if (!item.scores.empty()) line["scores"] = item.scores;
  if (item.scores.empty()) line["answer"] = item.text;
  return line;
}

}  // namespace

std::string task_table(const std::vector<TaskResult>& results) {
  std::string out;
  for (const TaskResult& result : results) {
    const TaskResult& first = first_of(results, result);
    if (&first == &result) {
      out += strf("%s%s: %zu questions", out.empty() ? "" : "\n", result.task.c_str(), result.asked);
      if (result.chance > 0) out += strf(", %.2f %% by chance", 100 * result.chance);
      out += strf("\n  %-28s %-17s %-17s   %-17s   %s\n", "model", "measure", "right", "95 % (Wilson)",
                  "paired with the first (McNemar)");
    }
    for (std::size_t i = 0; i < result.measures.size(); ++i) out += row(results, result, i);
    out += group_rows(result);
    for (const std::string& note : result.notes) out += "    " + note + "\n";
  }
  return out;
}

Report task_json(const std::vector<TaskResult>& results) {
  Report out = Report::array();
  for (const TaskResult& result : results) {
    Report one = {{"task", result.task},
                  {"model", result.model},
                  {"questions", result.items.size()},
                  {"complete", result.complete()}};
    if (result.chance > 0) one["chance"] = result.chance;
    if (result.seconds > 0 && !result.items.empty())
      one["seconds_per_question"] = result.seconds / static_cast<double>(result.items.size());
    for (std::size_t i = 0; i < result.measures.size(); ++i)
      one["measures"].push_back(json_of(results, result, i));
    for (const auto& [group, subjects] : by_group(result)) {
      const Estimate estimate = pooled_share(counts_of(subjects));
      one["groups"][group] = {{"share", estimate.value}, {"error", estimate.error}};
      for (const auto& [subject, count] : subjects)
        one["groups"][group]["subjects"][subject] = {{"right", count.hits}, {"questions", count.count}};
    }
    for (const std::string& note : result.notes) one["notes"].push_back(note);
    out.push_back(std::move(one));
  }
  return out;
}

void write_items(const std::string& path, const std::vector<TaskResult>& results) {
  NewFile file(path);
  for (const TaskResult& result : results) {
    for (const Answered& item : result.items) {
      const std::string line =
          line_of(result, item).dump(-1, ' ', false, Report::error_handler_t::replace) + "\n";
      file.write(std::as_bytes(std::span(line)));
    }
  }
  file.give_name();
}

std::vector<TaskResult> read_items(const std::string& path) {
  TaskSource source;
  source.path = path;
  source.bytes = read_whole(path);
  std::vector<TaskResult> out;
  for_each_record(source, source.bytes, 0, [&](const Json& record, const std::string& place) {
    const std::string task = text_of(source, record, "task", place);
    const std::string model = text_of(source, record, "model", place);
    const auto known = std::find_if(out.begin(), out.end(), [&](const TaskResult& result) {
      return result.task == task && result.model == model;
    });
    TaskResult& result = known == out.end() ? out.emplace_back() : *known;
    result.task = task;
    result.model = model;
    Answered item{text_of(source, record, "id", place), text_or(record, "group", ""), {}, {}, {}};
    const Json right = record.value("right", Json());
    const bool fresh = result.items.empty();
    if (!right.is_object() || right.empty()) bad_questions(path, place + " does not say what was right");
    for (const auto& [measure, value] : right.items()) {
      if (!value.is_boolean()) bad_questions(path, place + " does not say what was right");
      if (fresh) result.measures.push_back(measure);
      item.right.push_back(value.get<bool>());
    }
    if (item.right.size() != result.measures.size())
      bad_questions(path, place + " has other measures than the lines before");
    result.items.push_back(std::move(item));
    result.asked = result.items.size();
  });
  if (out.empty()) bad_questions(path, "it holds no results of questions");
  return out;
}

}  // namespace glim::app
