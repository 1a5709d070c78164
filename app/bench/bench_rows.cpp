#include "app/bench/bench_rows.h"

#include <array>
#include <utility>

#include "app/store/measurement_json.h"
#include "app/store/provenance.h"
#include "app/text_table.h"
#include "engine/base/text.h"
#include "ui/text_layout.h"

namespace glim::app {
namespace {

using Ordered = nlohmann::ordered_json;

std::string type_name(QuantType type) {
  return std::string(quant(type).name);
}

enum class FieldKind : std::uint8_t { text, integer, boolean, real };

/// A column of llama-bench's files. What has no meaning here has the value that llama-bench writes when it is
/// not asked for.
struct Field {
  const char* name;
  FieldKind kind;
  Ordered (*value)(const BenchRow&);
};

#define FIXED(name, kind, text)                                            \
  Field {                                                                  \
    name, FieldKind::kind, [](const BenchRow&) -> Ordered { return text; } \
  }
#define FROM(name, kind, expression)                                               \
  Field {                                                                          \
    name, FieldKind::kind, [](const BenchRow& r) -> Ordered { return expression; } \
  }

Spread rate(const BenchRow& row) {
  return spread_of(row.result.rates());
}

Spread nanoseconds(const BenchRow& row) {
  return spread_of({row.result.ns.begin(), row.result.ns.end()});
}

const std::array kFields = {
    FIXED("build_commit", text, std::string(this_build().commit)),
    FIXED("build_number", integer, this_build().number),
    FIXED("cpu_info", text, processor_name()),
    FIXED("gpu_info", text, ""),
    FROM("backends", text, r.backend),
    FROM("model_filename", text, r.file),
    FROM("model_type", text, r.model_type),
    FROM("model_size", integer, r.model_size),
    FROM("model_n_params", integer, r.parameters),
    FROM("n_batch", integer, r.settings.batch),
    FROM("n_ubatch", integer, r.settings.ubatch),
    FROM("n_threads", integer, r.settings.threads),
    FIXED("cpu_mask", text, "0x0"),
    FIXED("cpu_strict", boolean, false),
    FIXED("poll", integer, 50),
    FROM("type_k", text, type_name(r.settings.kv_type)),
    FIXED("type_v", text, "f16"),
    FROM("n_gpu_layers", integer, r.settings.placement.gpu_layers),
    FROM("n_cpu_moe", integer, r.settings.placement.cpu_moe_layers),
    FIXED("split_mode", text, "layer"),
    FIXED("main_gpu", integer, 0),
    FROM("no_kv_offload", boolean, r.settings.placement.host_cache),
    FIXED("flash_attn", integer, 1),
    FIXED("devices", text, "auto"),
    FIXED("tensor_split", text, "0.00"),
    FIXED("tensor_buft_overrides", text, "none"),
    FROM("use_mmap", boolean, r.settings.mmap),
    FIXED("use_direct_io", boolean, false),
    FIXED("embeddings", boolean, false),
    FIXED("no_op_offload", integer, 0),
    FIXED("no_host", boolean, false),
    FIXED("fit_target", integer, 0),
    FIXED("fit_min_ctx", integer, 0),
    FROM("n_prompt", integer, r.result.test.prompt),
    FROM("n_gen", integer, r.result.test.generate),
    FROM("n_depth", integer, r.result.test.depth),
    FROM("test_time", text, utc_time(r.result.began)),
    FROM("avg_ns", integer, static_cast<std::int64_t>(nanoseconds(r).mean)),
    FROM("stddev_ns", integer, static_cast<std::int64_t>(nanoseconds(r).deviation)),
    FROM("avg_ts", real, rate(r).mean),
    FROM("stddev_ts", real, rate(r).deviation),
};
#undef FIXED
#undef FROM

/// The value as it stands in a file of lines: booleans are 0 and 1, rates have six decimals.
std::string plain(const Field& field, const BenchRow& row) {
  const Ordered value = field.value(row);
  switch (field.kind) {
    case FieldKind::text:
      return value.get<std::string>();
    case FieldKind::boolean:
      return value.get<bool>() ? "1" : "0";
    case FieldKind::real:
      return strf("%.6f", value.get<double>());
    case FieldKind::integer:
      break;
  }
  return value.dump();
}

std::string quoted(const std::string& text, char quote) {
  std::string out(1, quote);
  for (const char c : text) out += c == quote ? std::string(2, quote) : std::string(1, c);
  return out + quote;
}

std::string interrupted(std::size_t done, std::size_t planned) {
  return strf("interrupted: %zu of %zu tests are done", done, planned);
}

/// Counts rows; what follows an unfinished run is the same for all.
class CountingWriter : public BenchWriter {
 public:
  explicit CountingWriter(Console& console) : console_(console) {}
  void row(const BenchRow& row) override {
    write(row);
    ++done_;
  }

