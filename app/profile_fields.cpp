#include "app/profile_fields.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/quant/cache_types.h"

namespace glim::app {
namespace {

constexpr std::int32_t kMaxTokens = 1 << 24;

constexpr std::array kOwnFields = {
    ProfileField{"description", &Profile::description, FieldType::text, 0, 0, "", Reload::none,
                 "one line for lists"},
    ProfileField{"notes", &Profile::notes, FieldType::text, 0, 0, "", Reload::none,
                 "anything worth remembering"},
    ProfileField{"tags", &Profile::tags, FieldType::texts, 0, 0, "", Reload::none, "words to find it by"},
    ProfileField{"abstract", &Profile::abstract, FieldType::boolean, 0, 0, "", Reload::none,
                 "only to be inherited from, not shown in lists"},
    ProfileField{"backend", &Profile::backend, FieldType::choice, 0, 0, "auto cpu vulkan reference",
                 Reload::weights, "what computes"},
    ProfileField{"model.path", &Profile::model, FieldType::model, 0, 0, "", Reload::weights,
                 "GGUF file, its folder, or \"spark\""},
    ProfileField{"model.mmap", &Profile::mmap, FieldType::boolean, 0, 0, "", Reload::weights,
                 "leave weights in the mapped file on the processor: slower, for machines short of memory"},
    ProfileField{"model.alias", &Profile::alias, FieldType::text, 0, 0, "", Reload::live,
                 "name to show instead of the profile's"},
    ProfileField{"device.name", &Profile::device, FieldType::text, 0, 0, "", Reload::weights,
                 "the device of glim devices: auto, cpu, vulkan1, a part of its name, or its UUID"},
    ProfileField{"device.threads", &Profile::threads, FieldType::threads, 1, 1024, "", Reload::weights,
                 "threads, or auto: one per physical core"},
    ProfileField{"device.gpu_layers", &Profile::gpu_layers, FieldType::count, 0, 4096, "all auto",
                 Reload::weights,
                 "layers that a graphics card takes, from the last on; the output is one more layer"},
    ProfileField{
        "device.cpu_moe_layers", &Profile::cpu_moe_layers, FieldType::count, 0, 4096, "auto", Reload::weights,
        "layers, from the first on, whose experts the processor keeps and computes; auto: as few as fit"},
    ProfileField{"device.activations", &Profile::activations, FieldType::choice, 0, 0, "16bit 8bit",
                 Reload::weights,
                 "what the processor multiplies weights with; 8bit reads prompts faster and is less exact"},
    ProfileField{
        "context.ctx", &Profile::ctx, FieldType::context, 16, kMaxTokens, "", Reload::cache,
        "context length: tokens, \"64k\", \"max\" (as trained) or \"auto\" (as trained, at most 8192)"},
    ProfileField{"context.ubatch", &Profile::ubatch, FieldType::integer, 1, 65536, "", Reload::weights,
                 "tokens of a prompt that are computed together"},
    ProfileField{"kv.type_k", &Profile::kv_type, FieldType::choice, 0, 0, kCacheTypeNames, Reload::cache,
                 "type of the KV cache"},
    ProfileField{
        "kv.placement", &Profile::kv_placement, FieldType::choice, 0, 0, "device host", Reload::weights,
        "where the KV cache of a graphics card lies; host: in main memory, and the processor attends"},
    ProfileField{"sampling.seed", &SamplerOptions::seed, FieldType::seed, 0, 4294967295.0, "", Reload::live,
                 "start of the random numbers, or random"},
    ProfileField{"sampling.max_tokens", &Profile::max_tokens, FieldType::integer, -1, kMaxTokens, "",
                 Reload::live, "longest answer in tokens; -1 is what the context holds"},
    ProfileField{"sampling.stop", &Profile::stop, FieldType::texts, 0, 0, "", Reload::live,
                 "texts that end an answer"},
    ProfileField{"sampling.order", &SamplerOptions::order, FieldType::texts, 0, 0, "", Reload::live,
                 "the steps of the sampler in their order; what is left out is off"},
    ProfileField{"sampling.logit_bias", &SamplerOptions::logit_bias, FieldType::table, -1e30, 1e30, "",
                 Reload::live, "token ids and what is added to their logits: {\"42\" = -5}"},
    ProfileField{"sampling.dry_sequence_breakers", &SamplerOptions::dry_sequence_breakers, FieldType::texts,
                 0, 0, "", Reload::live, "texts that end a repeated sequence"},
    ProfileField{"chat.system", &Profile::system, FieldType::text, 0, 0, "", Reload::live, "system prompt"},
    ProfileField{"chat.system_file", &Profile::system_file, FieldType::path, 0, 0, "", Reload::live,
                 "file with the system prompt"},
    ProfileField{"chat.template", &Profile::chat_template, FieldType::format, 0, 0, "", Reload::weights,
                 "auto (the file's own), a built-in format's name, or a template file"},
    ProfileField{"chat.template_vars", &Profile::template_vars, FieldType::table, 0, 0, "", Reload::live,
                 "further variables of the template"},
    ProfileField{"chat.think", &Profile::think, FieldType::choice, 0, 0, "auto on off", Reload::live,
                 "whether the model thinks before it answers"},
    ProfileField{"chat.think_budget", &Profile::think_budget, FieldType::integer, -1, kMaxTokens, "",
                 Reload::live, "longest thinking in tokens; -1 is no limit"},
    ProfileField{"chat.think_show", &Profile::think_show, FieldType::choice, 0, 0, "folded open hidden",
                 Reload::live, "how the thinking is shown"},
};

/// The table: our rows, then one per number of the sampler.
std::vector<ProfileField> all_fields() {
  static const std::vector<std::string> kSamplingKeys = [] {
    std::vector<std::string> keys;
    for (const SamplerField& field : kSamplerFields) keys.push_back(std::string("sampling.") + field.name);
    return keys;
  }();
  std::vector<ProfileField> fields(kOwnFields.begin(), kOwnFields.end());
  for (std::size_t i = 0; i < kSamplingKeys.size(); ++i) {
    const SamplerField& field = kSamplerFields[i];
    fields.push_back(ProfileField{kSamplingKeys[i], &field,
                                  field.is_integer() ? FieldType::integer : FieldType::real, field.low,
                                  field.high, "", Reload::live, field.help});
  }
  return fields;
}

std::string number_text(double value) {
  return strf(std::abs(value) < 1e9 && value == std::floor(value) ? "%.0f" : "%.7g", value);
}

/// "context.ctx = 120 is out of range", with what is allowed as help.
Error wrong(const ProfileField& field, const Json& value, const std::string& what, std::string allowed = {}) {
  return Error(ErrorCode::E603,
               std::string(field.key) + " = " + printable(value_text(value), 60) + " " + what,
               std::move(allowed));
}

std::string range_text(const ProfileField& field) {
  return "allowed: " + number_text(field.low) + " to " + number_text(field.high);
}

double number_in_range(const ProfileField& field, const Json& value, const std::string& words = "") {
  if (!value.is_number()) throw wrong(field, value, "must be a number", range_text(field) + words);
  const double number = value.get<double>();
  if (!(number >= field.low && number <= field.high))
    throw wrong(field, value, "is out of range", range_text(field) + words);
  return number;
}

std::int32_t whole(const ProfileField& field, const Json& value, const std::string& words = "") {
  const double number = number_in_range(field, value, words);
  if (number != std::floor(number))
    throw wrong(field, value, "must be a whole number", range_text(field) + words);
  return static_cast<std::int32_t>(number);
}

std::int32_t context_of(const ProfileField& field, const Json& value) {
  constexpr const char* kWords = ", \"64k\", \"max\" or \"auto\"";
  if (!value.is_string()) {
    if (value == Json(0)) return kTrainedContext;
    return whole(field, value, kWords);
  }
  const std::string text = value.get<std::string>();
  if (text == "auto") return kDefaultContext;
  if (text == "max" || text == "trained") return kTrainedContext;
  std::int32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (error != std::errc() || number < 0 || (rest != "" && rest != "k" && rest != "K"))
    throw wrong(field, value, "is no number of tokens", range_text(field) + kWords);
  if (!rest.empty() && number > kMaxTokens / 1024)
    throw wrong(field, value, "is out of range", range_text(field) + kWords);
  if (number == 0) return kTrainedContext;
  return whole(field, Json(rest.empty() ? number : number * 1024), kWords);
}

std::vector<std::string> words_of(const ProfileField& field) {
  std::vector<std::string> words;
  for (std::string_view rest = field.choices; !rest.empty();) {
    const std::size_t blank = std::min(rest.find(' '), rest.size());
    words.emplace_back(rest.substr(0, blank));
    rest.remove_prefix(std::min(blank + 1, rest.size()));
  }
  return words;
}

std::string choice_of(const ProfileField& field, const Json& value) {
  // TOML's own true and false read naturally where on and off are meant.
  const std::string text = value.is_boolean()  ? (value.get<bool>() ? "on" : "off")
                           : value.is_string() ? value.get<std::string>()
                                               : std::string();
  const std::vector<std::string> words = words_of(field);
  if (std::find(words.begin(), words.end(), text) != words.end()) return text;
  std::string list;
  for (const std::string& word : words) list += (list.empty() ? "allowed: " : ", ") + word;
  const std::string_view near = text.empty() ? std::string_view() : nearest(text, words);
  throw wrong(field, value, "is not allowed",
              list + (near.empty() ? "" : "; did you mean " + std::string(near) + "?"));
}

std::vector<std::string> texts_of(const ProfileField& field, const Json& value) {
  std::vector<std::string> out;
  if (value.is_string()) {
    out.push_back(value.get<std::string>());
  } else if (value.is_array()) {
    for (const Json& item : value)
      if (item.is_string()) out.push_back(item.get<std::string>());
  }
  if (!value.is_string() && (!value.is_array() || out.size() != value.size()))
    throw wrong(field, value, "must be an array of strings");
  if (out.size() > 32) throw wrong(field, value, "has more than 32 entries");
  if (std::find(out.begin(), out.end(), std::string()) != out.end())
    throw wrong(field, value, "holds an empty string");
  return out;
}

std::string string_of(const ProfileField& field, const Json& value) {
  if (!value.is_string()) throw wrong(field, value, "must be a string");
  return value.get<std::string>();
}

const Json& table_of(const ProfileField& field, const Json& value) {
  if (!value.is_object()) throw wrong(field, value, "must be a table");
  return value;
}

bool is_word(const ProfileField& field, const Json& value) {
  const std::vector<std::string> words = words_of(field);
  return value.is_string() && std::find(words.begin(), words.end(), value.get<std::string>()) != words.end();
}

/// What a number may also be, for a sentence about it.
std::string word_of(const ProfileField& field) {
  if (field.type == FieldType::threads) return " or \"auto\"";
  if (field.type == FieldType::count)
    return " or \"" + std::string(field.choices.substr(0, field.choices.find(' '))) + "\"";
  return "";
}

/// Writes a checked value into its member: one overload per kind of member.
struct Setter {
  Profile& profile;
  const ProfileField& field;
  const Json& value;

