#include "app/inspect.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "app/inspect_json.h"
#include "engine/base/text.h"
#include "engine/gguf/figures.h"
#include "engine/gguf/gguf_file.h"
#include "engine/model_source.h"
#include "ui/numbers.h"
#include "ui/text_layout.h"

namespace glim::app {
namespace {

constexpr int kColumns = 80;
constexpr int kMaxFirstColumn = 44;
constexpr int kKeyColumn = 36;
constexpr int kLeastValue = 16;
constexpr std::size_t kFirstElements = 6;

using Rows = std::vector<std::vector<std::string>>;

/// 12345678 as "12,345,678".
std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, 1, ',');
  return digits;
}

std::string size_text(std::uint64_t bytes) {
  return ui::bytes_long(static_cast<std::int64_t>(bytes));
}

std::string type_text(QuantType type) {
  return std::string(quant(type).name);
}

/// Rows in aligned columns, indented by two; `alignment` has an l or r for each. A row whose first cell is
/// too long for its column is just longer.
void print_table(std::ostream& out, const Rows& rows, std::string_view alignment) {
  std::vector<int> widths(alignment.size(), 0);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], ui::display_width(row[i]));
  }
  widths[0] = std::min(widths[0], kMaxFirstColumn);
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const auto blanks = static_cast<std::size_t>(std::max(0, widths[i] - ui::display_width(row[i])));
      line += "  ";
      line += alignment[i] == 'r' ? std::string(blanks, ' ') + row[i] : row[i] + std::string(blanks, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out << line << '\n';
  }
}

std::string number_text(GgufKind kind, double value) {
  return strf(kind == GgufKind::f32 ? "%.7g" : "%.16g", value);
}

std::string element_text(GgufKind kind, std::int64_t value) {
  if (kind == GgufKind::boolean) return value != 0 ? "true" : "false";
  return std::to_string(value);
}
std::string element_text(GgufKind, std::uint64_t value) {
  return std::to_string(value);
}
std::string element_text(GgufKind kind, double value) {
  return number_text(kind, value);
}
std::string element_text(GgufKind, std::string_view value) {
  return "'" + printable(value, 40) + "'";
}

std::string array_text(const GgufArray& array) {
  std::string text = grouped(array.size()) + " x " + std::string(gguf_kind(array.kind).name);
  std::visit(
      [&](const auto& values) {
        for (std::size_t i = 0; i < values.size() && i < kFirstElements; ++i) {
          text += (i == 0 ? ": " : ", ") + element_text(array.kind, values[i]);
        }
        if (values.size() > kFirstElements) text += ", ...";
      },
      array.values);
  return text;
}

std::string string_text(std::string_view value, int room) {
  const std::string text = printable(value, kColumns);
  if (ui::display_width(text) <= room) return text;
  const std::string length = " (" + grouped(value.size()) + " bytes)";
  return ui::fit(text, std::max(8, room - ui::display_width(length)), "...") + length;
}

std::string value_text(const GgufValue& value, int room) {
  if (const auto* text = std::get_if<std::string_view>(&value.value)) return string_text(*text, room);
  if (const auto* array = std::get_if<GgufArray>(&value.value))
    return ui::fit(array_text(*array), room, "...");
  if (const auto* i = std::get_if<std::int64_t>(&value.value)) return element_text(value.kind, *i);
  if (const auto* u = std::get_if<std::uint64_t>(&value.value)) return element_text(value.kind, *u);
  return number_text(value.kind, std::get<double>(value.value));
}

void print_file(std::ostream& out, const GgufFile& file) {
  out << printable(file.path().string()) << '\n';
  const std::uint64_t bytes = file.file_bytes();
  out << strf("  GGUF version %u, %s (%s bytes)", file.version(), size_text(bytes).c_str(),
              grouped(bytes).c_str());
  if (file.part_count() > 1) out << ", " << file.part_count() << " parts";
  out << '\n';
  if (const std::string note = noise_note(file); !note.empty()) out << "  note: " << note << '\n';
  for (const std::string& warning : file.warnings()) out << "  note: " << warning << '\n';
}

/// A string that needs more room than its column has begins further left.
void print_metadata(std::ostream& out, const GgufFile& file) {
  int column = 0;
  for (const auto& [key, value] : file.metadata())
    column = std::max(column, ui::display_width(printable(key)));
  column = std::min(column, kKeyColumn);
  out << "\nMetadata: " << grouped(file.metadata().size()) << " keys\n";
  for (const auto& [key, value] : file.metadata()) {
    const std::string name = printable(key);
    const int used = ui::display_width(name) + 4;
    const bool movable = value.kind == GgufKind::string;
    const int room = kColumns - (movable ? used : std::max(used, column + 4));
    const std::string text = value_text(value, std::max(room, kLeastValue));
    const int start = std::max(used, std::min(column + 4, kColumns - ui::display_width(text)));
    out << "  " << name;
    if (!text.empty()) out << std::string(static_cast<std::size_t>(start - used + 2), ' ') << text;
    out << '\n';
  }
}

