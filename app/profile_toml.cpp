#include "app/profile_toml.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <sstream>
#include <string_view>

#include <toml.hpp>

#include "app/model_name.h"
#include "app/profile_fields.h"
#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim::app {
namespace {

namespace fs = std::filesystem;
using Toml = toml::basic_value<toml::discard_comments, std::map, std::vector>;

constexpr std::array<std::string_view, 4> kTopLevel = {"schema", "default", "defaults", "profile"};

/// toml11 starts its messages with a tag of its own; ours come from the program's main function.
std::string clean_frame(std::string text) {
  constexpr std::string_view tag = "[error] ";
  if (text.compare(0, tag.size(), tag) == 0) text.erase(0, tag.size());
  std::istringstream lines(text);
  std::string out;
  for (std::string line; std::getline(lines, line);) out += (out.empty() ? "" : "\n") + printable(line, 400);
  return out;
}

Error framed(ErrorCode code, const std::string& sentence, const Toml& value, const std::string& remark) {
  return Error(code, clean_frame(toml::format_error(sentence, value, remark)));
}

std::string place(const fs::path& file, const Toml& value) {
  return strf("%s:%u", file.filename().string().c_str(), static_cast<unsigned>(value.location().line()));
}

/// Dates and times have no JSON form and no key takes one: they become null, which every type check refuses.
Json to_json(const Toml& value) {
  switch (value.type()) {
    case toml::value_t::boolean:
      return value.as_boolean();
    case toml::value_t::integer:
      return value.as_integer();
    case toml::value_t::floating:
      return value.as_floating();
    case toml::value_t::string:
      return value.as_string().str;
    case toml::value_t::array: {
      Json list = Json::array();
      for (const Toml& item : value.as_array()) list.push_back(to_json(item));
      return list;
    }
    case toml::value_t::table: {
      Json table = Json::object();
      for (const auto& [key, item] : value.as_table()) table[key] = to_json(item);
      return table;
    }
    default:
      return nullptr;
  }
}

template <typename Range>
std::string suggestion(std::string_view word, const Range& candidates) {
  const std::string_view near = nearest(word, candidates);
  return near.empty() ? std::string() : strf("did you mean \"%s\"?", std::string(near).c_str());
}

/// Reads the tables of one file.
class Reader {
 public:
  explicit Reader(fs::path file) : file_(std::move(file)) {}

  ProfileFile read(const Toml& root) const;

 private:
  void collect(const Toml& table, const std::string& prefix, Settings& out) const;
  void add_value(const std::string& key, const Toml& value, Settings& out) const;
  std::string relative_to_file(const ProfileField& field, const std::string& text) const;
  ProfileEntry entry(const std::string& name, const Toml& table) const;
  std::vector<std::string> names(const Toml& value, const char* key) const;