  void operator()(bool Profile::*at) const {
    if (!value.is_boolean()) throw wrong(field, value, "must be true or false");
    profile.*at = value.get<bool>();
  }
  void operator()(std::int32_t Profile::*at) const {
    if (field.type == FieldType::context) {
      profile.*at = context_of(field, value);
    } else if (field.type == FieldType::count && is_word(field, value)) {
      profile.*at = -1;
    } else if (field.type == FieldType::threads && (value == Json("auto") || value == Json(0))) {
      profile.*at = 0;
    } else {
      profile.*at = whole(field, value, word_of(field));
    }
  }
  void operator()(std::string Profile::*at) const {
    profile.*at = field.type == FieldType::choice ? choice_of(field, value) : string_of(field, value);
  }
  void operator()(std::vector<std::string> Profile::*at) const { profile.*at = texts_of(field, value); }
  void operator()(Json Profile::*at) const { profile.*at = table_of(field, value); }
  void operator()(const SamplerField* sampler) const {
    sampler->set(profile.sampling,
                 sampler->is_integer() ? whole(field, value) : number_in_range(field, value));
  }
  void operator()(std::vector<std::string> SamplerOptions::*at) const {
    profile.sampling.*at = texts_of(field, value);
  }
  void operator()(std::optional<std::uint64_t> SamplerOptions::*at) const {
    if (value == Json("random") || value == Json(-1)) {
      (profile.sampling.*at).reset();
      return;
    }
    const double seed = number_in_range(field, value, " or \"random\"");
    if (seed != std::floor(seed)) throw wrong(field, value, "must be a whole number", range_text(field));
    profile.sampling.*at = static_cast<std::uint64_t>(seed);
  }
  void operator()(std::vector<SamplerStage> SamplerOptions::*at) const {
    profile.sampling.*at = parse_sampler_order(texts_of(field, value));
  }
  void operator()(std::vector<std::pair<TokenId, float>> SamplerOptions::*at) const {
    std::vector<std::pair<TokenId, float>> biases;
    for (const auto& [key, bias] : table_of(field, value).items()) {
      TokenId id = 0;
      const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), id);
      if (error != std::errc() || end != key.data() + key.size() || id < 0)
        throw wrong(field, value, "has \"" + printable(key, 40) + "\" where a token id is wanted",
                    "\"glim debug tokenize\" shows the ids of a text");
      biases.emplace_back(id, static_cast<float>(number_in_range(field, bias)));
    }
    profile.sampling.*at = std::move(biases);
  }
};