 protected:
  virtual void write(const BenchRow& row) = 0;
  void out(const std::string& text) { write_out(console_, text); }

  Console& console_;
  std::size_t done_ = 0;
};

class CsvWriter final : public CountingWriter {
 public:
  using CountingWriter::CountingWriter;
  void begin() override {
    std::string line;
    for (const Field& field : kFields) line += (line.empty() ? "" : ",") + std::string(field.name);
    out(line + "\n");
  }
  void end(std::size_t planned) override {
    if (planned > done_) out("# " + interrupted(done_, planned) + "\n");
  }

 private:
  void write(const BenchRow& row) override {
    std::string line;
    for (const Field& field : kFields) line += (line.empty() ? "" : ",") + quoted(plain(field, row), '"');
    out(line + "\n");
  }
};

class SqlWriter final : public CountingWriter {
 public:
  using CountingWriter::CountingWriter;
  void begin() override {
    std::string text;
    for (const Field& field : kFields) {
      const char* type = field.kind == FieldKind::text   ? "TEXT"
                         : field.kind == FieldKind::real ? "REAL"
                                                         : "INTEGER";
      text += (text.empty() ? "" : ",\n") + strf("  %s %s", field.name, type);
      names_ += (names_.empty() ? "" : ", ") + std::string(field.name);
    }
    out("CREATE TABLE IF NOT EXISTS llama_bench (\n" + text + "\n);\n\n");
  }
  void end(std::size_t planned) override {
    if (planned > done_) out("-- " + interrupted(done_, planned) + "\n");
  }

 private:
  void write(const BenchRow& row) override {
    std::string values;
    for (const Field& field : kFields)
      values += (values.empty() ? "" : ", ") + quoted(plain(field, row), '\'');
    out("INSERT INTO llama_bench (" + names_ + ") VALUES (" + values + ");\n");
  }

  std::string names_;
};

Ordered partial(std::size_t done, std::size_t planned) {
  return {{"partial", true}, {"done", done}, {"planned", planned}};
}

class JsonWriter final : public CountingWriter {
 public:
  using CountingWriter::CountingWriter;
  void begin() override { out("[\n"); }
  void end(std::size_t planned) override {
    if (planned > done_) element(partial(done_, planned));
    out(first_ ? "]\n" : "\n]\n");
  }

 private:
  void write(const BenchRow& row) override { element(json_of(row)); }
  void element(const Ordered& json) {
    out((first_ ? "" : ",\n") + dump_json(json, 2));
    first_ = false;
  }

  bool first_ = true;
};

class JsonLinesWriter final : public CountingWriter {
 public:
  using CountingWriter::CountingWriter;
  void end(std::size_t planned) override {
    if (planned > done_) out(dump_json(partial(done_, planned), -1) + "\n");
  }

