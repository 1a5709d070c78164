#include "engine/text/jinja.h"

#include <fstream>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"

namespace {

using Json = nlohmann::ordered_json;
using glim::Segment;

Json read_json(const std::string& name) {
  std::ifstream in(GLIM_SOURCE_DIR "/tests/golden/" + name);
  REQUIRE(in);
  return Json::parse(in);
}

std::tm golden_time() {
  std::tm time{};
  time.tm_year = 126, time.tm_mon = 0, time.tm_mday = 24;
  time.tm_hour = 12, time.tm_min = 34, time.tm_sec = 56;
  time.tm_wday = 6, time.tm_yday = 23;
  return time;
}

std::vector<Segment> render_marked(const std::string& source, const Json& variables = Json::object()) {
  return glim::jinja::Template(source).render(variables, {}, golden_time());
}

std::string render(const std::string& source, const Json& variables = Json::object()) {
  return joined(render_marked(source, variables));
}

std::string error_of(const std::string& source, const Json& variables = Json::object(),
                     const glim::jinja::Limits& limits = {}) {
  try {
    return "rendered: " + joined(glim::jinja::Template(source, limits).render(variables, {}, golden_time()));
  } catch (const glim::Error& error) {
    CHECK(error.code() == glim::ErrorCode::E402);
    return error.what();
  }
}

std::string repeated(const std::string& text, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

}  // namespace

TEST_CASE("every golden case renders as jinja2 renders it") {
  const Json golden = read_json("jinja_golden.json");
  const Json& variables = golden["vars"];
  std::size_t count = 0;
  for (const Json& test : golden["cases"]) {
    const std::string source = test["template"].get<std::string>();
    CAPTURE(source);
    ++count;
    if (test.contains("expected")) {
      std::string got;
      try {
        got = render(source, variables);
      } catch (const glim::Error& error) {
        got = std::string("error: ") + error.what();
      }
      CHECK(got == test["expected"].get<std::string>());
    } else {
      const std::string message = error_of(source, variables);
      CHECK(message.find("line ") != std::string::npos);
      CHECK(message.find("rendered: ") != 0);
    }
  }
  CHECK(count >= 160);
}

TEST_CASE("messages of raise_exception and places of errors are reported") {
  const std::string message = error_of("ab\n  {{ raise_exception('boom ' ~ n) }}", {{"n", 7}});
  CHECK(message.find("boom 7") != std::string::npos);
  CHECK(message.find("line 2, column 6") != std::string::npos);
  CHECK(error_of("{{ a.b.c }}", {{"a", Json::object()}}).find("no attribute 'b'") != std::string::npos);
  CHECK(error_of("é\né{{ é.x }}").find("line 2, column 5: 'é' is undefined") != std::string::npos);
}

TEST_CASE("control characters of a template cannot reach the terminal through its errors") {
  const std::string message = error_of("{{ raise_exception('\x1b]0;pwned\x07') }}");
  CHECK(message.find('\x1b') == std::string::npos);
  CHECK(message.find("pwned") != std::string::npos);
}

TEST_CASE("joining and cutting keep apart what the user wrote") {
  const Json user = {{"u", "<u>"}, {"l", {"<a>", "<b>"}}, {"d", {{"<k>", "<v>"}}}};
  struct Row {
    const char* source;
    std::vector<Segment> expected;
  };
  const Row rows[] = {
      {"x{{ u }}y", {{"x", false}, {"<u>", true}, {"y", false}}},
      {"{{ '<' + u + '>' }}", {{"<", false}, {"<u>", true}, {">", false}}},
      {"{{ 'a' ~ u ~ 1 }}", {{"a", false}, {"<u>", true}, {"1", false}}},
      {"{{ ('ab' + u)[1:4] }}", {{"b", false}, {"<u", true}}},
      {"{{ ('ab' + u)[::-1] }}", {{">u<", true}, {"ba", false}}},
      {"{{ ('  ' + u + ' ').strip() }}", {{"<u>", true}}},
      {"{{ ('x' + u) | upper }}", {{"X", false}, {"<U>", true}}},
      {"{{ ('x,' + u).split(',')[1] }}", {{"<u>", true}}},
      {"{{ 'a-b'.replace('-', u) }}", {{"a", false}, {"<u>", true}, {"b", false}}},
      {"{{ u.replace('u', 'v') }}", {{"<", true}, {"v", false}, {">", true}}},
      {"{{ l | join('|') }}", {{"<a>", true}, {"|", false}, {"<b>", true}}},
      {"{{ '|'.join(l) }}", {{"<a>", true}, {"|", false}, {"<b>", true}}},
      {"{{ '%s!' % u }}", {{"<u>", true}, {"!", false}}},
      {"{{ '[{}]'.format(u) }}", {{"[", false}, {"<u>", true}, {"]", false}}},
      {"{{ ('a\n' + u) | indent(1) }}", {{"a\n ", false}, {"<u>", true}}},
      {"{% set b %}({{ u }}){% endset %}{{ b | trim }}", {{"(", false}, {"<u>", true}, {")", false}}},
      {"{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m(u) }}", {{"<", false}, {"<u>", true}, {">", false}}},
      {"{% filter upper %}a{{ u }}{% endfilter %}", {{"A", false}, {"<U>", true}}},
      {"{% for c in u %}{{ c }}-{% endfor %}",
       {{"<", true}, {"-", false}, {"u", true}, {"-", false}, {">", true}, {"-", false}}},
      {"{{ d | tojson }}", {{"{\"<k>\": \"<v>\"}", true}}},
      {"{{ d }}", {{"{'<k>': '<v>'}", true}}},
      {"{% for k, v in d.items() %}{{ k }}={{ v }}{% endfor %}",
       {{"<k>", true}, {"=", false}, {"<v>", true}}},
      {"{{ {'a': 1} | tojson }}", {{"{\"a\": 1}", false}}},
      {"{{ u if u == '<u>' and '<' in u else 'no' }}", {{"<u>", true}}},
      {"{{ ('{\"a\": \"' + u + '\"}') | from_json | tojson }}", {{"{\"a\": \"<u>\"}", true}}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.source);
    CHECK(render_marked(row.source, user) == row.expected);
  }
}

TEST_CASE("only trusted variables are the template's text") {
  const Json variables = {{"bos_token", "<s>"}, {"x", "<s>"}};
  const std::string_view trusted[] = {"bos_token"};
  const auto segments =
      glim::jinja::Template("{{ bos_token }}{{ x }}").render(variables, trusted, golden_time());
  CHECK(segments == std::vector<Segment>{{"<s>", false}, {"<s>", true}});
}

TEST_CASE("templates that would not end, or would fill the memory, are stopped") {
  const glim::jinja::Limits small{.steps = 200'000, .memory_bytes = 16u << 20, .output_bytes = 1u << 20};
  const std::string forms[] = {
      "{% macro f(n) %}{{ f(n) }}{% endmacro %}{{ f(1) }}",
      "{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}x{% endfor %}{% "
      "endfor %}"
      "{% endfor %}",
      "{{ m[-9223372036854775808:9223372036854775807:0] }}",
      "{{ range(100001) }}",
      "{{ range(-9223372036854775807, 9223372036854775807) }}",
      "{{ range(10 ** 38) }}",
      "{{ 'x' * 10 ** 12 }}",
      "{{ [0] * 10 ** 12 }}",
      "{{ 2 ** (10 ** 9) }}",
      "{{ 9 ** 99 }}",
      "{{ 10 ** 38 * 10 }}",
      "{{ '%999999999d' % 1 }}",
      "{{ '{:>999999999}'.format(1) }}",
      "{{ 'x'.ljust(10 ** 12) }}",
      "{{ 'x' | center(10 ** 12) }}",
      "{{ 'a\nb' | indent(10 ** 12) }}",
      "{{ [1] | batch(10 ** 12, 0) | list }}",
      "{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ "
      "ns.x }}",
      "{% set ns = namespace(x='a') %}{% for i in range(99) %}{% set ns.x = ns.x.replace('a', 'aa') %}{% "
      "endfor %}",
      "{% set ns = namespace(x=['a']) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ "
      "ns.x }}",
      "{% set ns = namespace(x=['a']) %}{% for i in range(40) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ "
      "ns.x }}",
      "{% set a = namespace(x=[1]) %}{% set b = namespace(x=[1]) %}{% for i in range(40) %}"
      "{% set a.x = [a.x, a.x] %}{% set b.x = [b.x, b.x] %}{% endfor %}{{ a.x == b.x }}",
      "{% set ns = namespace() %}{% set ns.a = [ns] %}{{ ns.a }}",
      "{% set ns = namespace() %}{% set ns.a = [ns] %}{{ ns.a | tojson }}",
      "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
      "{% set ns = namespace() %}{% macro f() %}{{ ns.g() }}{% endmacro %}{% set ns.g = f %}{{ ns.g() }}",
      "{% macro f() %}{{ caller() }}{% endmacro %}{% macro g() %}{% call f() %}{{ g() }}{% endcall %}{% "
      "endmacro %}"
      "{{ g() }}",
      "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
      "{% set s = 'a' * 1000000 %}{% for i in range(99999) %}{% if s in s %}{% endif %}{% endfor %}",
      "{% set s = 'a' * 100000 %}{% for i in range(99999) %}{{ s }}{% endfor %}",
      "{% set s = 'ab' * 1000000 %}{% for i in range(9999) %}{% set t = s | upper %}{% endfor %}",
      "{{ range(99999) | map('string') | unique | list | length }}",
  };
  for (const std::string& source : forms) {
    CAPTURE(source);
    CHECK(error_of(source, {{"m", {1, 2}}}, small).find("rendered") == std::string::npos);
  }
  CHECK(error_of(forms[0]).find("nested") != std::string::npos);
  CHECK(error_of(forms[1]).find("rendered") == std::string::npos);
}

TEST_CASE("deep nesting in the source is refused without exhausting the stack") {
  const int many = 20000;
  const std::string sources[] = {
      "{{ " + repeated("(", many) + "1" + repeated(")", many) + " }}",
      "{{ " + repeated("[", many) + repeated("]", many) + " }}",
      "{{ " + repeated("{'a': ", many) + "1" + repeated("}", many) + " }}",
      "{{ " + repeated("-", many) + "1 }}",
      "{{ " + repeated("not ", many) + "1 }}",
      "{{ " + repeated("1 if 1 else ", many) + "1 }}",
      "{{ " + repeated("1 + ", many) + "1 }}",
      "{{ " + repeated("1 or ", many) + "1 }}",
      "{{ " + repeated("2 ** ", many) + "1 }}",
      "{{ a" + repeated(".b", many) + " }}",
      "{{ a" + repeated("[0]", many) + " }}",
      "{{ a" + repeated("()", many) + " }}",
      "{{ a" + repeated("(", many) + repeated(")", many) + " }}",
      "{{ a" + repeated(" | upper", many) + " }}",
      "{{ a" + repeated(" is string", many) + " }}",
      "{{ a" + repeated(" if 1", many) + " }}",
      repeated("{% if 1 %}", many) + repeated("{% endif %}", many),
      repeated("{% for a in b %}", many) + repeated("{% endfor %}", many),
      repeated("{% macro a() %}", many) + repeated("{% endmacro %}", many),
      "{% set " + repeated("(", many) + "a" + repeated(")", many) + " = 1 %}",
      "{% set a" + repeated(", a", many) + repeated(")", many) + " = 1 %}",
  };
  for (const std::string& source : sources) {
    CAPTURE(source.substr(0, 40));
    CHECK(error_of(source).find("rendered") == std::string::npos);
  }
  CHECK(error_of(std::string((1 << 20) + 1, 'x')).find("limit") != std::string::npos);
  CHECK(render("{{ 0" + repeated(" ~ 1", 1000) + " }}").size() == 1001);
  CHECK(render(repeated("{% if 0 %}{% elif 0 %}", 1) + repeated("{% elif 0 %}", 5000) +
               "{% else %}x{% endif %}") == "x");
}

TEST_CASE("nested input data is accepted up to the limit") {
  Json deep = 1;
  for (int i = 0; i < 60; ++i) deep = Json::array({deep});
  CHECK(render("{{ x | tojson | length }}", {{"x", deep}}) == "121");
  for (int i = 0; i < 10; ++i) deep = Json::array({deep});
  CHECK(error_of("{{ 1 }}{{ x }}", {{"x", deep}}).find("nested") != std::string::npos);
}

TEST_CASE("templates cut short anywhere give an error or a text, never a crash") {
  const Json golden = read_json("jinja_golden.json");
  for (const Json& test : golden["cases"]) {
    const std::string source = test["template"].get<std::string>();
    for (std::size_t size = 0; size < source.size(); ++size) error_of(source.substr(0, size), golden["vars"]);
  }
}

TEST_CASE("bytes that are no UTF-8 pass through") {
  const std::string broken = "a\xff\xe3\x81z";
  CHECK(render("{{ '" + broken + "' | upper }}") == "A\xff\xe3\x81Z");
  CHECK(render("{{ ('" + broken + "')[::-1] | length }}{{ ('" + broken + "').strip('z') }}") ==
        "4a\xff\xe3\x81");
}

TEST_CASE("lists and mappings do not change under a template") {
  for (const char* source :
       {"{{ l.append(1) }}", "{{ d.update({}) }}", "{{ d.pop('a') }}", "{{ l.clear() }}", "{% set d.a = 2 %}",
        "{{ d.__class__.x }}", "{% include 'x' %}", "{% import 'x' as y %}"}) {
    CAPTURE(source);
    CHECK(error_of(source, {{"l", {1}}, {"d", {{"a", 1}}}}).find("rendered") == std::string::npos);
  }
}
