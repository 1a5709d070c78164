#include <algorithm>
#include <array>

#include "app/fit/fit_report.h"
#include "app/report/table.h"
#include "engine/base/text.h"
#include "ui/text_layout.h"

namespace glim::app {
namespace {

using report::FigureKind;
using report::Table;

constexpr std::array<std::string_view, 4> kNames = {"fits", "tight", "spills", "no"};
/// Behind a size in a table.
constexpr std::array<std::string_view, 4> kMarks = {" ", "~", "*", "!"};
constexpr double kGib = 1u << 30;

double gib(std::uint64_t bytes) {
  return static_cast<double>(bytes) / kGib;
}

/// 12345678 as "12 345 678".
std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, 1, ' ');
  return digits;
}

/// "64k", "198k" for what is near enough, else the number.
std::string context_text(std::int32_t ctx) {
  return ctx >= 1024 ? strf(ctx % 1024 == 0 ? "%.0fk" : "%.4gk", ctx / 1024.0) : std::to_string(ctx);
}

std::string type_text(QuantType type) {
  return std::string(quant(type).name);
}

std::string memory_text(const FitMemory& memory) {
  return strf("%.2f GiB = %.2f GB, %s", gib(memory.bytes), static_cast<double>(memory.bytes) / 1e9,
              memory.device ? "as asked with --vram" : "what is free on this machine");
}

std::string size_line(const char* what, std::uint64_t bytes, const std::string& remark = {}) {
  std::string out = strf("  %-9s %15s %8.2f GiB", what, grouped(bytes).c_str(), gib(bytes));
  return out + (remark.empty() ? "" : "   " + remark) + "\n";
}

std::string verdict_text(const Plan& plan) {
  const auto available = static_cast<double>(plan.available_bytes);
  const double left = available - static_cast<double>(plan.total_bytes());
  const std::string headroom = strf("%.2f GiB left (%.0f %% of what is available)", left / kGib,
                                    available > 0 ? 100 * left / available : 0);
  switch (plan.fit()) {
    case Fit::fits:
      return "FITS: " + headroom;
    case Fit::tight:
      return "TIGHT: it fits with " + headroom;
    case Fit::spills:
      return strf(
          "SPILLS: %.2f GiB too much, so that weights are read from the file again and again, at the "
          "speed of the disk",
          -left / kGib);
    case Fit::no:
      return strf("NO: %.2f GiB too much; loading refuses", -left / kGib);
  }
  return {};
}

std::string remedy_line(const Remedy& remedy) {
  const Plan& plan = remedy.plan;
  std::string beside;
  if (plan.placement.any()) beside = strf(", %.2f GiB with the processor", gib(plan.beside.total()));
  return strf("  %-32s %7.2f GiB, %.2f GiB left%s\n", printable(remedy.value).c_str(),
              gib(plan.total_bytes()), gib(plan.available_bytes - plan.total_bytes()), beside.c_str());
}