struct Getter {
  const Profile& profile;
  const ProfileField& field;

  Json operator()(std::int32_t Profile::*at) const {
    const std::int32_t number = profile.*at;
    if (field.type == FieldType::threads && number == 0) return "auto";
    if (field.type == FieldType::count && number < 0)
      return std::string(field.choices.substr(0, field.choices.find(' ')));
    if (field.type != FieldType::context) return number;
    return number == kDefaultContext ? Json("auto") : number == kTrainedContext ? Json("max") : Json(number);
  }
  // A float like 0.7 must not come back as 0.699999988.
  Json operator()(const SamplerField* sampler) const {
    const double number = sampler->value(profile.sampling);
    if (sampler->is_integer()) return static_cast<std::int64_t>(number);
    return std::strtod(number_text(number).c_str(), nullptr);
  }
  Json operator()(std::vector<std::string> SamplerOptions::*at) const { return profile.sampling.*at; }
  Json operator()(std::optional<std::uint64_t> SamplerOptions::*at) const {
    const auto& seed = profile.sampling.*at;
    return seed ? Json(*seed) : Json("random");
  }
  Json operator()(std::vector<SamplerStage> SamplerOptions::*at) const {
    Json names = Json::array();
    for (const SamplerStage stage : profile.sampling.*at)
      names.push_back(kSamplerStages[static_cast<std::size_t>(stage)]);
    return names;
  }
  Json operator()(std::vector<std::pair<TokenId, float>> SamplerOptions::*at) const {
    Json table = Json::object();
    for (const auto& [id, bias] : profile.sampling.*at)
      table[std::to_string(id)] = std::strtod(number_text(static_cast<double>(bias)).c_str(), nullptr);
    return table;
  }
  template <typename T>
  Json operator()(T Profile::*at) const {
    return profile.*at;
  }
};

