#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/program.h"
#include "app/store/fingerprint.h"
#include "app/store/provenance.h"
#include "app/store/result_store.h"
#include "app/store/schema.h"
#include "app/text_table.h"
#include "engine/base/error.h"
#include "tests/app/fake_source.h"
#include "tests/support/sha256.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_model.h"

namespace glim::app {
namespace {

const std::string kModel = GLIM_SOURCE_DIR "/tests/golden/model/glm-mini-Q8_0.gguf";

/// A benchmark with one rate.
Measurement measured(const std::string& model, double rate, double spread) {
  Measurement m = provenance("bench", model);
  m.quant = "Q8_0";
  m.threads = 2;
  m.settings["type_k"] = "f16";
  m.figures = {{.name = "tg128", .value = rate, .unit = "t/s", .spread = spread}};
  m.result["rows"] = {1, 2, 3};
  return m;
}

/// The program with a data folder of its own.
struct StoreFixture {
  StoreFixture() {
    for (const char* name : kNames) setenv(name, (dir / "home").c_str(), 1);
  }
  ~StoreFixture() {
    for (const char* name : kNames) unsetenv(name);
  }

  int run(std::vector<std::string> words) {
    std::istringstream in;
    out.str("");
    err.str("");
    Console console{in, out, err};
    words.insert(words.begin(), "results");
    return run_program(parse_arguments(words), source, console);
  }
  ErrorCode refusal(const std::vector<std::string>& words) {
    try {
      run(words);
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::E901;
  }
  std::filesystem::path folder() const { return dir / "home"; }
  bool printed(const std::string& text) const { return out.str().find(text) != std::string::npos; }

  static constexpr std::array kNames = {"GLIM_CONFIG_HOME", "GLIM_DATA_HOME"};
  TempDir dir;
  FakeSource source;
  std::ostringstream out, err;
};

ErrorCode failure_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::E901;
}

}  // namespace

TEST_CASE("what is added comes back, newest first, filtered") {
  TempDir dir;
  ResultStore store(dir.path());
  Measurement first = measured("Model|\"A\"\xff", 10, 0.5);
  first.file_hash = "sha256:1";
  first.figures.push_back({.name = "odd", .value = std::nan(""), .better = Figure::Better::neither});
  CHECK(store.add(first) == 1);
  Measurement second = measured("b", 20, 0);
  second.kind = "eval";
  CHECK(store.add(second) == 2);
  const std::vector<Measurement> all = store.query({});
  REQUIRE(all.size() == 2);
  CHECK(all[0].model == "b");
  const Measurement back = *store.find(1);
  CHECK(back.model == first.model);
  CHECK(back.time == first.time);
  CHECK(back.device == first.device);
  CHECK(back.threads == 2);
  CHECK(back.settings == first.settings);
  CHECK(back.result == first.result);
  REQUIRE(back.figures.size() == 2);
  CHECK(back.figures[0].value == 10);
  CHECK(back.figures[0].spread == 0.5);
  CHECK(std::isnan(back.figures[1].value));
  CHECK(back.figures[1].better == Figure::Better::neither);
  CHECK(store.query({.kind = "eval"}).size() == 1);
  CHECK(store.query({.model = "MODEL"}).size() == 1);
  CHECK(store.query({.model = "%"}).empty());
  CHECK(store.query({.file_hash = "sha256:1"}).size() == 1);
  CHECK(store.query({.limit = 1}).size() == 1);
  CHECK(store.remove(1));
  CHECK(!store.remove(1));
  CHECK(!store.find(1));
  // Ids are never given twice.
  CHECK(store.add(first) == 3);
}

TEST_CASE("the database belongs to the user alone and several programs may write it") {
  TempDir dir;
  const std::filesystem::path folder = dir / "data";
  constexpr int kWriters = 3, kRows = 20;
  std::vector<pid_t> writers;
  for (int i = 0; i < kWriters; ++i) {
    writers.push_back(fork());
    if (writers.back() != 0) continue;
    int status = 1;
    try {
      // All of them may find an empty folder and make the tables.
      for (int row = 0; row < kRows; ++row) ResultStore(folder).add(measured("m", row, 0));
      status = 0;
    } catch (const Error&) {
    }
    _exit(status);
  }
  for (const pid_t writer : writers) {
    int status = -1;
    waitpid(writer, &status, 0);
    CHECK(status == 0);
  }
  CHECK(ResultStore(folder).query({}).size() == kWriters * kRows);
  struct stat info = {};
  REQUIRE(stat((folder / "glim.db").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  REQUIRE(stat(folder.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0700);
}

TEST_CASE("a file that is no database, is newer, locked or full ends in one sentence") {
  TempDir dir;
  const std::filesystem::path path = dir / "glim.db";
  const auto open = [&] { ResultStore store(dir.path()); };
  SUBCASE("garbage") {
    std::ofstream(path) << std::string(8192, 'x');
    CHECK(failure_of(open) == ErrorCode::E702);
  }
  SUBCASE("a folder") {
    std::filesystem::create_directory(path);
    CHECK(failure_of(open) == ErrorCode::E701);
  }
  SUBCASE("newer") {
    open();
    Database(path).run("PRAGMA user_version = 1000");
    CHECK(failure_of(open) == ErrorCode::E702);
  }
  SUBCASE("tables missing") {
    open();
    Database(path).run("DROP TABLE measurements");
    CHECK(failure_of([&] { ResultStore(dir.path()).query({}); }) == ErrorCode::E702);
  }
  SUBCASE("a row that is no JSON") {
    open();
    ResultStore(dir.path()).add(measured("m", 1, 0));
    Database(path).run("UPDATE measurements SET result = '{'");
    CHECK(failure_of([&] { ResultStore(dir.path()).query({}); }) == ErrorCode::E702);
    CHECK(ResultStore(dir.path()).remove(1));
  }
  SUBCASE("full") {
    open();
    const Database database(path);
    database.run("PRAGMA max_page_count = 1");
    CHECK(failure_of([&] {
            for (int i = 0; i < 100; ++i)
              database.run(
                  "INSERT INTO measurements (kind, time, model, file_hash, "
                  "quant, build, device, kernel, threads, settings, figures, "
                  "result) SELECT '', 0, hex(randomblob(9000)), '', '', '', "
                  "'', '', 0, '', '', ''");
          }) == ErrorCode::E701);
  }
}

TEST_CASE("a store that fails never stops what was measured") {
  TempDir dir;
  std::filesystem::create_directory(dir / "glim.db");
  Paths paths;
  paths.data = dir.path();
  std::istringstream in;
  std::ostringstream out, err;
  Console console{in, out, err};
  CHECK(record(paths, console, measured("m", 1, 0)) == 0);
  CHECK(err.str().find("the result was not kept: ") != std::string::npos);
  std::filesystem::remove(dir / "glim.db");
  CHECK(record(paths, console, measured("m", 1, 0)) == 1);
}

TEST_CASE("a transaction that is not committed leaves nothing") {
  TempDir dir;
  const Database database(dir / "x.db");
  database.run("CREATE TABLE t (v INTEGER)");
  {
    Transaction transaction(database);
    database.run("INSERT INTO t VALUES (1)");
  }
  {
    Transaction transaction(database);
    database.run("INSERT INTO t VALUES (2)");
    transaction.commit();
  }
  Statement select = database.prepare("SELECT v FROM t");
  REQUIRE(select.step());
  CHECK(select.integer(0) == 2);
  CHECK(!select.step());
}

TEST_CASE("a fingerprint follows the header and the size, not the weights") {
  TempDir dir;
  const auto write = [&](const std::vector<std::byte>& bytes) {
    std::ofstream(dir / "m.gguf", std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return GgufFile(dir / "m.gguf");
  };
  std::vector<std::byte> bytes;
  {
    std::ifstream stream(kModel, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    for (const char c : text) bytes.push_back(static_cast<std::byte>(c));
  }
  REQUIRE(bytes.size() > 100000);
  std::size_t header = bytes.size();
  {
    const GgufFile file = write(bytes);
    for (const GgufTensor& tensor : file.tensors())
      header = std::min(header, static_cast<std::size_t>(tensor.data - file.part(0).bytes().data()));
    CHECK(quant_name(file) == "Q8_0");
    std::vector<std::byte> hashed(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(header));
    for (int shift = 0; shift < 64; shift += 8)
      hashed.push_back(static_cast<std::byte>(bytes.size() >> shift));
    CHECK(fingerprint(file).substr(0, 7 + 16) == "sha256:" + sha256_prefix(hashed));
    CHECK(fingerprint(file).size() == 7 + 64);
  }
  const std::string whole = fingerprint(write(bytes));
  bytes.back() ^= std::byte{1};
  CHECK(fingerprint(write(bytes)) == whole);
  bytes.push_back({});
  CHECK(fingerprint(write(bytes)) != whole);
}

TEST_CASE("results lists, shows, compares, exports and forgets") {
  StoreFixture program;
  CHECK(program.run({"list"}) == 0);
  CHECK(program.out.str().empty());
  {
    ResultStore store(program.folder());
    store.add(measured("alpha", 100, 1));
    store.add(measured("alpha", 101, 1));
    Measurement slow = measured("beta,x", 50, 1);
    slow.settings["type_k"] = "q8_0";
    store.add(slow);
    Measurement other = measured("gamma", 1, 0);
    other.kind = "eval";
    store.add(other);
  }
  CHECK(program.run({"list"}) == 0);
  CHECK(program.printed("tg128 101 t/s"));
  CHECK(program.run({"list", "--kind", "eval", "--json"}) == 0);
  CHECK(nlohmann::json::parse(program.out.str()).at(0).at("model") == "gamma");
  CHECK(program.run({"show", "1"}) == 0);
  CHECK(program.printed("type_k"));
  CHECK(program.run({"show", "1", "--json"}) == 0);
  CHECK(nlohmann::json::parse(program.out.str()).at("result").at("rows").size() == 3);

  CHECK(program.run({"compare", "1", "2"}) == 0);
  CHECK(program.printed("within the spread"));
  CHECK(program.printed("same conditions"));
  CHECK(program.err.str().empty());
  CHECK(program.run({"compare", "1", "3"}) == 0);
  CHECK(program.printed("worse"));
  CHECK(program.printed("0.5"));
  CHECK(program.err.str().find("differ in 2 things") != std::string::npos);
  CHECK(program.run({"compare", "3", "1", "--json"}) == 0);
  const auto compared = nlohmann::json::parse(program.out.str());
  CHECK(compared.at("figures").at(0).at("verdict") == "better");
  CHECK(compared.at("figures").at(0).at("beyond_spread") == true);
  CHECK(compared.at("differences").size() == 2);
  CHECK(program.refusal({"compare", "1", "4"}) == ErrorCode::E501);

  CHECK(program.run({"export", "--model", "BETA"}) == 0);
  CHECK(program.printed(",\"beta,x\",Q8_0,"));
  CHECK(program.printed(",tg128,50,t/s,1\n"));
  CHECK(program.run({"export", "-o", "jsonl", "--limit", "2"}) == 0);
  CHECK(nlohmann::json::parse(program.out.str().substr(0, program.out.str().find('\n'))).at("id") == 4);
  CHECK(program.run({"export", "-o", "json"}) == 0);
  CHECK(nlohmann::json::parse(program.out.str()).size() == 4);
  CHECK(program.run({"export", "-o", "md"}) == 0);
  CHECK(program.printed("| tg128"));

  CHECK(program.run({"rm", "1", "2"}) == 0);
  CHECK(program.refusal({"show", "1"}) == ErrorCode::E501);
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"show"},
                                             {"show", "x"},
                                             {"show", "0"},
                                             {"compare", "3"},
                                             {"rm"},
                                             {"rm", "99"},
                                             {"list", "--limit", "-1"},
                                             {"list", "--kind", "none"},
                                             {"export", "-o", "xml"}}) {
    CAPTURE(words.back());
    CHECK(program.refusal(words) == ErrorCode::E501);
  }
}

TEST_CASE("tables keep their columns apart") {
  TextTable table({{"a"}, {"n", true}});
  table.add({"x|y", "1"});
  table.add({"é", "100"});
  CHECK(table.plain() == "a      n\nx|y    1\né    100\n");
  CHECK(table.markdown() == "| a    |   n |\n| ---- | --: |\n| x\\|y |   1 |\n| é    | 100 |\n");
  CHECK(csv_line({"a", "b\"c", "d,e"}) == "a,\"b\"\"c\",\"d,e\"\n");
}

}  // namespace glim::app