std::string model_line(const FitRow& row) {
  return strf("%s: %.3f GB = %.3f GiB, %.2f bits per weight, %.2f %s parameters%s\n",
              printable(row.name).c_str(), static_cast<double>(row.file_bytes) / 1e9, gib(row.file_bytes),
              row.bits_per_weight,
              static_cast<double>(row.parameters) / (row.parameters < 1'000'000'000 ? 1e6 : 1e9),
              row.parameters < 1'000'000'000 ? "million" : "billion", row.noise ? ", a shape" : "");
}

std::string block(const FitReport& report) {
  const FitRow& row = report.rows[0];
  const Plan& plan = *row.cells[0].plan;
  std::string out = model_line(row);
  if (!report.profile.empty()) out += "profile " + printable(report.profile) + "\n";
  out += strf("context %s tokens, KV cache %s, %d conversation%s, steps of %d tokens\n\n",
              grouped(static_cast<std::uint64_t>(plan.ctx)).c_str(), type_text(plan.kv_type).c_str(),
              report.parallel, report.parallel == 1 ? "" : "s", report.ubatch);
  out += strf("  %-9s %15s\n", "", "bytes");
  out += size_line("weights", plan.weight_bytes);
  out += size_line("KV cache", plan.kv_bytes, grouped(plan.kv_token_bytes) + " bytes per token");
  out += size_line("scratch", plan.scratch_bytes, "activations and logits");
  out += size_line("total", plan.total_bytes());
  out += size_line("available", plan.available_bytes,
                   report.memory.device ? "as asked with --vram" : "free on this machine");
  if (plan.placement.any())
    out += size_line("beside", plan.beside.total(),
                     strf("with the processor, of %.2f GiB free", gib(plan.beside_available)));
  out += "\n" + verdict_text(plan) + "\n";
  for (const SpilledGroup& group : row.cells[0].spilled)
    out += strf("  of %s: %.2f of %.2f GiB in %zu tensors\n", std::string(group.group).c_str(),
                gib(group.spilled), gib(group.bytes), group.tensors);
  for (const FitRow::Longest& one : row.longest) {
    if (one.memory != report.memory.bytes) continue;
    out += one.ctx ? strf("longest context that fits: %s tokens%s\n",
                          grouped(static_cast<std::uint64_t>(*one.ctx)).c_str(),
                          *one.ctx == plan.trained_ctx ? ", what the model was trained for" : "")
                   : "no context fits beside these weights\n";
    break;
  }
  if (!report.remedies.empty()) out += "\nwhat fits (each planned like the above):\n";
  for (const Remedy& remedy : report.remedies) out += remedy_line(remedy);
  if (report.remedies.empty() && !is_held(plan)) out += "no single change makes it fit\n";
  return out;
}

/// What all names begin with, up to a separator, so that the column shows what differs.
std::size_t common_prefix(const std::vector<FitRow>& rows) {
  std::string_view prefix = rows.front().name;
  for (const FitRow& row : rows) {
    std::size_t same = 0;
    while (same < prefix.size() && same < row.name.size() && prefix[same] == row.name[same]) ++same;
    prefix = prefix.substr(0, same);
  }
  if (rows.size() < 2) return 0;
  const std::size_t last = prefix.find_last_of(":/-_");
  return last == prefix.npos ? 0 : last + 1;
}

/// The table of models (times KV types) and contexts.
class Matrix {
 public:
  explicit Matrix(const FitReport& report) : report_(report) {
    table_.title = "Memory in GiB";
    prefix_ = common_prefix(report.rows);
    table_.lead = lead();
    add_columns();
    for (const FitRow& row : report.rows)
      for (std::size_t kv = 0; kv < report.kv_types.size(); ++kv) add_row(row, kv);
    table_.notes.push_back(
        "~ tight: less than a tenth left   * weights would be read from the file again and "
        "again   ! does not fit   – the model cannot have it");
  }

  const Table& table() const { return table_; }

 private:
  bool has_types() const { return report_.kv_types.size() > 1; }

  std::string lead() const {
    std::string out = prefix_ > 0 ? report_.rows[0].name.substr(0, prefix_) + "...; " : "";
    if (!has_types()) out += "KV cache " + type_text(report_.kv_types[0]) + "; ";
    return out + strf("%d conversation%s, steps of %d tokens; available: %s", report_.parallel,
                      report_.parallel == 1 ? "" : "s", report_.ubatch, memory_text(report_.memory).c_str());
  }

  void add_columns() {
    table_.columns = {{"model", {}, true, 0},
                      {"size", "GB", false, 3},
                      {"size", "GiB", false, 1},
                      {"bits", "/weight", false, 2}};
    if (has_types()) table_.columns.push_back({"KV", {}, true, 0});
    for (const std::int32_t ctx : report_.contexts)
      table_.columns.push_back({ctx == 0 ? "max" : context_text(ctx), "tokens", false, 0});
    for (const FitRow& row : report_.rows) {
      if (row.longest.empty()) continue;
      for (std::size_t i = 0; i < row.longest.size() / report_.kv_types.size(); ++i) {
        const bool here = i == 0;
        table_.columns.push_back({here ? "longest" : strf("%.0f GiB", gib(row.longest[i].memory)),
                                  here ? "tokens" : "longest", false, here ? 1 : 10});
      }
      break;
    }
  }

  static std::string cell_text(const FitRow::Cell& cell) {
    if (!cell.plan) return "–";
    return strf("%.2f", gib(cell.plan->total_bytes())) +
           std::string(kMarks[static_cast<std::size_t>(cell.plan->fit())]);
  }

  void add_row(const FitRow& row, std::size_t kv) {
    std::vector<Table::Cell> out;
    const auto add = [&](std::string text) { out.push_back({std::move(text), FigureKind::planned}); };
    add(kv == 0 ? row.name.substr(prefix_) : "");
    if (!row.error.empty()) {
      table_.notes.push_back(row.name + ": " + row.error);
      while (out.size() < table_.columns.size()) add("–");
      if (kv == 0) table_.rows.push_back(std::move(out));
      return;
    }
    add(kv == 0 ? strf("%.3f", static_cast<double>(row.file_bytes) / 1e9) : "");
    add(kv == 0 ? strf("%.3f", gib(row.file_bytes)) : "");
    add(kv == 0 ? strf("%.2f", row.bits_per_weight) : "");
    if (has_types()) add(type_text(report_.kv_types[kv]));
    const std::size_t contexts = report_.contexts.size();
    for (std::size_t i = 0; i < contexts; ++i) add(cell_text(row.cells[kv * contexts + i]));
    const std::size_t memories = row.longest.size() / report_.kv_types.size();
    for (std::size_t i = 0; i < memories; ++i) {
      const std::optional<std::int32_t>& ctx = row.longest[kv * memories + i].ctx;
      add(ctx ? context_text(*ctx) : "no");
    }
    table_.rows.push_back(std::move(out));
  }

  const FitReport& report_;
  std::size_t prefix_ = 0;
  Table table_;
};

std::string table_text(const Table& table, int width) {
  return report::terminal_text(table, width);
}

/// The largest file that fits with headroom at the last context that any of them fits at.
std::string best_line(const FitReport& report) {
  const std::size_t contexts = report.contexts.size();
  for (std::size_t at = contexts; at-- > 0;) {
    const FitRow* best = nullptr;
    for (const FitRow& row : report.rows) {
      if (!row.error.empty() || !row.cells[at].plan || row.cells[at].plan->fit() != Fit::fits) continue;
      if (best == nullptr || row.weight_bytes > best->weight_bytes) best = &row;
    }
    if (best == nullptr) continue;
    return strf("largest that fits %s tokens with a tenth to spare: %s, KV %s\n",
                grouped(static_cast<std::uint64_t>(best->cells[at].plan->ctx)).c_str(),
                printable(best->name).c_str(), type_text(best->cells[at].wanted.kv_type).c_str());
  }
  return "none of them fits with a tenth to spare\n";
}

}  // namespace

std::string_view fit_name(Fit fit) {
  return kNames[static_cast<std::size_t>(fit)];
}

bool FitReport::anything_fits() const {
  return std::any_of(rows.begin(), rows.end(), [](const FitRow& row) {
    return std::any_of(row.cells.begin(), row.cells.end(),
                       [](const FitRow::Cell& cell) { return cell.plan && is_held(*cell.plan); });
  });
}

std::string fit_text(const FitReport& report, int width) {
  std::string text = report.is_single() && report.rows[0].cells[0].plan
                         ? block(report)
                         : table_text(Matrix(report).table(), width) + best_line(report);
  for (const std::string& note : report.notes) text += "note: " + printable(note, 4096) + "\n";
  std::string out;
  for (const std::string& line : split_words(text, '\n')) {
    if (ui::display_width(line) <= width) {
      out += line + "\n";
      continue;
    }
    for (const ui::Line& part : ui::wrap(line, width)) out += ui::text_of(part) + "\n";
  }
  out.pop_back();  // behind the last line there is an empty one
  return out;
}

}  // namespace glim::app
