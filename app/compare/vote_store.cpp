#include "app/compare/vote_store.h"

#include <algorithm>
#include <array>
#include <ctime>

#include "app/store/schema.h"
#include "engine/base/error.h"

namespace glim::app {
namespace {

constexpr std::array kChoices = {"left", "right", "tie", "both_bad"};

VoteChoice choice_named(const std::string& name) {
  const auto found = std::find(kChoices.begin(), kChoices.end(), name);
  // A word that a newer program wrote says nothing for either side.
  return found == kChoices.end() ? VoteChoice::tie : static_cast<VoteChoice>(found - kChoices.begin());
}

void bind_side(Statement& statement, const ComparePane& pane) {
  statement.bind(pane.label).bind(pane.format).bind(pane.file_hash);
}

KeptVote::Side side_at(const Statement& row, int column) {
  return {row.text(column), row.text(column + 1), row.text(column + 2)};
}

}  // namespace

VoteStore::VoteStore(const std::filesystem::path& data_folder) : database_(data_folder / "glim.db") {
  migrate(database_);
}

std::int64_t VoteStore::add(const Comparison& comparison, const Vote& vote) {
  Statement insert = database_.prepare(
      "INSERT INTO votes (time, set_name, prompt_id, left_label, left_quant, left_hash, right_label, "
      "right_quant, "
      "right_hash, choice, note, named_itself) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  insert.bind(static_cast<std::int64_t>(std::time(nullptr))).bind(comparison.set_name);
  insert.bind(comparison.prompts.at(static_cast<std::size_t>(vote.prompt)).id);
  bind_side(insert, comparison.panes.at(static_cast<std::size_t>(vote.left)));
  bind_side(insert, comparison.panes.at(static_cast<std::size_t>(vote.right)));
  insert.bind(std::string_view(kChoices[static_cast<std::size_t>(vote.choice)])).bind(vote.note);
  insert.bind(std::int64_t{vote.named_itself}).step();
  return database_.last_id();
}

bool VoteStore::remove(std::int64_t id) {
  database_.prepare("DELETE FROM votes WHERE id = ?").bind(id).step();
  return database_.changes() > 0;
}

std::vector<KeptVote> VoteStore::all() const {
  Statement select = database_.prepare(
      "SELECT id, time, set_name, prompt_id, left_label, left_quant, left_hash, right_label, right_quant, "
      "right_hash, "
      "choice, note, named_itself FROM votes ORDER BY id");
  std::vector<KeptVote> out;
  while (select.step())
    out.push_back({select.integer(0), select.integer(1), select.text(2), select.text(3), side_at(select, 4),
                   side_at(select, 7), choice_named(select.text(10)), select.text(11),
                   select.integer(12) != 0});
  return out;
}

}  // namespace glim::app
