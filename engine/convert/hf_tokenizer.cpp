#include "engine/convert/hf_tokenizer.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_map>

#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/convert/json_fields.h"
#include "engine/convert/json_file.h"

namespace glim {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;
constexpr std::uint64_t kMaxTemplate = std::uint64_t{1} << 20;
enum : std::int32_t { kNormal = 1, kControl = 3, kUserDefined = 4, kUnused = 5 };

/// Rules for splitting text into words, known by the regular expression that states them.
struct WordRule {
  std::string_view pre;
  std::string_view pattern;
  bool ignore_merges;
};

constexpr std::string_view kThreeDigits =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*)"
    R"(|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kSingleDigits =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*)"
    R"(|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::array kWordRules = {
    WordRule{"glm4", kThreeDigits, false},
    WordRule{"llama-bpe", kThreeDigits, true},
    WordRule{"qwen2", kSingleDigits, false},
    WordRule{"gpt-2", "", false},
};

/// The regular expressions of a pre-tokenizer and of those nested in it, in order. The reader of the file
/// bounds the depth.
void collect_patterns(const Json& json, std::vector<std::string>& out) {
  if (!json.is_structured()) return;
  if (json.is_object() && json.contains("Regex") && json["Regex"].is_string())
    out.push_back(json["Regex"].get<std::string>());
  for (const Json& inner : json) collect_patterns(inner, out);
}

