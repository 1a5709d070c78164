#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/chat_session.h"
#include "app/compare/pane_setup.h"
#include "app/model_slot.h"
#include "app/profile_set.h"

namespace glim::app {

/// What a command asks of whoever shows the chat.
enum class CommandResult : std::uint8_t { done, quit, show_help, pick_profile };

/// The chat between the keyboard and the engine, for the full screen and for plain lines alike: a
/// conversation, the model that answers, messages that wait, and what the commands do. One thread; nothing
/// blocks but the destructor. Mistakes of the user become error turns; only the constructor and start()
/// throw.
class Chat {
 public:
  struct Setup {
    ProfileSet profiles;
    std::string profile;  ///< empty: the default
    Settings overrides;   ///< of the command line
    ModelPlaces places;
  };

  Chat(EngineSource& engines, Setup setup);

  void start();  ///< begins to load; throws what is wrong with the profile or the model

  /// One line of input: a message, or a command when it begins with a slash ("//" sends a slash). Messages
  /// wait while an answer is being written or no model is there.
  CommandResult submit(const std::string& line);

  bool poll();  ///< takes all events; true when something changed
  std::vector<int> wake_fds() const { return slot_.wake_fds(); }

  // What commands and keys do.
  void use_profile(const std::string& name);
  void set_value(std::string_view key, std::string_view text);
  void set_system(const std::string& text);
  void clear() { session_.clear(); }
  void retry();
  void undo();
  bool stop() { return session_.stop(); }
  bool cancel_load();
  void notice(std::string text) { session_.notice(std::move(text)); }
  void error(std::string text) { session_.error(std::move(text)); }
  void report(const Error& error);
  std::optional<std::string> take_back();  ///< the last waiting message

  /// Gives the engine back; the conversation stays, and messages wait. Not while an answer is being written.
  void rest();
  void wake();  ///< loads the same again

  /// Panes of a comparison: what runs now, and `other`.
  PaneWishes wishes_with(const std::string& other) const;
  EngineSource& engines() const { return engines_; }
  const ModelPlaces& places() const { return setup_.places; }

  const ChatSession& session() const { return session_; }
  const ModelSlot& slot() const { return slot_; }
  const ProfileSet& profiles() const { return setup_.profiles; }
  const std::deque<std::string>& queued() const { return queue_; }
  /// A message that could not be sent, for the input line again.
  std::optional<std::string> take_unsent();
  /// Of the last load that failed, for the exit status of a program that has nothing else.
  const std::optional<ModelSlot::Failure>& failure() const { return failure_; }

  std::string stats_text() const;
  /// Tokens of a text for the model that is loaded; nothing without one, or when counting would take long.
  std::optional<std::int64_t> count_tokens(std::string_view text) const;

 private:
  void change(const std::string& name, Settings session_settings);
  void send(const std::string& text);
  void send_next();
  void adopt();
  void keep_running();
  void watch_device(const Event& event);
  void note_thinking();
  void take(const ModelSlot::News& news);

  EngineSource& engines_;
  Setup setup_;
  Settings session_settings_;    ///< command line and /set: stay when the profile changes
  Settings committed_settings_;  ///< those that the running engine has
  std::string wanted_name_;
  ModelSlot slot_;
  ChatSession session_;
  std::deque<std::string> queue_;
  std::optional<std::string> unsent_;
  std::optional<ModelSlot::Failure> failure_;
  bool device_lost_ = false;  ///< since the last answer that came to an end
  bool waking_ = false;  ///< what is said about a model has been said
};

/// "GLIM-E104: sentence" with the help on a second line.
std::string error_text(ErrorCode code, const std::string& message, const std::string& help);

}  // namespace glim::app