 private:
  void write(const BenchRow& row) override { out(dump_json(json_of(row), -1) + "\n"); }
};

std::string size_text(std::uint64_t bytes) {
  const auto value = static_cast<double>(bytes);
  return bytes >= (1u << 30) ? strf("%.2f GiB", value / 0x1p30) : strf("%.2f MiB", value / 0x1p20);
}

std::string count_text(std::uint64_t count) {
  const auto value = static_cast<double>(count);
  return value >= 1e9 ? strf("%.2f B", value / 1e9) : strf("%.2f M", value / 1e6);
}

/// The table has fixed widths, since its lines are printed as they come.
class TableWriter final : public CountingWriter {
 public:
  TableWriter(Console& console, const BenchPlan& plan) : CountingWriter(console) {
    add("model", 30, false, [](const BenchRow& r) { return printable(r.model_type); });
    add("size", 10, true, [](const BenchRow& r) { return size_text(r.model_size); });
    add("params", 10, true, [](const BenchRow& r) { return count_text(r.parameters); });
    add("backend", 10, false, [](const BenchRow& r) { return r.backend; });
    add("threads", 7, true, [](const BenchRow& r) { return std::to_string(r.settings.threads); });
    const BenchSettings usual;
    const auto varies = [&](const auto& differs) {
      for (const BenchSettings& settings : plan.settings)
        if (differs(settings)) return true;
      return false;
    };
    if (varies([&](const BenchSettings& s) { return s.batch != usual.batch; }))
      add("n_batch", 7, true, [](const BenchRow& r) { return std::to_string(r.settings.batch); });
    if (varies([&](const BenchSettings& s) { return s.ubatch != usual.ubatch; }))
      add("n_ubatch", 8, true, [](const BenchRow& r) { return std::to_string(r.settings.ubatch); });
    if (varies([&](const BenchSettings& s) { return s.kv_type != usual.kv_type; }))
      add("type_k", 6, true, [](const BenchRow& r) { return type_name(r.settings.kv_type); });
    if (varies([&](const BenchSettings& s) { return s.placement.gpu_layers != -1; }))
      add("ngl", 4, true, [](const BenchRow& r) { return std::to_string(r.settings.placement.gpu_layers); });
    if (varies([&](const BenchSettings& s) { return s.placement.cpu_moe_layers != 0; }))
      add("ncmoe", 5, true,
          [](const BenchRow& r) { return std::to_string(r.settings.placement.cpu_moe_layers); });
    if (varies([&](const BenchSettings& s) { return s.placement.host_cache; }))
      add("nkvo", 4, true, [](const BenchRow& r) {
        return std::to_string(static_cast<int>(r.settings.placement.host_cache));
      });
    add("test", 15, true, [](const BenchRow& r) { return r.result.test.name(); });
    add("t/s", 20, true, [](const BenchRow& r) {
      return strf("%.2f ± %.2f%s", rate(r).mean, rate(r).deviation, doubts(r.result).empty() ? "" : " !");
    });
    add("MB/token", 8, true, [](const BenchRow& r) { return strf("%.2f", r.result.traffic.bytes() / 1e6); });
    add("GB/s", 7, true, [](const BenchRow& r) { return strf("%.2f", r.gigabytes_per_second()); });
    add("of limit", 8, true, [](const BenchRow& r) {
      return r.limit > 0 ? strf("%.0f %%", 100 * r.of_limit()) : std::string("-");
    });
    if (EnergyMeter().take())
      add("J/token", 8, true, [](const BenchRow& r) {
        return r.result.joules ? strf("%.3g", *r.result.joules) : std::string("-");
      });
  }

  void begin() override {
    std::string titles = "|", rule = "|";
    for (const Column& column : columns_) {
      titles += " " + padded(column, column.title) + " |";
      const auto dashes = static_cast<std::size_t>(column.width - (column.right ? 1 : 0));
      rule += " " + std::string(dashes, '-') + (column.right ? ": |" : " |");
    }
    out(titles + "\n" + rule + "\n");
  }