/// The same pattern may hold line ends as characters or as escapes.
std::string with_escapes(const std::string& pattern) {
  std::string out;
  for (const char c : pattern) {
    if (c == '\r') {
      out += "\\r";
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

class TokenizerReader {
 public:
  TokenizerReader(const fs::path& folder, const HfConfig& config)
      : place_(printable((folder / "tokenizer.json").string())),
        folder_(folder),
        config_(config),
        json_(read_json_file(folder / "tokenizer.json")) {}

  HfTokenizer read() {
    const JsonFields top(json_, place_);
    const Json* model = top.find("model");
    if (model == nullptr) top.missing("model");
    const JsonFields fields(*model, place_ + ": model");
    read_kind(fields);
    read_tokens(fields);
    read_added(top);
    fill_gaps();
    read_merges(fields);
    read_ids();
    return std::move(out_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorCode::E106,
                place_ + ": " + what + "; fetch the file again or use a GGUF file of the model");
  }

  void read_kind(const JsonFields& model) {
    if (model.find_string("type").value_or("BPE") != "BPE" ||
        model.find_bool("byte_fallback").value_or(false))
      fail("the vocabulary is not of the byte-level BPE kind");
    std::vector<std::string> patterns;
    if (json_.contains("pre_tokenizer")) collect_patterns(json_["pre_tokenizer"], patterns);
    std::string pattern;
    for (const std::string& part : patterns) pattern += (pattern.empty() ? "" : " ") + with_escapes(part);
    const bool ignores = model.find_bool("ignore_merges").value_or(false);
    const auto rule = std::find_if(kWordRules.begin(), kWordRules.end(), [&](const WordRule& row) {
      return row.pattern == pattern && row.ignore_merges == ignores;
    });
    if (rule == kWordRules.end())
      fail("no known pre-tokenizer splits words by \"" + printable(pattern, 300) + "\"");
    out_.pre = rule->pre;
  }

  void place(const std::string& text, const Json& id, std::int32_t type) {
    if (!id.is_number_integer()) fail("the token \"" + printable(text, 60) + "\" has no number");
    const auto number = id.get<double>();
    if (number < 0 || number >= static_cast<double>(config_.vocabulary))
      fail(strf("the token \"%s\" has the number %.17g, but the embedding has %lld rows",
                printable(text, 60).c_str(), number, static_cast<long long>(config_.vocabulary)));
    const auto at = id.get<std::size_t>();
    if (out_.types[at] != 0 && out_.tokens[at] != text)
      fail(strf("the tokens \"%s\" and \"%s\" share the number %zu", printable(out_.tokens[at], 60).c_str(),
                printable(text, 60).c_str(), at));
    out_.tokens[at] = text;
    out_.types[at] = type;
    ids_[text] = static_cast<std::uint32_t>(at);
  }

  void read_tokens(const JsonFields& model) {
    const Json* vocab = model.find("vocab");
    if (vocab == nullptr || !vocab->is_object()) fail("there is no object \"vocab\"");
    out_.tokens.resize(static_cast<std::size_t>(config_.vocabulary));
    out_.types.resize(out_.tokens.size());
    for (const auto& [text, id] : vocab->items()) place(text, id, kNormal);
  }

  void read_added(const JsonFields& top) {
    const Json* added = top.find("added_tokens");
    if (added == nullptr) return;
    if (!added->is_array()) top.wrong_type("added_tokens", "a list");
    for (const Json& entry : *added) {
      const JsonFields fields(entry, place_ + ": added_tokens");
      const auto text = fields.find_string("content");
      if (!text || !fields.has("id")) fail("an added token lacks its content or id");
      // Tags in this form steer the model whatever the file calls them.
      const bool tag = text->size() > 4 && text->starts_with("<|") && text->ends_with("|>");
      place(*text, *fields.find("id"),
            tag || fields.find_bool("special").value_or(false) ? kControl : kUserDefined);
    }
  }

  /// Rows of the embedding that stand for nothing.
  void fill_gaps() {
    for (std::size_t i = 0; i < out_.tokens.size(); ++i) {
      if (out_.types[i] != 0) continue;
      out_.tokens[i] = strf("[PAD%zu]", i);
      out_.types[i] = kUnused;
    }
  }

  void read_merges(const JsonFields& model) {
    const Json* merges = model.find("merges");
    if (merges == nullptr || !merges->is_array()) fail("there is no list \"merges\"");
    out_.merges.reserve(merges->size());
    for (const Json& merge : *merges) {
      std::string text;
      if (merge.is_string()) {
        text = merge.get<std::string>();
      } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
        text = merge[0].get<std::string>() + " " + merge[1].get<std::string>();
      }
      const std::size_t blank = text.find(' ');
      if (blank == text.npos || blank == 0 || blank + 1 == text.size() ||
          text.find(' ', blank + 1) != text.npos)
        fail(
            strf("the merge %zu, \"%s\", is not two parts", out_.merges.size(), printable(text, 60).c_str()));
      out_.merges.push_back(std::move(text));
    }
  }

  std::optional<std::uint32_t> id_of(const std::string& text) const {
    const auto found = ids_.find(text);
    if (found == ids_.end()) return std::nullopt;
    return found->second;
  }

  /// tokenizer_config.json gives the text of a special token, plain or in an object.
  std::optional<std::uint32_t> named(const JsonFields& fields, const std::string& key) const {
    const Json* value = fields.find(key);
    if (value == nullptr) return std::nullopt;
    if (value->is_object() && value->contains("content")) value = &(*value)["content"];
    if (!value->is_string()) fields.wrong_type(key, "a text");
    return id_of(value->get<std::string>());
  }

  std::optional<std::uint32_t> in_range(std::optional<std::int64_t> id) const {
    if (!id || *id < 0 || *id >= config_.vocabulary) return std::nullopt;
    return static_cast<std::uint32_t>(*id);
  }

  void read_ids() {
    const Json none = Json::object();
    const auto settings = find_json_file(folder_ / "tokenizer_config.json");
    const JsonFields fields(settings ? *settings : none,
                            printable((folder_ / "tokenizer_config.json").string()));
    std::vector<std::int64_t> ends = config_.eos;
    if (const auto generation = find_json_file(folder_ / "generation_config.json")) {
      const auto more = read_eos_ids({*generation, printable((folder_ / "generation_config.json").string())});
      if (!more.empty()) ends = more;
    }
    out_.eos = named(fields, "eos_token");
    if (!out_.eos && !ends.empty()) out_.eos = in_range(ends.front());
    out_.pad = named(fields, "pad_token");
    if (!out_.pad) out_.pad = in_range(config_.pad);
    out_.unknown = named(fields, "unk_token");
    out_.bos = named(fields, "bos_token");
    if (!out_.bos) out_.bos = in_range(config_.bos);
    read_glm_ids();
    for (const std::int64_t end : ends) {
      const auto id = in_range(end);
      if (id && id != out_.eos && id != out_.eot && id != out_.eom)
        out_.further_eos.push_back(static_cast<std::int32_t>(*id));
    }
    read_template(fields);
  }

  /// What GLM's vocabulary means by its tags, in the way that all GGUF files of it say so.
  void read_glm_ids() {
    const auto prefix = id_of("[gMASK]"), end = id_of("<|endoftext|>");
    const auto user = id_of("<|user|>"), observation = id_of("<|observation|>");
    if (!prefix || !id_of("<sop>") || !end || !user || !observation) return;
    out_.bos = prefix;
    out_.eos = out_.unknown = end;
    out_.eot = user;
    out_.eom = observation;
    if (!out_.pad) out_.pad = end;
  }

  void read_template(const JsonFields& fields) {
    if (const auto file = find_text_file(folder_ / "chat_template.jinja", kMaxTemplate)) {
      out_.chat_template = *file;
    } else if (const Json* value = fields.find("chat_template")) {
      // One text, or several with names.
      const Json* chosen = value;
      for (std::size_t i = 0; value->is_array() && i < value->size(); ++i) {
        const Json& entry = (*value)[i];
        if (entry.is_object() && entry.value("name", Json()) == "default" && entry.contains("template"))
          chosen = &entry["template"];
      }
      if (!chosen->is_string())
        fields.wrong_type("chat_template", "a text or a list with the name \"default\"");
      out_.chat_template = chosen->get<std::string>();
    }
    if (out_.chat_template.size() > kMaxTemplate) fail("the chat template is above 1 MiB");
  }

  std::string place_;
  fs::path folder_;
  const HfConfig& config_;
  Json json_;
  HfTokenizer out_;
  std::unordered_map<std::string, std::uint32_t> ids_;
};

struct IdKey {
  std::string_view key;
  std::optional<std::uint32_t> HfTokenizer::*id;
};

constexpr std::array kIdKeys = {
    IdKey{"tokenizer.ggml.eos_token_id", &HfTokenizer::eos},
    IdKey{"tokenizer.ggml.padding_token_id", &HfTokenizer::pad},
    IdKey{"tokenizer.ggml.unknown_token_id", &HfTokenizer::unknown},
    IdKey{"tokenizer.ggml.bos_token_id", &HfTokenizer::bos},
    IdKey{"tokenizer.ggml.eot_token_id", &HfTokenizer::eot},
    IdKey{"tokenizer.ggml.eom_token_id", &HfTokenizer::eom},
};

}  // namespace

HfTokenizer read_hf_tokenizer(const fs::path& folder, const HfConfig& config) {
  return TokenizerReader(folder, config).read();
}

HfSampling read_hf_sampling(const fs::path& folder) {
  HfSampling out;
  const auto json = find_json_file(folder / "generation_config.json");
  if (!json) return out;
  const JsonFields fields(*json, printable((folder / "generation_config.json").string()));
  out.temperature = fields.find_float("temperature", {0, 100});
  out.top_p = fields.find_float("top_p", {0, 1});
  out.min_p = fields.find_float("min_p", {0, 1});
  out.top_k = fields.find_int("top_k", {0, 1 << 21});
  if (!fields.find_bool("do_sample").value_or(true)) out.temperature = 0;
  return out;
}

void write_tokenizer_keys(const HfTokenizer& tokenizer, GgufWriter& writer) {
  writer.set("tokenizer.ggml.model", "gpt2");
  writer.set("tokenizer.ggml.pre", tokenizer.pre);
  writer.set("tokenizer.ggml.tokens", tokenizer.tokens);
  writer.set("tokenizer.ggml.token_type", tokenizer.types);
  writer.set("tokenizer.ggml.merges", tokenizer.merges);
  for (const IdKey& row : kIdKeys)
    if (tokenizer.*row.id) writer.set(row.key, *(tokenizer.*row.id));
  if (!tokenizer.further_eos.empty()) {
    std::vector<std::int32_t> all = tokenizer.further_eos;
    if (tokenizer.eos) all.insert(all.begin(), static_cast<std::int32_t>(*tokenizer.eos));
    writer.set("tokenizer.ggml.eos_token_ids", std::move(all));
  }
  if (!tokenizer.chat_template.empty()) writer.set("tokenizer.chat_template", tokenizer.chat_template);
}

void write_sampling_keys(const HfSampling& sampling, GgufWriter& writer) {
  const auto number = [&](const char* key, std::optional<double> value) {
    if (value) writer.set(std::string("general.sampling.") + key, static_cast<float>(*value));
  };
  number("temp", sampling.temperature);
  number("top_p", sampling.top_p);
  number("min_p", sampling.min_p);
  if (sampling.top_k) writer.set("general.sampling.top_k", static_cast<std::int32_t>(*sampling.top_k));
}

}  // namespace glim
