#pragma once

#include <cstdint>
#include <ctime>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/text/jinja_value.h"

namespace glim::jinja {

/// What a template may use up before it is stopped. Templates come with model files and are not trusted.
struct Limits {
  std::size_t source_bytes = 1u << 20;
  std::size_t steps = 10'000'000;  ///< evaluated nodes, list items, and 256-byte pieces of text looked at
  std::size_t memory_bytes = 256u << 20;  ///< everything ever created by one rendering
  std::size_t output_bytes = 64u << 20;
  std::size_t range_length = 100'000;
  std::size_t nesting = 64;              ///< of the source, of macro calls, of lists in lists
  std::size_t evaluation_depth = 1'000;  ///< of the tree walk, all calls together
};

/// Offset into the template's text; the line and column are worked out when a message needs them.
using Place = std::uint32_t;

/// Throws E402 with line and column of `place` in `source`.
[[noreturn]] void fail_at(std::string_view source, Place place, const std::string& what);

/// One rendering: owns every value made during it and keeps the account of the limits. All members that check
/// throw Error E402 with the place of the statement or expression being worked on. Single-threaded.
class Runtime {
 public:
  Runtime(std::string_view source, const Limits& limits, const std::tm& now)
      : source_(source), limits_(limits), now_(now) {}
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  const Limits& limits() const { return limits_; }
  const std::tm& now() const { return now_; }

  void at(Place place) { place_ = place; }
  Place place() const { return place_; }
  [[noreturn]] void fail(const std::string& what) const { fail_at(source_, place_, what); }

  void step(std::size_t count = 1) {
    if (count > limits_.steps - steps_) fail("takes too many steps");
    steps_ += count;
  }
  /// Accounts for reading text of this size.
  void scan(std::size_t bytes) { step(1 + bytes / 256); }
  void allocate(std::size_t bytes) {
    if (bytes > limits_.memory_bytes - memory_) fail("uses too much memory");
    memory_ += bytes;
  }

  Value text(MarkedText text);  ///< `text` is accounted for by whoever built it
  Value text(std::string_view text, bool from_user = false);
  Value slice(const MarkedText& text, std::size_t from, std::size_t to);
  Value list(std::vector<Value> items, ListKind kind = ListKind::list);
  Value dict(std::vector<std::pair<Value, Value>> entries);
  Value name_space();
  Value function(Function function);
  Loop* loop(Loop loop);
  Scope* scope(Scope* parent);
  void release(Scope* scope);  ///< reuses it unless it is kept

  /// Counts a level of recursion while it lives.
  class Nest {
   public:
    Nest(Runtime& runtime, std::size_t& depth, std::size_t limit) : depth_(depth) {
      if (depth_ >= limit) runtime.fail("is nested too deeply");
      ++depth_;
    }
    ~Nest() { --depth_; }
    Nest(const Nest&) = delete;
    Nest& operator=(const Nest&) = delete;

   private:
    std::size_t& depth_;
  };
  Nest nest_values() { return Nest(*this, value_depth_, limits_.nesting); }
  Nest nest_calls() { return Nest(*this, call_depth_, limits_.nesting); }
  Nest nest_evaluation() { return Nest(*this, evaluation_depth_, limits_.evaluation_depth); }

 private:
  std::string_view source_;
  Limits limits_;
  std::tm now_;
  Place place_ = 0;
  std::size_t steps_ = 0, memory_ = 0;
  std::size_t value_depth_ = 0, call_depth_ = 0, evaluation_depth_ = 0;
  std::deque<MarkedText> texts_;
  std::deque<List> lists_;
  std::deque<Dict> dicts_;
  std::deque<Namespace> namespaces_;
  std::deque<Function> functions_;
  std::deque<Loop> loops_;
  std::deque<Scope> scopes_;
  std::vector<Scope*> free_scopes_;
};

/// Marked text that grows and pays for every byte before it grows.
class TextBuilder {
 public:
  explicit TextBuilder(Runtime& runtime) : runtime_(runtime) {}
  void add(std::string_view text, bool from_user = false) {
    runtime_.allocate(text.size());
    text_.append(text, from_user);
  }
  void add(const MarkedText& text) { add(text, 0, text.size()); }
  void add(const MarkedText& text, std::size_t from, std::size_t to) {
    runtime_.allocate(to > from ? to - from : 0);
    text_.append(text, from, to);
  }
  void fill(std::size_t count, char with);
  std::size_t size() const { return text_.size(); }
  const MarkedText& peek() const { return text_; }
  MarkedText take() { return std::move(text_); }
  Value value() { return runtime_.text(std::move(text_)); }

 private:
  Runtime& runtime_;
  MarkedText text_;
};

/// A list that grows and pays for every item.
class ListBuilder {
 public:
  explicit ListBuilder(Runtime& runtime) : runtime_(runtime) {}
  void add(Value value) {
    runtime_.step();
    runtime_.allocate(sizeof(Value));
    items_.push_back(value);
  }
  std::vector<Value>& items() { return items_; }
  Value value(ListKind kind = ListKind::list) { return runtime_.list(std::move(items_), kind); }

 private:
  Runtime& runtime_;
  std::vector<Value> items_;
};

/// The arguments of a native row, matched to its parameters. `self` is the receiver, or the value left of a
/// filter.
class BoundCall {
 public:
  BoundCall(Runtime& rt, const NativeRow& row, Value receiver, CallArguments arguments);

  Runtime& runtime;
  Value self;

  bool has(std::size_t index) const { return index < slots_.size() && slots_[index].has_value(); }
  Value at(std::size_t index) const { return has(index) ? *slots_[index] : Value(Undefined{}); }
  bool flag(std::size_t index, bool otherwise = false);
  Integer integer(std::size_t index, Integer otherwise = 0);
  const MarkedText& text(std::size_t index);  ///< fails when the argument is no string
  std::string_view view(std::size_t index, std::string_view otherwise);
  const MarkedText& self_text();

  /// Everything that was passed, for rows with parameters "*".
  const CallArguments& arguments() const { return arguments_; }
  [[noreturn]] void fail(const std::string& what) const;

 private:
  void bind();
  std::size_t slot_of(std::string_view name) const;

  const NativeRow& row_;
  CallArguments arguments_;
  std::vector<std::optional<Value>> slots_;
};

/// Calls a row with arguments it has been checked against.
Value call_native(Runtime& runtime, const NativeRow& row, Value self, CallArguments arguments);

}  // namespace glim::jinja