  void end(std::size_t planned) override {
    std::string text = "\n";
    if (planned > done_) text += interrupted(done_, planned) + "\n";
    for (const std::string& note : notes_) text += "! " + note + "\n";
    if (noise_) text += "weights of shapes are noise: speed and memory are real, quality is not measured\n";
    if (!limits_.empty()) text += "limit: memory read at " + limits_ + "\n";
    out(text + strf("build: %s (%d)\n", std::string(this_build().commit).c_str(), this_build().number));
  }

 private:
  struct Column {
    std::string title;
    int width;
    bool right;
    std::string (*text)(const BenchRow&);
  };

  void add(const char* title, int width, bool right, std::string (*text)(const BenchRow&)) {
    columns_.push_back({title, width, right, text});
  }

  static std::string padded(const Column& column, const std::string& cell) {
    const int missing = std::max(0, column.width - ui::display_width(cell));
    const std::string blanks(static_cast<std::size_t>(missing), ' ');
    return column.right ? blanks + cell : cell + blanks;
  }

  void write(const BenchRow& row) override {
    std::string line = "|";
    for (const Column& column : columns_) line += " " + padded(column, column.text(row)) + " |";
    out(line + "\n");
    for (const std::string& doubt : doubts(row.result))
      notes_.push_back(printable(row.model) + " " + row.result.test.name() + ": " + doubt);
    noise_ = noise_ || row.noise;
    const std::string limit = strf("%.1f GB/s with %d threads", row.limit / 1e9, row.settings.threads);
    if (row.limit > 0 && limits_.find(limit) == limits_.npos)
      limits_ += (limits_.empty() ? "" : ", ") + limit;
  }

  std::vector<Column> columns_;
  std::vector<std::string> notes_;
  std::string limits_;
  bool noise_ = false;
};

}  // namespace

double BenchRow::gigabytes_per_second() const {
  return result.traffic.bytes() * spread_of(result.rates()).mean / 1e9;
}

double BenchRow::of_limit() const {
  return limit > 0 ? gigabytes_per_second() * 1e9 / limit : 0;
}

Ordered json_of(const BenchRow& row) {
  Ordered out;
  for (const Field& field : kFields) out[field.name] = field.value(row);
  out["samples_ns"] = row.result.ns;
  out["samples_ts"] = row.result.rates();
  Ordered own = {{"model", row.model},
                 {"test", row.result.test.name()},
                 {"weight_bytes_per_token", row.result.traffic.weight_bytes},
                 {"kv_bytes_per_token", row.result.traffic.kv_bytes},
                 {"experts_counted", row.result.traffic.counted},
                 {"gb_per_s", row.gigabytes_per_second()},
                 {"limit_gb_per_s", row.limit > 0 ? Ordered(row.limit / 1e9) : Ordered()},
                 {"of_limit", row.limit > 0 ? Ordered(row.of_limit()) : Ordered()},
                 {"joules_per_token", row.result.joules ? Ordered(*row.result.joules) : Ordered()},
                 {"weights_are_noise", row.noise},
                 {"doubts", doubts(row.result)}};
  out["glim"] = std::move(own);
  return out;
}

Figure figure_of(const BenchRow& row) {
  const Spread spread = rate(row);
  return {.name = row.result.test.name(), .value = spread.mean, .unit = "t/s", .spread = spread.deviation};
}

std::unique_ptr<BenchWriter> make_bench_writer(const std::string& format, Console& console,
                                               const BenchPlan& plan) {
  if (format == "csv") return std::make_unique<CsvWriter>(console);
  if (format == "json") return std::make_unique<JsonWriter>(console);
  if (format == "jsonl") return std::make_unique<JsonLinesWriter>(console);
  if (format == "sql") return std::make_unique<SqlWriter>(console);
  return std::make_unique<TableWriter>(console, plan);
}

}  // namespace glim::app
