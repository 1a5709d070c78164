#include "app/store/results.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <ctime>

#include "app/store/measurement_json.h"
#include "app/store/result_store.h"
#include "app/text_table.h"
#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim::app {
namespace {

using Ordered = nlohmann::ordered_json;

std::string local_time(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts = {};
  char text[32];
  if (::localtime_r(&time, &parts) == nullptr) return "?";
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", &parts);
  return text;
}

std::string number(double value) {
  return std::isfinite(value) ? strf("%.5g", value) : "-";
}

std::string figure_text(const Figure& figure) {
  std::string out = number(figure.value);
  if (figure.spread > 0) out += " ± " + strf("%.2g", figure.spread);
  return figure.unit.empty() ? out : out + " " + printable(figure.unit);
}

std::int64_t parsed_id(const std::string& word) {
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), id);
  if (error != std::errc() || end != word.data() + word.size() || id < 1)
    throw Error(ErrorCode::E501,
                printable(word) + " is no id of a measurement; glim results list shows them");
  return id;
}

Measurement stored(const ResultStore& store, const std::string& word) {
  if (auto found = store.find(parsed_id(word))) return std::move(*found);
  throw Error(ErrorCode::E501,
              "there is no measurement " + printable(word) + "; glim results list shows those that are");
}

const std::vector<std::string>& expect_ids(const Arguments& arguments, std::size_t count) {
  const std::vector<std::string>& ids = arguments.results.ids;
  if (count == 0 ? !ids.empty() : ids.size() == count) return ids;
  const std::string wanted = count == 0 ? "at least one id" : count == 1 ? "one id" : "two ids";
  throw Error(ErrorCode::E501,
              strf("%s takes %s, not %zu", arguments.command.c_str(), wanted.c_str(), ids.size()),
              "glim results list shows the ids");
}

MeasurementFilter filter_of(const ResultsArguments& arguments) {
  if (arguments.limit < 0)
    throw Error(ErrorCode::E501, strf("--limit %d is out of range; use 0 for all, or more", arguments.limit));
  MeasurementFilter filter;
  filter.kind = arguments.kind;
  filter.model = arguments.model;
  filter.limit = arguments.limit;
  return filter;
}

void write_json(Console& console, const Ordered& json) {
  write_out(console, dump_json(json, 2) + "\n");
}

/// The first few figures, as many as fit a line.
std::string headline(const Measurement& m) {
  constexpr std::size_t kMost = 3;
  std::string out;
  for (std::size_t i = 0; i < std::min(kMost, m.figures.size()); ++i) {
    const Figure& figure = m.figures[i];
    out += (i == 0 ? "" : ", ") + printable(figure.name, 40) + " " + number(figure.value);
    if (!figure.unit.empty()) out += " " + printable(figure.unit, 20);
  }
  return m.figures.size() > kMost ? out + strf(" (+%zu)", m.figures.size() - kMost) : out;
}

struct Factor {
  std::string name, first, second;
};

/// In what two measurements differ besides what they found. What names the file counts once.
std::vector<Factor> differences(const Measurement& a, const Measurement& b) {
  std::vector<Factor> out;
  const auto compare = [&](const char* name, const std::string& first, const std::string& second) {
    if (first != second) out.push_back({name, first, second});
  };
  const bool hashed = !a.file_hash.empty() && !b.file_hash.empty();
  if (hashed ? a.file_hash != b.file_hash : a.model != b.model)
    out.push_back({"model", a.model + " " + a.quant, b.model + " " + b.quant});
  compare("machine", a.device, b.device);
  compare("kernel", a.kernel, b.kernel);
  compare("build", a.build, b.build);
  compare("threads", std::to_string(a.threads), std::to_string(b.threads));
  const auto setting = [](const Measurement& m, const std::string& key) {
    const auto found = m.settings.find(key);
    return found == m.settings.end() ? std::string("not set") : dump_json(*found, -1);
  };
  for (const auto& [key, value] : a.settings.items()) compare(key.c_str(), setting(a, key), setting(b, key));
  for (const auto& [key, value] : b.settings.items())
    if (!a.settings.contains(key)) compare(key.c_str(), "not set", setting(b, key));
  return out;
}

struct Compared {
  const Figure *first = nullptr, *second = nullptr;

