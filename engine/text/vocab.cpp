#include "engine/text/vocab.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/gguf/gguf_file.h"
#include "engine/text/bpe.h"
#include "engine/text/pretokenizer.h"

namespace glim {
namespace {

// Far above any model; keeps ids inside TokenId and tables inside memory.
constexpr std::size_t kMaxTokens = std::size_t{1} << 21;

struct IdKey {
  const char* key;
  std::optional<TokenId> VocabData::*member;
};

constexpr IdKey kIdKeys[] = {
    {"tokenizer.ggml.bos_token_id", &VocabData::bos},
    {"tokenizer.ggml.eos_token_id", &VocabData::eos},
    {"tokenizer.ggml.eot_token_id", &VocabData::eot},
    {"tokenizer.ggml.eom_token_id", &VocabData::eom},
    {"tokenizer.ggml.unknown_token_id", &VocabData::unk},
    {"tokenizer.ggml.padding_token_id", &VocabData::pad},
};

[[noreturn]] void fail(const GgufFile& file, const std::string& what) {
  throw Error(ErrorCode::E106, printable(file.path().string()) + ": " + what,
              "download the file again, or use another conversion of the model");
}

void read_model(const GgufFile& file, VocabData& vocab) {
  const auto model = file.get_string("tokenizer.ggml.model");
  if (!model) fail(file, "tokenizer.ggml.model is missing; a model without a vocabulary cannot be used");
  if (*model != "gpt2" && *model != "llama") {
    fail(file, "tokenizer.ggml.model: unknown kind \"" + printable(*model) + "\"; known are gpt2 and llama");
  }
  vocab.model = *model;
}

void read_tokens(const GgufFile& file, VocabData& vocab) {
  const auto* tokens = file.get_strings("tokenizer.ggml.tokens");
  if (tokens == nullptr)
    fail(file, "tokenizer.ggml.tokens is missing; a model without a vocabulary cannot be used");
  if (tokens->empty())
    fail(file, "tokenizer.ggml.tokens is empty; a model without a vocabulary cannot be used");
  if (tokens->size() > kMaxTokens) {
    fail(file, strf("tokenizer.ggml.tokens has %zu entries; at most %zu are supported", tokens->size(),
                    kMaxTokens));
  }
  vocab.tokens.assign(tokens->begin(), tokens->end());
}

void check_length(const GgufFile& file, const char* key, std::size_t length, const VocabData& vocab) {
  if (length == vocab.tokens.size()) return;
  fail(file, strf("%s has %zu entries for %zu tokens; the vocabulary is damaged", key, length,
                  vocab.tokens.size()));
}

void read_types(const GgufFile& file, VocabData& vocab) {
  vocab.types.assign(vocab.tokens.size(), TokenType::normal);
  const auto types = file.get_ints("tokenizer.ggml.token_type");
  if (!types) return;
  check_length(file, "tokenizer.ggml.token_type", types->size(), vocab);
  std::size_t strange = 0;
  for (std::size_t i = 0; i < types->size(); ++i) {
    const std::int64_t type = (*types)[i];
    if (type >= 1 && type <= static_cast<int>(TokenType::byte)) {
      vocab.types[i] = static_cast<TokenType>(type);
    } else {
      ++strange;
    }
  }
  if (strange > 0)
    vocab.warnings.push_back(strf("%zu tokens of an unknown type are treated as normal", strange));
}

void read_scores(const GgufFile& file, VocabData& vocab) {
  const auto scores = file.get_floats("tokenizer.ggml.scores");
  if (!scores) {
    if (vocab.model == "llama")
      vocab.warnings.push_back("tokenizer.ggml.scores is missing; all scores are taken as 0");
    return;
  }
  check_length(file, "tokenizer.ggml.scores", scores->size(), vocab);
  std::size_t strange = 0;
  for (double score : *scores) {
    // NaN has no order, so it must not reach the comparison that picks the best pair.
    if (!std::isfinite(score)) score = 0, ++strange;
    vocab.scores.push_back(static_cast<float>(score));
  }
  if (strange > 0)
    vocab.warnings.push_back(strf("%zu scores that are no finite numbers are taken as 0", strange));
}

void read_merges(const GgufFile& file, VocabData& vocab) {
  if (vocab.model != "gpt2") return;
  const auto* merges = file.get_strings("tokenizer.ggml.merges");
  if (merges == nullptr) {
    vocab.warnings.push_back(
        "tokenizer.ggml.merges is missing; every byte of text becomes a token of its own");
    return;
  }
  for (std::size_t i = 0; i < merges->size(); ++i) {
    if (merge_split((*merges)[i]) == std::string_view::npos) {
      fail(file, strf("tokenizer.ggml.merges: entry %zu, \"%s\", is not two parts with a space between", i,
                      printable((*merges)[i]).c_str()));
    }
  }
  vocab.merges.assign(merges->begin(), merges->end());
}

void read_ids(const GgufFile& file, VocabData& vocab) {
  const auto checked = [&](const char* key, std::int64_t id) -> std::optional<TokenId> {
    if (id >= 0 && static_cast<std::uint64_t>(id) < vocab.tokens.size()) return static_cast<TokenId>(id);
    vocab.warnings.push_back(strf("%s: there is no token %lld; ignored", key, static_cast<long long>(id)));
    return std::nullopt;
  };
  for (const IdKey& row : kIdKeys) {
    if (const auto id = file.get_int(row.key)) vocab.*row.member = checked(row.key, *id);
  }
  if (const auto ids = file.get_ints("tokenizer.ggml.eos_token_ids")) {
    for (std::int64_t id : *ids) {
      if (const auto known = checked("tokenizer.ggml.eos_token_ids", id)) vocab.eos_ids.push_back(*known);
    }
  }
}

/// Texts that no input can spell get a name of their own; of equal texts the first is the one that text
/// becomes.
void repair_tokens(VocabData& vocab) {
  std::size_t empty = 0, duplicates = 0;
  std::string example;
  std::unordered_set<std::string_view> seen;
  seen.reserve(vocab.tokens.size());
  for (std::size_t i = 0; i < vocab.tokens.size(); ++i) {
    if (vocab.tokens[i].empty()) {
      vocab.tokens[i] = strf("[EMPTY_%zu]", i);
      vocab.types[i] = TokenType::unused;
      ++empty;
    }
    if (!seen.insert(vocab.tokens[i]).second && duplicates++ == 0) example = printable(vocab.tokens[i], 40);
  }
  if (empty > 0) vocab.warnings.push_back(strf("%zu tokens have no text and are never produced", empty));
  if (duplicates > 0) {
    vocab.warnings.push_back(
        strf("%zu tokens repeat the text of an earlier one, first \"%s\"; the lowest id counts", duplicates,
             example.c_str()));
  }
}

bool has_glm_specials(const VocabData& vocab) {
  const auto has = [&](std::string_view text) {
    return std::find(vocab.tokens.begin(), vocab.tokens.end(), text) != vocab.tokens.end();
  };
  return has("[gMASK]") && has("<sop>");
}

void read_pre(const GgufFile& file, VocabData& vocab) {
  if (vocab.model != "gpt2") return;
  if (const auto pre = file.get_string("tokenizer.ggml.pre")) {
    vocab.pre = *pre;
  } else if (file.get_string("general.architecture") == "glm4moelite" || has_glm_specials(vocab)) {
    vocab.pre = "glm4";
  } else {
    vocab.pre = "default";
    vocab.warnings.push_back("tokenizer.ggml.pre is missing; words are split by the rules of GPT-2");
  }
  if (find_pretokenizer(vocab.pre) != nullptr) return;
  std::string known;
  for (std::string_view name : pretokenizer_names()) known.append(known.empty() ? "" : ", ").append(name);
  fail(file,
       "tokenizer.ggml.pre: unknown pre-tokenizer \"" + printable(vocab.pre) + "\"; known are " + known);
}

void read_flags(const GgufFile& file, VocabData& vocab) {
  const bool scores_decide = vocab.model == "llama";
  const bool bos_default = scores_decide || find_pretokenizer(vocab.pre)->add_bos;
  vocab.add_bos = file.get_bool("tokenizer.ggml.add_bos_token").value_or(bos_default);
  vocab.add_eos = file.get_bool("tokenizer.ggml.add_eos_token").value_or(false);
  vocab.add_space_prefix = scores_decide && file.get_bool("tokenizer.ggml.add_space_prefix").value_or(true);
  if (vocab.add_bos && !vocab.bos) {
    vocab.warnings.push_back(
        "prompts should start with a token that the vocabulary does not name; none is added");
  }
}

}  // namespace

VocabData read_vocab(const GgufFile& file) {
  VocabData vocab;
  read_model(file, vocab);
  read_tokens(file, vocab);
  read_types(file, vocab);
  read_scores(file, vocab);
  read_merges(file, vocab);
  read_ids(file, vocab);
  repair_tokens(vocab);
  read_pre(file, vocab);
  read_flags(file, vocab);
  return vocab;
}

}  // namespace glim