std::optional<double> number_from(std::string_view text) {
  const std::string copy(text);
  char* end = nullptr;
  const double number = std::strtod(copy.c_str(), &end);
  if (copy.empty() || end != copy.c_str() + copy.size()) return std::nullopt;
  return number;
}

Json number_or_text(std::string_view text) {
  const auto number = number_from(text);
  if (!number) return std::string(text);
  if (*number == std::floor(*number) && std::abs(*number) < 1e15) return static_cast<std::int64_t>(*number);
  return *number;
}

Json list_from(std::string_view text) {
  Json list = Json::array();
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(",;"), text.size());
    list.push_back(std::string(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return list;
}

/// "{...}" is JSON; llama.cpp's "42+5" and "42-5" are a token id and its bias.
Json table_from(const ProfileField& field, std::string_view text) {
  const std::size_t sign = text.find_first_of("+-", 1);
  if (!text.empty() && text[0] != '{' && sign != text.npos) {
    if (const auto bias = number_from(text.substr(sign)))
      return Json{{std::string(text.substr(0, sign)), *bias}};
  }
  Json table = Json::parse(text, nullptr, false);
  if (!table.is_object())
    throw Error(ErrorCode::E603,
                std::string(field.key) + ": a table is wanted; write it as JSON, for example {\"a\": 1}");
  return table;
}

}  // namespace