  double ratio() const { return second->value / first->value; }
  const char* verdict() const {
    if (!std::isfinite(first->value) || !std::isfinite(second->value)) return "unknown";
    if (!beyond_spread(*first, *second)) return "within the spread";
    if (first->better == Figure::Better::neither) return "different";
    const bool more = second->value > first->value;
    return more == (first->better == Figure::Better::higher) ? "better" : "worse";
  }
};

/// Figures of the same name and unit.
std::vector<Compared> common_figures(const Measurement& a, const Measurement& b) {
  std::vector<Compared> out;
  for (const Figure& figure : a.figures) {
    const auto other = std::find_if(b.figures.begin(), b.figures.end(), [&](const Figure& f) {
      return f.name == figure.name && f.unit == figure.unit;
    });
    if (other != b.figures.end()) out.push_back({&figure, &*other});
  }
  return out;
}

void write_comparison(Console& console, const Measurement& a, const Measurement& b) {
  const std::vector<Factor> factors = differences(a, b);
  TextTable table({{"figure"},
                   {strf("%lld", static_cast<long long>(a.id)), true},
                   {strf("%lld", static_cast<long long>(b.id)), true},
                   {"ratio", true},
                   {"the second is"}});
  const std::vector<Compared> rows = common_figures(a, b);
  for (const Compared& row : rows)
    table.add({printable(row.first->name), figure_text(*row.first), figure_text(*row.second),
               number(row.ratio()), row.verdict()});
  std::string text;
  for (const Measurement* m : {&a, &b})
    text += strf("%lld: %s %s %s, %s\n", static_cast<long long>(m->id), m->kind.c_str(),
                 printable(m->model).c_str(), printable(m->quant).c_str(), local_time(m->time).c_str());
  text += "\n" + (rows.empty() ? std::string("no figure is in both\n") : table.plain());
  for (const Factor& factor : factors)
    text += strf("\n%s: %s | %s", printable(factor.name).c_str(), printable(factor.first).c_str(),
                 printable(factor.second).c_str());
  write_out(console, text + (factors.empty() ? "\nmeasured under the same conditions\n" : "\n"));
  if (factors.size() > 1)
    say(console,
        strf("the two differ in %zu things at once, so no difference has one cause", factors.size()));
}

Ordered json_of_comparison(const Measurement& a, const Measurement& b) {
  Ordered rows = Ordered::array(), factors = Ordered::array();
  for (const Compared& row : common_figures(a, b))
    rows.push_back({{"name", row.first->name},
                    {"unit", row.first->unit},
                    {"first", row.first->value},
                    {"first_spread", row.first->spread},
                    {"second", row.second->value},
                    {"second_spread", row.second->spread},
                    {"ratio", row.ratio()},
                    {"beyond_spread", beyond_spread(*row.first, *row.second)},
                    {"verdict", row.verdict()}});
  for (const Factor& factor : differences(a, b))
    factors.push_back({{"name", factor.name}, {"first", factor.first}, {"second", factor.second}});
  return {{"first", a.id}, {"second", b.id}, {"figures", rows}, {"differences", factors}};
}

constexpr std::array kExportColumns = {"id",        "time",  "kind",   "model",  "quant",
                                       "file_hash", "build", "device", "kernel", "threads",
                                       "figure",    "value", "unit",   "spread"};

/// One row for each figure; a measurement without any has one row all the same.
std::vector<std::vector<std::string>> export_rows(const Measurement& m) {
  const std::vector<std::string> identity = {std::to_string(m.id),
                                             std::to_string(m.time),
                                             m.kind,
                                             m.model,
                                             m.quant,
                                             m.file_hash,
                                             m.build,
                                             m.device,
                                             m.kernel,
                                             std::to_string(m.threads)};
  std::vector<std::vector<std::string>> out;
  for (const Figure& figure : m.figures) {
    out.push_back(identity);
    for (std::string cell : {figure.name, std::isfinite(figure.value) ? strf("%.10g", figure.value) : "",
                             figure.unit, figure.spread > 0 ? strf("%.10g", figure.spread) : ""})
      out.back().push_back(std::move(cell));
  }
  if (out.empty()) {
    out.push_back(identity);
    out.back().resize(kExportColumns.size());
  }
  return out;
}

}  // namespace