/// Tensors that differ only in their block number.
struct TensorGroup {
  std::string rest;  ///< the name, or what follows the block number
  std::vector<std::int64_t> blocks;
  std::string type, shape;
  std::uint64_t count = 0, bytes = 0;
};

std::string shape_text(const GgufTensor& tensor) {
  std::string text;
  for (std::uint32_t i = 0; i < tensor.dimensions; ++i) {
    text += (i == 0 ? "" : " x ") + std::to_string(tensor.shape[i]);
  }
  return text;
}

std::vector<TensorGroup> group_tensors(const GgufFile& file) {
  std::vector<TensorGroup> groups;
  std::map<std::string, std::size_t> index;
  for (const GgufTensor& tensor : file.tensors()) {
    const std::optional<BlockName> block = block_name(tensor.name);
    TensorGroup group;
    group.rest = printable(block ? block->rest : tensor.name);
    group.type = type_text(tensor.type);
    group.shape = shape_text(tensor);
    const std::string key = (block ? "*" : "") + group.rest + ' ' + group.type + ' ' + group.shape;
    const auto [place, added] = index.emplace(key, groups.size());
    if (added) groups.push_back(std::move(group));
    TensorGroup& target = groups[place->second];
    if (block) target.blocks.push_back(block->block);
    target.count += 1;
    target.bytes += tensor.bytes;
  }
  return groups;
}

/// "1-5, 8, 11"
std::string ranges_text(std::vector<std::int64_t> numbers) {
  std::sort(numbers.begin(), numbers.end());
  std::string text;
  for (std::size_t i = 0; i < numbers.size();) {
    std::size_t last = i;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    text += (text.empty() ? "" : ", ") + std::to_string(numbers[i]);
    if (last > i) text += "-" + std::to_string(numbers[last]);
    i = last + 1;
  }
  return text;
}

void print_tensors(std::ostream& out, const GgufFile& file) {
  Rows rows;
  // Numbers that are no single range are explained below the table.
  std::map<std::string, int> letters;
  for (const TensorGroup& group : group_tensors(file)) {
    std::string name = group.rest;
    if (!group.blocks.empty()) {
      std::string ranges = ranges_text(group.blocks);
      if (ranges.find(',') != ranges.npos) {
        const int letter = letters.emplace(ranges, static_cast<int>(letters.size()) + 1).first->second;
        ranges = strf("<%d>", letter);
      }
      name = "blk." + ranges + group.rest;
    }
    rows.push_back({name, group.type, group.shape, grouped(group.count), size_text(group.bytes)});
  }
  out << "\nTensors: " << grouped(file.tensors().size()) << '\n';
  print_table(out, rows, "lllrr");
  std::vector<std::string> lists(letters.size());
  for (const auto& [ranges, letter] : letters) {
    lists[static_cast<std::size_t>(letter) - 1] = strf("<%d> blocks ", letter) + ranges;
  }
  for (const std::string& list : lists) {
    for (const ui::Line& line : ui::wrap(list, kColumns - 4)) out << "  " << ui::text_of(line) << '\n';
  }
}

void print_types(std::ostream& out, const ModelFigures& figures) {
  Rows rows = {{"type", "tensors", "parameters", "size", "share"}};
  for (const TypeTotal& total : figures.types) {
    const double share = static_cast<double>(total.bytes) / static_cast<double>(figures.tensor_bytes);
    rows.push_back({type_text(total.type), grouped(total.tensors), grouped(total.values),
                    size_text(total.bytes), strf("%.1f %%", 100 * share)});
  }
  out << "\nTypes\n";
  print_table(out, rows, "lrrrr");
}

void print_figures(std::ostream& out, const ModelFigures& figures) {
  Rows rows = {{"parameters", grouped(figures.parameters)},
               {"active per token", grouped(figures.active_parameters)},
               {"bits per weight", strf("%.2f", figures.bits_per_weight())},
               {"weights", size_text(figures.tensor_bytes)},
               {"weights read per token", size_text(figures.token_bytes)}};
  if (figures.context)
    rows.push_back({"trained context", grouped(static_cast<std::uint64_t>(*figures.context))});
  out << "\nModel\n";
  print_table(out, rows, "lr");
  if (figures.kv.empty()) return;
  rows = {{"KV cache", "per token"}};
  if (figures.context) rows[0].push_back("at trained context");
  for (const KvFigure& figure : figures.kv) {
    rows.push_back({type_text(figure.type), size_text(figure.token_bytes)});
    if (figure.context_bytes) rows.back().push_back(size_text(*figure.context_bytes));
  }
  out << '\n';
  print_table(out, rows, "lrr");
}

}  // namespace

int inspect(const std::string& model, bool json, std::ostream& out) {
  const std::unique_ptr<GgufFile> opened = open_model(model);
  const GgufFile& file = *opened;
  const ModelFigures numbers = figures(file);
  if (json) {
    out << inspect_json(file, numbers) << '\n';
  } else {
    print_file(out, file);
    print_metadata(out, file);
    if (!file.tensors().empty()) {
      print_tensors(out, file);
      print_types(out, numbers);
      print_figures(out, numbers);
    }
  }
  file.check_intact();
  return 0;
}

}  // namespace glim::app
