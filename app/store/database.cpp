#include "app/store/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "app/paths.h"
#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim::app {
namespace {

constexpr int kWaitMilliseconds = 5000;

/// SQLite itself would create the file with the permissions of the umask.
void create_private_file(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd >= 0) {
    ::close(fd);
    return;
  }
  throw Error(ErrorCode::E701, strf("%s: cannot open the results for writing: %s; check its permissions",
                                    printable(path.string()).c_str(), std::strerror(errno)));
}

}  // namespace

void Statement::Close::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}
void Database::Close::operator()(sqlite3* database) const {
  sqlite3_close(database);
}

void Statement::check(int status) const {
  if (status != SQLITE_OK) database_->refuse(status);
}

Statement& Statement::bind(std::int64_t value) {
  check(sqlite3_bind_int64(handle_.get(), ++bound_, value));
  return *this;
}

Statement& Statement::bind(double value) {
  check(sqlite3_bind_double(handle_.get(), ++bound_, value));
  return *this;
}

Statement& Statement::bind(std::string_view text) {
  // A null pointer would be bound as NULL.
  const char* data = text.data() == nullptr ? "" : text.data();
  check(sqlite3_bind_text64(handle_.get(), ++bound_, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

bool Statement::step() {
  const int status = sqlite3_step(handle_.get());
  if (status == SQLITE_ROW) return true;
  if (status != SQLITE_DONE) database_->refuse(status);
  return false;
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(handle_.get(), column);
}

double Statement::real(int column) const {
  return sqlite3_column_double(handle_.get(), column);
}

std::string Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(handle_.get(), column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

Database::Database(std::filesystem::path path) : path_(std::move(path)) {
  create_private_folder(path_.parent_path());
  create_private_file(path_);
  sqlite3* opened = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int status = sqlite3_open_v2(path_.c_str(), &opened, flags, nullptr);
  handle_.reset(opened);
  if (status != SQLITE_OK) refuse(status);
  sqlite3_busy_timeout(handle_.get(), kWaitMilliseconds);
  // Views and triggers of a file that somebody handed over run no functions with side effects.
  sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  run("PRAGMA journal_mode = WAL");
  run("PRAGMA synchronous = NORMAL");
}

Statement Database::prepare(std::string_view sql) const {
  sqlite3_stmt* statement = nullptr;
  const int status =
      sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if (status != SQLITE_OK) refuse(status);
  return Statement(*this, statement);
}

void Database::run(std::string_view sql) const {
  Statement statement = prepare(sql);
  while (statement.step()) {
  }
}

std::int64_t Database::last_id() const {
  return sqlite3_last_insert_rowid(handle_.get());
}

int Database::changes() const {
  return sqlite3_changes(handle_.get());
}

void Database::refuse(int status) const {
  const std::string place = printable(path_.string());
  const auto fail = [&](ErrorCode code, const char* what) { throw Error(code, place + ": " + what); };
  switch (status & 0xff) {
    case SQLITE_FULL:
      fail(ErrorCode::E701, "the disk is full; make room for the results");
      break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      fail(ErrorCode::E701, "another program keeps the results locked; try again when it is done");
      break;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      fail(ErrorCode::E701,
           "cannot open the results for writing; check the permissions of the file and its folder");
      break;
    case SQLITE_IOERR:
      fail(ErrorCode::E701, "reading or writing the results failed; check the disk");
      break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:
      fail(ErrorCode::E702, "the results are damaged; move the file away and glim starts a new one");
      break;
    default:
      break;
  }
  throw Error(ErrorCode::E701,
              strf("%s: the results cannot be used: %s", place.c_str(), sqlite3_errstr(status)));
}

Transaction::Transaction(const Database& database) : database_(database) {
  database_.run("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  if (!open_) return;
  try {
    database_.run("ROLLBACK");
  } catch (const Error&) {
    // After some failures SQLite has rolled back already.
  }
}

void Transaction::commit() {
  database_.run("COMMIT");
  open_ = false;
}

}  // namespace glim::app
