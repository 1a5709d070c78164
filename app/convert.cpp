#include "app/convert.h"

#include <algorithm>
#include <array>
#include <string>
#include <thread>
#include <vector>

#include "app/progress_line.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/convert/convert.h"
#include "ui/numbers.h"

namespace glim::app {
namespace {

struct FidelityWord {
  Fidelity fidelity;
  const char* word;
};

constexpr std::array kFidelityWords = {
    FidelityWord{Fidelity::exact, "exactly"},
    FidelityWord{Fidelity::scales_rounded, "codes exactly, scales rounded to f16"},
    FidelityWord{Fidelity::rounded, "rounded"},
    FidelityWord{Fidelity::quantised, "quantised"},
};

std::string word_for(Fidelity fidelity) {
  for (const FidelityWord& row : kFidelityWords)
    if (row.fidelity == fidelity) return row.word;
  return {};
}

std::optional<QuantType> type_named(const std::string& name) {
  if (name.empty()) return std::nullopt;
  std::string lower = name;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  if (const auto type = quant_from_name(lower)) return type;
  std::vector<std::string_view> names;
  for (const QuantInfo& info : kQuants) names.push_back(info.name);
  const std::string_view near = nearest(lower, names);
  throw Error(ErrorCode::E501, "--type " + printable(name) + ": there is no such format",
              near.empty() ? "for example bf16, f16 or q8_0" : "did you mean " + std::string(near) + "?");
}

std::string size_text(std::uint64_t bytes) {
  return ui::bytes_long(static_cast<std::int64_t>(bytes));
}

std::string table(const ConvertReport& report) {
  std::vector<std::array<std::string, 5>> rows = {
      {"weights", "in the folder", "in the file", "tensors", "kept"}};
  for (const ConvertedClass& row : report.classes)
    rows.push_back({row.name, row.layout, std::string(quant(row.type).name), std::to_string(row.tensors),
                    word_for(row.fidelity)});
  std::array<std::size_t, 5> widths = {};
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      out += "  " + row[i];
      if (i + 1 < row.size()) out.append(widths[i] - row[i].size(), ' ');
    }
    out += "\n";
  }
  return out;
}

std::string description(const ConvertReport& report, const std::string& name) {
  std::uint64_t all = 0, exact = 0;
  std::size_t tensors = 0;
  for (const ConvertedClass& row : report.classes) {
    all += row.bytes;
    tensors += row.tensors;
    if (row.fidelity == Fidelity::exact) exact += row.bytes;
  }
  std::string out =
      strf("%s: %s, %zu tensors\n", printable(name).c_str(), size_text(report.file_bytes).c_str(), tensors);
  out += table(report);
  out += all == exact ? "Every value is what the folder says.\n"
                      : strf("%s of %s hold exactly what the folder says.\n", size_text(exact).c_str(),
                             size_text(all).c_str());
  if (report.left_out > 0)
    out += strf("%zu tensors of layers that predict further tokens (MTP) were left out; --mtp keeps them.\n",
                report.left_out);
  return out;
}

}  // namespace

int convert_model(const Arguments& arguments, Console& console) {
  const ConvertOptions options{
      .folder = arguments.file,
      .out = arguments.out_file,
      .type = type_named(arguments.type),
      .prediction_layers = arguments.prediction_layers,
      .threads = static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1u, 64u))};
  ConvertReport report;
  {
    ProgressLine line(console, "converting");
    report =
        convert_checkpoint(options, [&](std::uint64_t done, std::uint64_t total, std::string_view tensor) {
          line.update(done, total, tensor);
          return true;
        });
  }
  write_out(console, description(report, arguments.out_file));
  return 0;
}

}  // namespace glim::app
