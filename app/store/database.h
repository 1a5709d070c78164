#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace glim::app {

class Database;

/// One prepared SQL statement. Values are bound in the order of its question marks. Lives no longer than its
/// database; one thread. Everything throws E701 and E702.
class Statement {
 public:
  Statement& bind(std::int64_t value);
  Statement& bind(double value);
  Statement& bind(std::string_view text);

  /// True when there is a row, whose columns can be read until the next step; false at the end.
  bool step();
  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string text(int column) const;

 private:
  friend class Database;
  struct Close {
    void operator()(sqlite3_stmt* statement) const;
  };
  Statement(const Database& database, sqlite3_stmt* statement) : database_(&database), handle_(statement) {}
  void check(int status) const;

  const Database* database_;
  std::unique_ptr<sqlite3_stmt, Close> handle_;
  int bound_ = 0;
};

/// One SQLite file in WAL mode. Several programs may have it open: a writer waits for others up to five
/// seconds. One thread. Source: https://www.sqlite.org/wal.html
class Database {
 public:
  /// Creates the file (0600) and its folder (0700) when they are missing. Throws E701 when they cannot be
  /// written, E702 when the file is no database.
  explicit Database(std::filesystem::path path);

  const std::filesystem::path& path() const { return path_; }
  Statement prepare(std::string_view sql) const;
  void run(std::string_view sql) const;  ///< one statement without values
  std::int64_t last_id() const;          ///< of the row inserted last
  int changes() const;                   ///< rows that the last statement changed

  /// Throws what belongs to an SQLite result code.
  [[noreturn]] void refuse(int status) const;

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  std::filesystem::path path_;
  std::unique_ptr<sqlite3, Close> handle_;
};

/// Everything between construction and commit() happens or nothing does. Takes the right to write at once, so
/// that what is read inside stays true.
class Transaction {
 public:
  explicit Transaction(const Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  const Database& database_;
  bool open_ = true;
};

}  // namespace glim::app
