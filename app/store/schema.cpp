#include "app/store/schema.h"

#include <array>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim::app {
namespace {

/// The steps from an empty file to today's; what has been released is never changed, only added to. The
/// file's user_version counts the steps it has seen.
constexpr std::array<std::string_view, 3> kSteps = {
    R"(CREATE TABLE measurements (
         id INTEGER PRIMARY KEY AUTOINCREMENT,
         kind TEXT NOT NULL,
         time INTEGER NOT NULL,        -- seconds since 1970, UTC
         model TEXT NOT NULL,
         file_hash TEXT NOT NULL,
         quant TEXT NOT NULL,
         build TEXT NOT NULL,
         device TEXT NOT NULL,
         kernel TEXT NOT NULL,
         threads INTEGER NOT NULL,
         settings TEXT NOT NULL,       -- JSON object
         figures TEXT NOT NULL,        -- JSON array of figures
         result TEXT NOT NULL          -- JSON
       ) STRICT)",
    "CREATE INDEX measurements_by_file ON measurements (file_hash, kind)",
    R"(CREATE TABLE votes (
         id INTEGER PRIMARY KEY AUTOINCREMENT,
         time INTEGER NOT NULL,        -- seconds since 1970, UTC
         set_name TEXT NOT NULL,
         prompt_id TEXT NOT NULL,
         left_label TEXT NOT NULL,
         left_quant TEXT NOT NULL,
         left_hash TEXT NOT NULL,
         right_label TEXT NOT NULL,
         right_quant TEXT NOT NULL,
         right_hash TEXT NOT NULL,
         choice TEXT NOT NULL,         -- left, right, tie, both_bad
         note TEXT NOT NULL,
         named_itself INTEGER NOT NULL -- 1: an answer said which model it comes from
       ) STRICT)",
};

std::int64_t version_of(const Database& database) {
  Statement statement = database.prepare("PRAGMA user_version");
  return statement.step() ? statement.integer(0) : 0;
}

}  // namespace

void migrate(const Database& database) {
  constexpr auto kNewest = static_cast<std::int64_t>(kSteps.size());
  if (version_of(database) == kNewest) return;
  Transaction transaction(database);
  const std::int64_t version = version_of(database);
  if (version > kNewest || version < 0)
    throw Error(ErrorCode::E702, strf("%s: the results were written by a newer glim; use that one",
                                      printable(database.path().string()).c_str()));
  for (std::int64_t i = version; i < kNewest; ++i) database.run(kSteps[static_cast<std::size_t>(i)]);
  database.run(strf("PRAGMA user_version = %lld", static_cast<long long>(kNewest)));
  transaction.commit();
}

}  // namespace glim::app
