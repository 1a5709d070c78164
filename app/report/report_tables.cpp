#include "app/report/report_tables.h"

#include <algorithm>
#include <set>

#include "app/report/changes.h"
#include "app/report/verdict.h"
#include "engine/base/text.h"

namespace glim::app::report {
namespace {

const Figure& nothing() {
  static const Figure none;
  return none;
}

/// A table with the names of the rows as its first column.
TableBuilder named_rows(const Report& report, std::string title) {
  TableBuilder out(std::move(title), report.rows.size());
  out.text(
      "name", [&](std::size_t i) { return report.rows[i].identity.name; }, 0, true);
  return out;
}

TableBuilder::Value of(const Report& report, Metric metric) {
  return [&report, metric](std::size_t i) -> const Figure& { return report.rows[i][metric]; };
}

TableBuilder::Value memory_of(const Report& report, std::size_t context, Figure MemoryAt::*part) {
  return [&report, context, part](std::size_t i) -> const Figure& {
    const std::vector<MemoryAt>& memory = report.rows[i].memory;
    return context < memory.size() ? memory[context].*part : nothing();
  };
}

std::string at_context(std::int64_t context) {
  return strf("at %lld", static_cast<long long>(context));
}

/// "pp512" behind the heading where the report says which test it was.
std::string with_test(std::string_view heading, const std::string& test) {
  return std::string(heading) + (test.empty() ? "" : " " + test);
}

std::string heading_of(const Report& report, Metric metric) {
  const std::string_view heading = metric_info(metric).heading;
  if (metric == Metric::prompt_rate) return with_test(heading, report.prompt_test);
  if (metric == Metric::generation_rate) return with_test(heading, report.generation_test);
  return std::string(heading);
}

std::string reference_name(const Report& report) {
  return report.reference ? report.rows[*report.reference].identity.name : "";
}

std::string passed_of(const Row& row) {
  std::size_t passed = 0, judged = 0;
  for (const Check& check : row.checks) {
    const auto begins = [&](const char* word) { return check.result.rfind(word, 0) == 0; };
    const bool pass = begins("PASS") || begins("WARN");
    if (!pass && !begins("FAIL") && !begins("ERROR")) continue;
    ++judged;
    passed += pass ? 1 : 0;
  }
  return judged == 0 ? "" : strf("%zu/%zu", passed, judged);
}

std::string votes_of(const Row& row) {
  if (!row.votes) return {};
  return strf("%lld–%lld–%lld", static_cast<long long>(row.votes->wins),
              static_cast<long long>(row.votes->losses), static_cast<long long>(row.votes->ties));
}

std::string split_of(const Report& report, std::size_t i) {
  const Row& row = report.rows[i];
  if (!row.splits_known || (report.reference && *report.reference == i)) return {};
  return row.first_split < 0 ? "none" : strf("token %lld", static_cast<long long>(row.first_split));
}

void add_block(TableBuilder& table, const Report& report, Block block) {
  int rank = 1;
  for (const MetricInfo& metric : kMetrics)
    if (metric.block == block)
      table.figures(heading_of(report, metric.metric), of(report, metric.metric), {.rank = rank++});
}

Table identity_table(const Report& report) {
  TableBuilder table = named_rows(report, "Identity");
  const auto text = [&](const char* heading, std::string Identity::*member) {
    table.text(
        heading, [&report, member](std::size_t i) { return report.rows[i].identity.*member; }, 3, true);
  };
  for (const FactorInfo& factor : kFactors)
    table.text(
        std::string(factor.name), [&](std::size_t i) { return report.rows[i].factors.*factor.member; }, 2,
        true);
  add_block(table, report, Block::identity);
  table.text(
      "tensors",
      [&](std::size_t i) {
        const std::size_t count = report.rows[i].identity.tensors;
        return count == 0 ? "" : std::to_string(count);
      },
      3);
  text("architecture", &Identity::architecture);
  text("importance matrix", &Identity::importance);
  text("quantised by", &Identity::quantized_by);
  text("hash", &Identity::hash);
  text("file", &Identity::file);
  return table.take();
}

Table mix_table(const Report& report) {
  TableBuilder table = named_rows(report, "Formats of the weights");
  table.text(
      "format × tensors, share of bytes",
      [&](std::size_t i) {
        const std::vector<FormatShare>& mix = report.rows[i].identity.mix;
        std::uint64_t total = 0;
        for (const FormatShare& share : mix) total += share.bytes;
        std::string out;
        for (const FormatShare& share : mix)
          out += strf("%s%s × %zu %.1f %%", out.empty() ? "" : ", ", share.format.c_str(), share.tensors,
                      100 * static_cast<double>(share.bytes) /
                          static_cast<double>(std::max<std::uint64_t>(total, 1)));
        return out;
      },
      1, true);
  return table.take();
}

Table size_table(const Report& report) {
  TableBuilder table = named_rows(report, "Size");
  table.figures("size", of(report, Metric::file_size));
  table.figures("size", of(report, Metric::file_size), {.binary = true});
  table.figures("bits per weight", of(report, Metric::bits_per_weight), {.rank = 1});
  if (report.reference) {
    const Figure& base = report.rows[*report.reference][Metric::file_size];
    table.text("against " + reference_name(report), [&](std::size_t i) {
      if (i == *report.reference) return std::string("reference");
      const auto size = change(report.rows[i][Metric::file_size], base);
      return size ? change_text(*size) : std::string();
    });
  }
  table.table().notes.push_back("GB are 10^9 bytes, GiB 2^30: 18.47 GB and 17.20 GiB are the same file.");
  return table.take();
}

Table depth_table(const Report& report) {
  TableBuilder table = named_rows(report, "Speed with tokens in the context");
  std::set<std::int64_t> depths;
  for (const Row& row : report.rows)
    for (const SpeedAt& at : row.depths) depths.insert(at.depth);
  for (const std::int64_t depth : depths) {
    const auto part = [&report, depth](Figure SpeedAt::*member) {
      return [&report, depth, member](std::size_t i) -> const Figure& {
        for (const SpeedAt& at : report.rows[i].depths)
          if (at.depth == depth) return at.*member;
        return nothing();
      };
    };
    const std::string where = strf(" @ %lld", static_cast<long long>(depth));
    table.figures("prompt" + where, part(&SpeedAt::prompt));
    table.figures("generation" + where, part(&SpeedAt::generation));
  }
  return table.take();
}

/// Seed 002's table: one line per number of streams, one column per row and how much it leads.
Table parallel_table(const Report& report) {
  std::set<std::int64_t> streams;
  for (const Row& row : report.rows)
    for (const ParallelAt& at : row.parallel) streams.insert(at.streams);
  const std::vector<std::int64_t> list(streams.begin(), streams.end());
  TableBuilder table("Throughput with parallel streams", list.size());
  table.text("streams", [&](std::size_t i) { return strf("%lld", static_cast<long long>(list[i])); });
  const auto part = [&](std::size_t row, Figure ParallelAt::*member) {
    return [&, row, member](std::size_t i) -> const Figure& {
      for (const ParallelAt& at : report.rows[row].parallel)
        if (at.streams == list[i]) return at.*member;
      return nothing();
    };
  };
  const std::size_t base = report.reference.value_or(0);
  for (std::size_t row = 0; row < report.rows.size(); ++row) {
    const std::string name = report.rows[row].identity.name;
    table.figures(name, part(row, &ParallelAt::total));
    table.figures(name + " per stream", part(row, &ParallelAt::per_stream), {.rank = 2});
    table.figures(name + " of the roof", part(row, &ParallelAt::of_roof), {.rank = 2});
    table.figures(name + " first token p50", part(row, &ParallelAt::first_token_median), {.rank = 3});
    table.figures(name + " first token p95", part(row, &ParallelAt::first_token_p95), {.rank = 3});
    if (row == base) continue;
    table.text(
        name + " advantage",
        [&](std::size_t i) {
          const auto lead = change(part(row, &ParallelAt::total)(i), part(base, &ParallelAt::total)(i));
          return lead ? change_text(*lead) : std::string();
        },
        1);
  }
  return table.take();
}

struct CheckKey {
  std::string suite, name;
  bool operator==(const CheckKey& other) const = default;
};

const Check* check_of(const Row& row, const CheckKey& key) {
  for (const Check& check : row.checks)
    if (check.suite == key.suite && check.name == key.name) return &check;
  return nullptr;
}

/// Tasks with scores (block H) or scenarios with verdicts (block I), one line each.
Table check_table(const Report& report, bool scenarios) {
  std::vector<CheckKey> keys;
  for (const Row& row : report.rows)
    for (const Check& check : row.checks) {
      const CheckKey key{check.suite, check.name};
      if (check.result.empty() != scenarios && std::find(keys.begin(), keys.end(), key) == keys.end())
        keys.push_back(key);
    }
  TableBuilder table(scenarios ? "Scenarios" : "Tasks", keys.size());
  table.text(
      "suite", [&](std::size_t i) { return keys[i].suite; }, 0, true);
  table.text(
      scenarios ? "scenario" : "task", [&](std::size_t i) { return keys[i].name; }, 0, true);
  const auto part = [&](std::size_t row, Figure Check::*member) {
    return [&, row, member](std::size_t i) -> const Figure& {
      const Check* check = check_of(report.rows[row], keys[i]);
      return check ? check->*member : nothing();
    };
  };
  const std::size_t base = report.reference.value_or(0);
  for (std::size_t row = 0; row < report.rows.size(); ++row) {
    const std::string name = report.rows[row].identity.name;
    const auto text = [&](const std::string& heading, std::string Check::*member) {
      table.text(
          heading,
          [&, member](std::size_t i) {
            const Check* check = check_of(report.rows[row], keys[i]);
            return check ? check->*member : std::string();
          },
          1, true);
    };
    text(name, &Check::result);
    table.figures(name, part(row, &Check::score));
    table.figures(name + (scenarios ? "" : " per question"), part(row, &Check::rate), {.rank = 1});
    text(name + " paired", &Check::comparison);
    if (row == base) continue;
    table.text(
        name + " Δ",
        [&](std::size_t i) {
          const auto lead = change(part(row, &Check::rate)(i), part(base, &Check::rate)(i));
          return lead ? change_text(*lead) : std::string();
        },
        1);
  }
  return table.take();
}

/// What drift depends on: one line for each kind of prompt.
Table category_table(const Report& report) {
  std::vector<std::string> names;
  for (const Row& row : report.rows)
    for (const CategoryDrift& drift : row.categories)
      if (std::find(names.begin(), names.end(), drift.category) == names.end())
        names.push_back(drift.category);
  const auto find_in = [&](std::size_t row, std::size_t i) -> const CategoryDrift* {
    for (const CategoryDrift& drift : report.rows[row].categories)
      if (drift.category == names[i]) return &drift;
    return nullptr;
  };
  TableBuilder table("Drift by kind of prompt", names.size());
  table.text(
      "kind", [&](std::size_t i) { return names[i]; }, 0, true);
  const auto count = [&](const char* heading, std::size_t CategoryDrift::*member, int rank) {
    table.text(
        heading,
        [&](std::size_t i) {
          std::size_t most = 0;
          for (std::size_t row = 0; row < report.rows.size(); ++row)
            if (const CategoryDrift* drift = find_in(row, i)) most = std::max(most, drift->*member);
          return std::to_string(most);
        },
        rank);
  };
  count("prompts", &CategoryDrift::prompts, 3);
  count("tokens", &CategoryDrift::tokens, 2);
  for (std::size_t row = 0; row < report.rows.size(); ++row) {
    if (report.reference && *report.reference == row) continue;
    const auto part = [&](Figure CategoryDrift::*member) {
      return [&, row, member](std::size_t i) -> const Figure& {
        const CategoryDrift* drift = find_in(row, i);
        return drift != nullptr ? drift->*member : nothing();
      };
    };
    table.figures("KLD " + report.rows[row].identity.name, part(&CategoryDrift::kld));
    table.figures("top-1 " + report.rows[row].identity.name, part(&CategoryDrift::top1), {.rank = 1});
  }
  if (report.reference)
    table.table().lead = "On the answers of " + reference_name(report) +
                         " to prompts with such a tag; a prompt with several tags counts in each.";
  return table.take();
}

Table vote_table(const Report& report) {
  TableBuilder table = named_rows(report, "Votes");
  table.text("wins–losses–ties", [&](std::size_t i) { return votes_of(report.rows[i]); });
  table.figures("rating with 95 % interval", [&](std::size_t i) -> const Figure& {
    return report.rows[i].votes ? report.rows[i].votes->rating : nothing();
  });
  return table.take();
}

}  // namespace

Table scorecard(const Report& report) {
  TableBuilder table = named_rows(report, "Scorecard");
  table.figures("size", of(report, Metric::file_size), {.rank = 1});
  table.figures("size", of(report, Metric::file_size), {.binary = true, .rank = 5});
  table.figures("bits/w", of(report, Metric::bits_per_weight), {.rank = 4});
  if (const auto context = largest_context(report))
    table.figures("mem " + at_context(report.contexts[*context]),
                  memory_of(report, *context, &MemoryAt::total), {.binary = true, .rank = 1});
  table.figures("gen", of(report, Metric::generation_rate), {.rank = 1});
  table.figures("prompt", of(report, Metric::prompt_rate), {.rank = 3});
  table.figures("ttft", of(report, Metric::first_token), {.rank = 6});
  table.figures("count 1-5", of(report, Metric::latency_cold), {.rank = 5});
  table.figures("load", of(report, Metric::load), {.rank = 7});
  table.figures("peak", of(report, Metric::peak_memory), {.binary = true, .rank = 6});
  table.figures("J/tok", of(report, Metric::energy), {.rank = 7});
  table.figures("KLD", of(report, Metric::kld), {.rank = 1});
  table.figures("top-1", of(report, Metric::top1), {.rank = 2});
  table.text(
      "split", [&](std::size_t i) { return split_of(report, i); }, 6);
  table.text(
      "passed", [&](std::size_t i) { return passed_of(report.rows[i]); }, 6);
  table.text(
      "votes", [&](std::size_t i) { return votes_of(report.rows[i]); }, 7);
  if (report.reference)
    table.table().lead = "Reference: " + reference_name(report) +
                         ". ± is one standard deviation of the "
                         "repetitions, of KLD and top-1 the standard error.";
  return table.take();
}

Table memory_table(const Report& report) {
  TableBuilder table = named_rows(report, "Memory");
  table.figures("weights", memory_of(report, 0, &MemoryAt::weights), {.binary = true, .rank = 3});
  table.figures("work space", memory_of(report, 0, &MemoryAt::scratch), {.binary = true, .rank = 4});
  table.figures("KV per token", of(report, Metric::kv_token), {.binary = true, .rank = 4});
  for (std::size_t c = 0; c < report.contexts.size(); ++c) {
    const std::string at = at_context(report.contexts[c]);
    table.figures("KV " + at, memory_of(report, c, &MemoryAt::kv), {.binary = true, .rank = 2});
    table.figures("all " + at, memory_of(report, c, &MemoryAt::total), {.binary = true, .rank = 1});
    if (report.available_bytes == 0) continue;
    table.text(
        "fits",
        [&](std::size_t i) {
          const Figure& total = memory_of(report, c, &MemoryAt::total)(i);
          if (!total.present()) return std::string();
          if (fits_with_headroom(report, report.rows[i].memory[c])) return std::string("yes");
          return std::string(total.value <= static_cast<double>(report.available_bytes) ? "tight" : "no");
        },
        1);
  }
  table.figures("peak measured", of(report, Metric::peak_memory), {.binary = true, .rank = 3});
  if (report.available_bytes > 0)
    table.table().lead = strf("%.2f GiB of memory are available; \"tight\" leaves less than a tenth of it.",
                              static_cast<double>(report.available_bytes) / 0x1p30);
  return table.take();
}

Table verdict_table(const Report& report) {
  const std::vector<Winner> all = winners(report);
  TableBuilder table("Verdict", all.size());
  table.text(
      "best for", [&](std::size_t i) { return all[i].use; }, 0, true);
  table.text(
      "row", [&](std::size_t i) { return report.rows[all[i].row].identity.name; }, 0, true);
  table.text(
      "figure", [&](std::size_t i) { return all[i].figure; }, 1);
  table.text(
      "rule", [&](std::size_t i) { return all[i].rule; }, 2, true);
  table.text(
      "remark", [&](std::size_t i) { return all[i].remark; }, 3, true);
  return table.take();
}

std::vector<Table> figure_tables(const Report& report) {
  std::vector<Table> out = {identity_table(report), mix_table(report), size_table(report)};
  TableBuilder load = named_rows(report, "Load");
  add_block(load, report, Block::load);
  out.push_back(load.take());
  out.push_back(memory_table(report));
  TableBuilder speed = named_rows(report, "Speed");
  add_block(speed, report, Block::speed);
  out.push_back(speed.take());
  out.push_back(depth_table(report));
  out.push_back(parallel_table(report));
  TableBuilder quality = named_rows(report, "Quality");
  add_block(quality, report, Block::quality);
  if (report.reference)
    quality.table().lead = "Predictions on the same text against those of " + reference_name(report) +
                           "; divergences in nats, ± is the standard error.";
  out.push_back(quality.take());
  out.push_back(category_table(report));
  out.push_back(check_table(report, false));
  out.push_back(check_table(report, true));
  out.push_back(vote_table(report));
  out.erase(std::remove_if(out.begin(), out.end(), [](const Table& table) { return table.empty(); }),
            out.end());
  return out;
}

Table difference_table(const Report& report) {
  const std::vector<Difference>& list = report.differences;
  TableBuilder table("Where they differ", list.size());
  table.text(
      "prompt", [&](std::size_t i) { return list[i].prompt; }, 1, true);
  table.text(
      "token", [&](std::size_t i) { return strf("%lld", static_cast<long long>(list[i].token)); }, 1);
  table.text(
      "reference text",
      [&](std::size_t i) { return "…" + list[i].before + "▮" + list[i].reference + "▮" + list[i].after; }, 0,
      true);
  for (std::size_t row = 0; row < report.rows.size(); ++row) {
    const std::string name = report.rows[row].identity.name;
    table.text(
        name,
        [&](std::size_t i) {
          if (row >= list[i].likeliest.size()) return std::string();
          const Alternative& one = list[i].likeliest[row];
          return one.text + (one.probability && !one.text.empty() ? strf(" %.2f", *one.probability) : "");
        },
        2, true);
    table.figures("KLD " + name,
                  [&](std::size_t i) -> const Figure& {
                    return row < list[i].kld.size() ? list[i].kld[row] : nothing();
                  },
                  {.rank = 1});
  }
  return table.take();
}

std::vector<std::string> verdict_lines(const Report& report) {
  std::vector<std::string> out;
  const auto front = [&](Metric a, Metric b, const char* words) {
    const std::vector<std::size_t> rows = pareto_front(report, a, b);
    if (rows.empty() || report.rows.size() < 2) return;
    std::string line = std::string("Not beaten in ") + words + " at once: ";
    for (std::size_t i = 0; i < rows.size(); ++i)
      line += (i == 0 ? "" : ", ") + report.rows[rows[i]].identity.name;
    out.push_back(line + ".");
  };
  front(Metric::file_size, Metric::kld, "size and KL divergence");
  front(Metric::generation_rate, Metric::kld, "generation rate and KL divergence");
  const std::vector<std::string> sentences = row_sentences(report);
  out.insert(out.end(), sentences.begin(), sentences.end());
  if (!sentences.empty()) out.push_back(sentence_rule());
  return out;
}

}  // namespace glim::app::report