int list_results(const Arguments& arguments, const Paths& paths, Console& console) {
  const std::vector<Measurement> found = ResultStore(paths.data).query(filter_of(arguments.results));
  if (arguments.results.json) {
    Ordered list = Ordered::array();
    for (const Measurement& m : found) {
      list.push_back(json_of(m));
      list.back().erase("result");
    }
    write_json(console, list);
    return 0;
  }
  if (found.empty()) {
    say(console, "nothing has been measured yet that this could list");
    return 0;
  }
  TextTable table({{"id", true}, {"time"}, {"kind"}, {"model"}, {"quant"}, {"figures"}});
  for (const Measurement& m : found)
    table.add({std::to_string(m.id), local_time(m.time), printable(m.kind), printable(m.model, 48),
               printable(m.quant), headline(m)});
  write_out(console, table.plain());
  return 0;
}

int show_result(const Arguments& arguments, const Paths& paths, Console& console) {
  const std::string& id = expect_ids(arguments, 1)[0];
  const Measurement m = stored(ResultStore(paths.data), id);
  if (arguments.results.json) {
    write_json(console, json_of(m));
    return 0;
  }
  std::string text;
  const auto line = [&](const char* name, const std::string& value) {
    if (!value.empty()) text += strf("%-9s ", name) + printable(value) + "\n";
  };
  line("kind", m.kind);
  line("time", local_time(m.time));
  line("model", m.model);
  line("quant", m.quant);
  line("file", m.file_hash);
  line("build", m.build);
  line("device", m.device);
  line("kernel", m.kernel);
  line("threads", m.threads > 0 ? std::to_string(m.threads) : "");
  for (const auto& [key, value] : m.settings.items())
    text += "  " + printable(key) + " = " + printable(dump_json(value, -1)) + "\n";
  TextTable table({{"figure"}, {"value", true}});
  for (const Figure& figure : m.figures) table.add({printable(figure.name), figure_text(figure)});
  write_out(console, text + (table.empty() ? "" : "\n" + table.plain()) +
                         "\nglim results show --json prints the whole result\n");
  return 0;
}

int compare_results(const Arguments& arguments, const Paths& paths, Console& console) {
  const std::vector<std::string>& ids = expect_ids(arguments, 2);
  const ResultStore store(paths.data);
  const Measurement a = stored(store, ids[0]), b = stored(store, ids[1]);
  if (a.kind != b.kind)
    throw Error(ErrorCode::E501,
                strf("measurement %s is of the kind %s and %s of the kind %s; compare two of "
                     "the same kind",
                     ids[0].c_str(), printable(a.kind).c_str(), ids[1].c_str(), printable(b.kind).c_str()));
  if (arguments.results.json)
    write_json(console, json_of_comparison(a, b));
  else
    write_comparison(console, a, b);
  return 0;
}

int export_results(const Arguments& arguments, const Paths& paths, Console& console) {
  const std::vector<Measurement> found = ResultStore(paths.data).query(filter_of(arguments.results));
  const std::string& format = arguments.results.output;
  if (format == "json") {
    Ordered list = Ordered::array();
    for (const Measurement& m : found) list.push_back(json_of(m));
    write_json(console, list);
  } else if (format == "jsonl") {
    for (const Measurement& m : found) write_out(console, dump_json(json_of(m), -1) + "\n");
  } else if (format == "csv") {
    write_out(console, csv_line({kExportColumns.begin(), kExportColumns.end()}));
    for (const Measurement& m : found)
      for (const auto& row : export_rows(m)) write_out(console, csv_line(row));
  } else {
    std::vector<TextTable::Column> columns;
    for (const char* name : kExportColumns) columns.push_back({name});
    TextTable table(std::move(columns));
    for (const Measurement& m : found)
      for (std::vector<std::string> row : export_rows(m)) {
        for (std::string& cell : row) cell = printable(cell);
        table.add(std::move(row));
      }
    write_out(console, table.markdown());
  }
  return 0;
}

int remove_results(const Arguments& arguments, const Paths& paths, Console& console) {
  const std::vector<std::string>& ids = expect_ids(arguments, 0);
  ResultStore store(paths.data);
  std::vector<std::int64_t> numbers;
  for (const std::string& id : ids) numbers.push_back(parsed_id(id));
  for (const std::int64_t id : numbers)
    if (!store.remove(id))
      throw Error(ErrorCode::E501,
                  strf("there is no measurement %lld; glim results list shows those that are",
                       static_cast<long long>(id)));
  say(console, strf("removed %zu of the measurements", numbers.size()));
  return 0;
}

}  // namespace glim::app