std::span<const ProfileField> profile_fields() {
  static const std::vector<ProfileField> kFields = all_fields();
  return kFields;
}

std::vector<std::string_view> field_keys() {
  std::vector<std::string_view> keys;
  for (const ProfileField& field : profile_fields()) keys.push_back(field.key);
  return keys;
}

const ProfileField* find_field(std::string_view key) {
  for (const ProfileField& field : profile_fields())
    if (field.key == key) return &field;
  return nullptr;
}

const ProfileField& field_named(std::string_view key) {
  if (const ProfileField* field = find_field(key)) return *field;
  const ProfileField* found = nullptr;
  int count = 0;
  for (const ProfileField& field : profile_fields()) {
    const std::size_t dot = field.key.find('.');
    if (dot == std::string_view::npos || field.key.substr(dot + 1) != key) continue;
    found = &field;
    ++count;
  }
  if (count == 1) return *found;
  std::vector<std::string_view> candidates;
  for (const std::string_view full : field_keys()) {
    candidates.push_back(full);
    if (key.find('.') == key.npos)
      candidates.push_back(full.substr(full.find('.') == full.npos ? 0 : full.find('.') + 1));
  }
  const std::string_view near = nearest(key, candidates);
  throw Error(
      ErrorCode::E602, "unknown key " + printable(key, 60),
      near.empty() ? "\"glim profiles show\" lists all keys" : "did you mean \"" + std::string(near) + "\"?");
}

bool is_sampling(const ProfileField& field) {
  constexpr std::size_t kFirstOfSampler = 5;  // kinds of members before it are Profile's own
  return field.member.index() >= kFirstOfSampler;
}

Json field_value(const Profile& profile, const ProfileField& field) {
  return std::visit(Getter{profile, field}, field.member);
}

void set_field(Profile& profile, const ProfileField& field, const Json& value) {
  std::visit(Setter{profile, field, value}, field.member);
}

Json value_from_text(const ProfileField& field, std::string_view text) {
  switch (field.type) {
    case FieldType::boolean:
      if (text == "on" || text == "true" || text == "1" || text == "yes") return true;
      if (text == "off" || text == "false" || text == "0" || text == "no") return false;
      return std::string(text);
    case FieldType::integer:
    case FieldType::real:
    case FieldType::context:
    case FieldType::threads:
    case FieldType::count:
    case FieldType::seed:
      return number_or_text(text);
    case FieldType::texts:
      // A stop text may hold a comma; names of samplers may not.
      if (!text.empty() && text[0] == '[') {
        const Json list = Json::parse(text, nullptr, false);
        if (list.is_array()) return list;
      }
      return field.key == "sampling.order" ? list_from(text) : Json::array({std::string(text)});
    case FieldType::table:
      return table_from(field, text);
    default:
      return std::string(text);
  }
}

std::string value_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) return number_text(value.get<double>());
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool is_profile_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

}  // namespace glim::app
