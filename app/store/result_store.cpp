#include "app/store/result_store.h"

#include <algorithm>
#include <ctime>

#include "app/store/measurement_json.h"
#include "app/store/schema.h"
#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim::app {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kColumns =
    "id, kind, time, model, file_hash, quant, build, device, kernel, threads, settings, figures, result";

class RowReader {
 public:
  RowReader(const Statement& row, const Database& database) : row_(row), database_(database) {}

  Measurement measurement() const {
    Measurement out;
    int column = 0;
    out.id = row_.integer(column++);
    out.kind = row_.text(column++);
    out.time = row_.integer(column++);
    for (std::string* text : {&out.model, &out.file_hash, &out.quant, &out.build, &out.device, &out.kernel})
      *text = row_.text(column++);
    out.threads = static_cast<std::int32_t>(row_.integer(column++));
    out.settings = parsed(column++, out.id);
    try {
      out.figures = figures_from(parsed(column++, out.id));
    } catch (const Json::exception&) {
      refuse(out.id);
    }
    out.result = parsed(column, out.id);
    return out;
  }

 private:
  Json parsed(int column, std::int64_t id) const {
    Json json = Json::parse(row_.text(column), nullptr, false);
    if (json.is_discarded()) refuse(id);
    return json;
  }

  [[noreturn]] void refuse(std::int64_t id) const {
    throw Error(ErrorCode::E702, strf("%s: measurement %lld is damaged; remove it with glim results rm %lld",
                                      printable(database_.path().string()).c_str(),
                                      static_cast<long long>(id), static_cast<long long>(id)));
  }

  const Statement& row_;
  const Database& database_;
};

}  // namespace

ResultStore::ResultStore(const std::filesystem::path& data_folder) : database_(data_folder / "glim.db") {
  migrate(database_);
}

std::int64_t ResultStore::add(const Measurement& m) {
  const auto& kinds = kMeasurementKinds;
  GLIM_ASSERT(std::find(kinds.begin(), kinds.end(), m.kind) != kinds.end());
  Statement insert = database_.prepare(
      "INSERT INTO measurements (kind, time, model, file_hash, quant, build, device, kernel, threads, "
      "settings, figures, result) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  insert.bind(m.kind).bind(m.time != 0 ? m.time : std::int64_t{std::time(nullptr)});
  for (const std::string* text : {&m.model, &m.file_hash, &m.quant, &m.build, &m.device, &m.kernel})
    insert.bind(*text);
  insert.bind(std::int64_t{m.threads})
      .bind(dump_json(m.settings, -1))
      .bind(dump_json(json_of(m.figures), -1));
  insert.bind(dump_json(m.result, -1)).step();
  return database_.last_id();
}

std::vector<Measurement> ResultStore::query(const MeasurementFilter& filter) const {
  std::string sql = "SELECT " + std::string(kColumns) + " FROM measurements WHERE 1";
  std::vector<std::string_view> values;
  const auto add = [&](const char* condition, const std::string& value) {
    if (value.empty()) return;
    sql += std::string(" AND ") + condition;
    values.emplace_back(value);
  };
  add("kind = ?", filter.kind);
  add("instr(lower(model), lower(?)) > 0", filter.model);
  add("file_hash = ?", filter.file_hash);
  add("build = ?", filter.build);
  add("device = ?", filter.device);
  sql += " ORDER BY id DESC LIMIT ?";
  Statement select = database_.prepare(sql);
  for (const std::string_view value : values) select.bind(value);
  select.bind(filter.limit > 0 ? filter.limit : std::int64_t{-1});
  std::vector<Measurement> out;
  while (select.step()) out.push_back(RowReader(select, database_).measurement());
  return out;
}

std::optional<Measurement> ResultStore::find(std::int64_t id) const {
  Statement select = database_.prepare("SELECT " + std::string(kColumns) + " FROM measurements WHERE id = ?");
  if (!select.bind(id).step()) return std::nullopt;
  return RowReader(select, database_).measurement();
}

bool ResultStore::remove(std::int64_t id) {
  database_.prepare("DELETE FROM measurements WHERE id = ?").bind(id).step();
  return database_.changes() > 0;
}

std::int64_t record(const Paths& paths, Console& console, const Measurement& measurement) {
  try {
    return ResultStore(paths.data).add(measurement);
  } catch (const Error& error) {
    say(console, std::string("the result was not kept: ") + error.what());
    return 0;
  }
}

}  // namespace glim::app
