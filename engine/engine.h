#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/memory_bytes.h"
#include "engine/base/token.h"
#include "engine/events.h"
#include "engine/quant/quant_type.h"
#include "engine/sample/sampler_options.h"
#include "engine/tensor/placement.h"
#include "engine/text/reply_parser.h"

namespace glim {

class EngineGroup;

struct EngineOptions {
  std::string model;  ///< path of a GGUF file or of the first part of a split set, or a shape: "shape:..."
  std::string backend = "auto";  ///< what choose_device() takes: "auto", "cpu", "vulkan", "vulkan1", "rtx"
  QuantType kv_type = QuantType::f16;
  std::int32_t ctx = 0;        ///< tokens per sequence; 0 is the context that the model was trained for
  std::int32_t max_seqs = 1;   ///< sequences that may be open at once
  std::int64_t kv_budget = 0;  ///< tokens of all sequences together; 0 is ctx * max_seqs
  std::int32_t batch = 256;    ///< rows of one step
  std::int32_t threads = 0;    ///< 0 is one per physical core
  bool eight_bits = false;     ///< of activations on the processor instead of 16: faster prompts, less exact
  std::int32_t gpu_layers = -1;     ///< that a graphics card takes, the output being the last; -1 is all
  std::int32_t cpu_moe_layers = 0;  ///< whose experts stay with the processor; -1 is as few as fit
  bool host_cache = false;          ///< the cache of a graphics card lies in memory of the host
  bool mmap = false;  ///< the processor reads weights where the file is mapped: slower, and no second copy
  std::string chat_template;   ///< a template's source, a built-in format's name, or empty for the file's own
  std::uint64_t memory = 0;    ///< bytes of a device to plan for; 0 is what this machine has free
  bool weights_loaded = false;  ///< of a plan for another cache: the weights are in memory already
  std::shared_ptr<EngineGroup> group =
      nullptr;  ///< takes turns and shares weights with the engines of this group

  /// Tokens that the cache is made for, once `ctx` is known.
  std::int64_t kv_tokens() const {
    return kv_budget > 0 ? kv_budget : std::int64_t{ctx} * std::max(max_seqs, 1);
  }
};

/// How a plan stands to the memory there is. `tight` leaves less than a tenth; `spills` fits but for weights
/// that are read from the file again and again; `no` is refused by loading.
enum class Fit : std::uint8_t { fits, tight, spills, no };

/// Where the bytes go, computed from headers alone; loading takes exactly this.
struct Plan {
  std::string backend;
  std::int32_t ctx = 0, trained_ctx = 0;
  QuantType kv_type = QuantType::f16;
  std::uint64_t weight_bytes = 0, kv_bytes = 0, scratch_bytes = 0;  ///< of the device
  std::uint64_t kv_token_bytes = 0;   ///< one token in all layers
  std::uint64_t available_bytes = 0;  ///< of the device, before loading
  Placement placement;                ///< what the processor has beside a graphics card
  MemoryBytes beside;                 ///< which is so much
  std::uint64_t beside_available = 0;
  bool one_memory = false;  ///< the device and the processor share it, so that both parts must fit together
  bool weights_stay = false;       ///< weights must be in memory; those of a file may leave it and come back
  std::vector<std::string> notes;  ///< what differs from what was asked, and assumptions about the file
  std::uint64_t total_bytes() const { return weight_bytes + kv_bytes + scratch_bytes; }
  MemoryBytes memory() const { return MemoryBytes{weight_bytes, kv_bytes, scratch_bytes} + beside; }
  Fit fit() const;
};

/// Throws what loading would throw: E101-E113 for the file, E201 when it does not fit, E301 for the backend.
Plan plan(const EngineOptions& options);

struct ModelCard {
  std::string name, architecture, format;  ///< "spark", "deepseek2", "BF16"
  std::uint64_t parameters = 0, active_parameters = 0, file_bytes = 0, bytes_per_token = 0;
  std::int64_t vocabulary = 0;
  bool thinks = false;          ///< the chat template knows a thinking switch
  std::string template_origin;  ///< "file", "built-in glm-4.7", ...
  SamplerOptions sampling;      ///< the file's recommendations over the built-in defaults
  std::vector<std::string> notes;
};

struct Prompt {
  std::vector<TokenId> tokens;
  std::vector<Segment> text;
  ReplyState start = ReplyState::content;  ///< what the reply begins with
  ReplyOptions reply;                      ///< how the reply is to be read
  std::string notice;                      ///< set when another template than the chosen one had to be used
};

struct Request {
  std::vector<TokenId> tokens;  ///< the whole conversation, not empty; the held prefix is reused
  SamplerOptions sampling;
  std::int32_t max_tokens = -1;  ///< of the reply; -1 is what the context holds
  std::vector<std::string> stop;
  bool ignore_eos = false;
  std::int32_t think_budget = -1;  ///< tokens before the end-of-thinking tag is forced; -1 is unlimited
  ReplyState start = ReplyState::content;
};

struct ScoreRequest {
  std::vector<TokenId> tokens;  ///< not empty; what is held of those before `first` is reused
  std::int32_t first = 0;       ///< the first position whose prediction is wanted
  bool keep_logits = false;
};

/// A snapshot for the status bar.
struct Stats {
  enum class State : std::uint8_t { loading, idle, prefilling, generating, failed } state = State::loading;
  double decode_rate = 0,
         prefill_rate = 0;  ///< live over the last second, else of the last answer; 0 unknown
  double first_token_seconds = 0;
  std::int32_t ctx_used = 0, ctx = 0;  ///< of the sequence that ran last
  std::uint64_t kv_used_bytes = 0, kv_bytes = 0, weight_bytes = 0, scratch_bytes = 0;
  MemoryBytes planned, actual;  ///< what the plan said and what the backend has taken, of load and cache
  std::uint64_t resident_bytes = 0, available_bytes = 0;  ///< of the process, of the machine
  QuantType kv_type = QuantType::f16;
  std::string backend;  ///< for people
};

/// One model on one device with its own worker thread. One owner thread calls; nothing but the destructor
/// blocks. Answers come as events. Two engines may live side by side.
class Engine {
 public:
  virtual ~Engine() = default;  ///< cancels and joins

  virtual int wake_fd() const = 0;  ///< readable while poll() would return something
  virtual std::optional<Event> poll() = 0;

  /// From Ready on; constant and safe from any thread.
  virtual const ModelCard& card() const = 0;
  virtual Prompt render(const ChatRequest& request) const = 0;  ///< throws E402
  virtual std::vector<TokenId> tokenize(std::string_view text, bool specials) const = 0;
  virtual std::string piece(TokenId token) const = 0;  ///< its bytes, a tag spelled out; empty for no token

  virtual SequenceId open_sequence() = 0;
  virtual void close_sequence(SequenceId sequence) = 0;
  virtual SequenceId fork_sequence(SequenceId sequence) = 0;  ///< shares what is held so far
  virtual void generate(SequenceId sequence, Request request) = 0;
  virtual void score(SequenceId sequence, ScoreRequest request) = 0;
  virtual void cancel(
      SequenceId sequence) = 0;  ///< Finished follows with reason cancelled, if it was running

  /// Other context length, KV type or number of sequences on the same weights; on failure the old cache
  /// stays.
  virtual void reconfigure(const EngineOptions& options) = 0;
  virtual Stats stats() const = 0;  ///< never waits
};

/// Starts loading at once; Loading events lead to Ready or Failed. Destroying the engine cancels the load.
std::unique_ptr<Engine> open_engine(const EngineOptions& options);

}  // namespace glim