  fs::path file_;
};

std::string Reader::relative_to_file(const ProfileField& field, const std::string& text) const {
  if (text.empty() || text.front() == '/' || text.front() == '~' || text.front() == '$') return text;
  switch (field.type) {
    case FieldType::model:
      if (is_model_keyword(text)) return text;
      break;
    case FieldType::format:
      if (!is_template_file(text)) return text;
      break;
    case FieldType::path:
      break;
    default:
      return text;
  }
  return (file_.parent_path() / text).lexically_normal().string();
}

void Reader::add_value(const std::string& key, const Toml& value, Settings& out) const {
  const ProfileField* field = find_field(key);
  if (field == nullptr)
    throw framed(ErrorCode::E602, "unknown key " + printable(key), value, suggestion(key, field_keys()));
  Json json = to_json(value);
  if (json.is_string()) json = relative_to_file(*field, json.get<std::string>());
  try {
    Profile scratch;
    set_field(scratch, *field, json);
  } catch (const Error& error) {
    throw framed(error.code(), error.what(), value, error.help());
  }
  out[key] = Setting{std::move(json), place(file_, value)};
}

void Reader::collect(const Toml& table, const std::string& prefix, Settings& out) const {
  for (const auto& [name, value] : table.as_table()) {
    const std::string key = prefix.empty() ? name : prefix + "." + name;
    const ProfileField* field = find_field(key);
    if (value.is_table() && (field == nullptr || field->type != FieldType::table)) {
      collect(value, key, out);
    } else {
      add_value(key, value, out);
    }
  }
}

std::vector<std::string> Reader::names(const Toml& value, const char* key) const {
  if (value.is_string()) return {value.as_string().str};
  std::vector<std::string> out;
  if (value.is_array()) {
    for (const Toml& item : value.as_array())
      if (item.is_string()) out.push_back(item.as_string().str);
    if (out.size() == value.as_array().size()) return out;
  }
  throw framed(ErrorCode::E603, strf("%s must be a string or an array of strings", key), value, "");
}

ProfileEntry Reader::entry(const std::string& name, const Toml& table) const {
  if (!is_profile_name(name))
    throw framed(ErrorCode::E602, "profile name \"" + printable(name) + "\" is not allowed", table,
                 "1 to 64 of A-Z a-z 0-9 . _ -");
  if (!table.is_table()) throw framed(ErrorCode::E601, "profile." + name + " must be a table", table, "");
  ProfileEntry out{name, place(file_, table), {}, {}, {}};
  Toml keys = table;
  for (const char* rule : {"inherits", "unset"}) keys.as_table().erase(rule);
  collect(keys, "", out.settings);
  if (const auto it = table.as_table().find("inherits"); it != table.as_table().end())
    out.inherits = names(it->second, "inherits");
  if (const auto it = table.as_table().find("unset"); it != table.as_table().end()) {
    out.unset = names(it->second, "unset");
    for (const std::string& key : out.unset)
      if (find_field(key) == nullptr)
        throw framed(ErrorCode::E602, "unknown key path " + printable(key) + " in unset", it->second,
                     suggestion(key, field_keys()));
  }
  return out;
}

ProfileFile Reader::read(const Toml& root) const {
  ProfileFile out;
  const auto& table = root.as_table();
  for (const auto& [name, value] : table)
    if (std::find(kTopLevel.begin(), kTopLevel.end(), name) == kTopLevel.end())
      throw framed(ErrorCode::E602, "unknown key " + printable(name), value, suggestion(name, kTopLevel));
  const auto schema = table.find("schema");
  if (schema == table.end())
    throw Error(ErrorCode::E601, file_.string() + ": the line \"schema = 1\" is missing; add it at the top");
  if (!schema->second.is_integer() || schema->second.as_integer() != 1)
    throw framed(ErrorCode::E603, "schema is not supported", schema->second, "this program reads schema 1");
  if (const auto it = table.find("default"); it != table.end()) {
    if (!it->second.is_string()) throw framed(ErrorCode::E603, "default must be a string", it->second, "");
    out.default_name = it->second.as_string().str;
  }
  if (const auto it = table.find("defaults"); it != table.end()) {
    if (!it->second.is_table()) throw framed(ErrorCode::E601, "defaults must be a table", it->second, "");
    collect(it->second, "", out.defaults);
  }
  const auto profiles = table.find("profile");
  if (profiles == table.end()) return out;
  if (!profiles->second.is_table())
    throw framed(ErrorCode::E601, "profile must be a table", profiles->second, "");
  std::vector<std::pair<std::uint_least32_t, ProfileEntry>> entries;
  for (const auto& [name, value] : profiles->second.as_table())
    entries.emplace_back(value.location().line(), entry(name, value));
  std::stable_sort(entries.begin(), entries.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [line, profile] : entries) out.profiles.push_back(std::move(profile));
  return out;
}

Toml parse(std::istream& text, const fs::path& file) {
  try {
    return toml::parse<toml::discard_comments, std::map, std::vector>(text, file.string());
  } catch (const toml::exception& error) {
    throw Error(ErrorCode::E601, clean_frame(error.what()));
  } catch (const std::runtime_error& error) {
    throw Error(ErrorCode::E601, printable(file.string()) + ": " + printable(error.what()));
  } catch (const std::out_of_range& error) {
    throw Error(ErrorCode::E601, printable(file.string()) + ": a number has too many digits");
  }
}

std::ifstream open(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream || fs::is_directory(file))
    throw Error(ErrorCode::E601,
                printable(file.string()) + ": cannot read the file; check the path and permissions");
  return stream;
}

}  // namespace

ProfileFile parse_profiles(std::istream& text, const fs::path& file) {
  return Reader(file).read(parse(text, file));
}

ProfileFile read_profiles(const fs::path& file) {
  std::ifstream stream = open(file);
  return parse_profiles(stream, file);
}

Json parse_toml(std::istream& text, const fs::path& file) {
  return to_json(parse(text, file));
}

std::vector<fs::path> read_model_folders(const fs::path& file) {
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return {};
  std::ifstream stream = open(file);
  const Toml root = parse(stream, file);
  std::vector<fs::path> out;
  for (const auto& [name, value] : root.as_table()) {
    if (name != "models" || !value.is_table())
      throw framed(ErrorCode::E602, "unknown key " + printable(name), value, "known: [models] dirs = [...]");
    for (const auto& [key, dirs] : value.as_table()) {
      if (key != "dirs")
        throw framed(ErrorCode::E602, "unknown key models." + printable(key), dirs, "known: models.dirs");
      if (!dirs.is_array())
        throw framed(ErrorCode::E603, "models.dirs must be an array of strings", dirs, "");
      for (const Toml& item : dirs.as_array()) {
        if (!item.is_string())
          throw framed(ErrorCode::E603, "models.dirs must be an array of strings", item, "");
        out.push_back(file.parent_path() / expand_path(item.as_string().str));
      }
    }
  }
  return out;
}

}  // namespace glim::app
