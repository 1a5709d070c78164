#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "app/profile.h"

namespace glim::app {

/// How the value of a key is written and checked.
enum class FieldType : std::uint8_t {
  boolean,
  integer,
  real,
  context,  ///< tokens: a number, "64k", "auto", "max" or "trained"
  threads,  ///< a number or "auto"
  count,    ///< a number, or a word of `choices`, which all stand for -1
  seed,     ///< a number or "random"
  text,
  path,    ///< a file
  model,   ///< a model name or a file
  format,  ///< a chat format's name or a template file
  choice,  ///< one of the words in `choices`
  texts,   ///< an array of strings that are not empty
  table,   ///< names and values
};

/// One row of the table of profile keys: the only place that knows a key's member, range, cost and
/// description.
struct ProfileField {
  using Texts = std::vector<std::string>;
  using Member = std::variant<
      bool Profile::*, std::int32_t Profile::*, std::string Profile::*, Texts Profile::*, Json Profile::*,
      const SamplerField*, Texts SamplerOptions::*, std::optional<std::uint64_t> SamplerOptions::*,
      std::vector<SamplerStage> SamplerOptions::*, std::vector<std::pair<TokenId, float>> SamplerOptions::*>;
  std::string_view key;  ///< lower case: "context.ctx"
  Member member;
  FieldType type;
  double low = 0, high = 0;  ///< of numbers, both allowed
  std::string_view choices;  ///< words with blanks between them
  Reload reload = Reload::live;
  std::string_view help;
};

std::span<const ProfileField> profile_fields();
std::vector<std::string_view> field_keys();

const ProfileField* find_field(std::string_view key);  ///< nullptr when there is none

/// The field of a key as people type it: in full, or its last part when that is unique ("temp"). Throws E602.
const ProfileField& field_named(std::string_view key);

/// Member to value and back. set_field throws E603 with what is allowed as help; the profile is then
/// unchanged.
Json field_value(const Profile& profile, const ProfileField& field);
void set_field(Profile& profile, const ProfileField& field, const Json& value);

/// The value that a word on the command line or behind /set stands for. Throws E603.
Json value_from_text(const ProfileField& field, std::string_view text);

std::string value_text(const Json& value);  ///< for people: "64k", 0.7, [a, b]

bool is_profile_name(std::string_view name);

/// True when the value lives in SamplerOptions.
bool is_sampling(const ProfileField& field);

}  // namespace glim::app
