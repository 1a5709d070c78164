"""Calendar, capitals, short code."""
from .grammar import Item, last_number, number, sequence, word
from .words import CAPITALS, DAYS, MONTH_DAYS, MONTHS, NAMES, NUMBER_WORDS, ORDINALS

# ---- calendar

NEXT = ["what {day|month} comes {right |}after <x>", "what {day|month} is after <x>", "what comes after <x>", "which {day|month} {follows|comes after|is after} <x>", "the {day|month} after <x>", "<x> is followed by {what|which} {day|month}",
        "what is the next {day|month} after <x>", "<TELL> which {day|month} comes after <x>"]
NEXT_HELD = ["once <x> is over, which {day|month} is it", "<x> ends, what {day|month} starts"]
PREVIOUS = ["what {day|month} comes {right |}before <x>", "what {day|month} is before <x>", "what comes before <x>", "which {day|month} {comes before|is before|precedes} <x>", "the {day|month} before <x>",
            "<TELL> which {day|month} comes before <x>"]
PREVIOUS_HELD = ["which {day|month} do we have just before <x>", "<x> comes right after which {day|month}"]
YESTERDAY = ["if today is <x>, what {day is tomorrow|is tomorrow}", "today is <x>, what is tomorrow", "if it is <x> today, what day is it tomorrow", "tomorrow, if today is <x>"]
YESTERDAY_HELD = ["suppose today is <x>. What day will it be tomorrow"]
BEFOREDAY = ["if today is <x>, what {day was yesterday|was yesterday}", "today is <x>, what was yesterday", "if it is <x> today, what day was it yesterday", "yesterday, if today is <x>"]
BEFOREDAY_HELD = ["suppose today is <x>. What day was it yesterday"]
LATER = ["what day is it <n> days after <x>", "what day is <n> days after <x>", "if today is <x>, what day is it in <n> days", "<n> days after <x> is what day", "today is <x>. what day is it in <n> days", "<x> plus <n> days", "what day comes <n> days after <x>"]
LATER_HELD = ["starting on <x> and waiting <n> days, which day is it", "which weekday do we have <n> days from <x>"]
LENGTH = ["how many days {are there in|are in|in|does} <m>{| have}", "how many days {has|does} <m>{| have}", "number of days in <m>", "how long is <m>", "<m> has how many days", "<TELL> how many days <m> has", "days in <m>"]
LENGTH_HELD = ["what is the last day number of <m>", "how many days does the month of <m> last"]
WHICH = ["what is the <o> month{| of the year}", "which month is {the <o>|number <n>}", "what month is {number <n>|the <o>}", "the <o> month{| of the year}", "month number <n>", "name the <o> month", "<TELL> the <o> month"]
WHICH_HELD = ["on the calendar, what is the <o> month called", "give me the name of month <n>"]
WHICHDAY = ["what is the <o> day of the week", "which day is the <o> day of the week", "the <o> day of the week", "<TELL> the <o> day of the week"]
WHICHDAY_HELD = ["in a week that starts on Monday, which is the <o> day"]
POSITION = ["what number {month is|is the month} <m>", "which {month number|number} is <m>", "<m> is {which|what} {number month|month number}", "what is the number of <m>", "month number of <m>"]
POSITION_HELD = ["at which position in the year is <m>"]
LIST_DAYS = ["<PLS>{list|name|say|give me|tell me|write} {all |}the days of the week", "<PLS>{list|name} the {seven days|weekdays and weekend days}", "what are the days of the week", "days of the week", "<PLS>{list|say} the days of the week in order"]
LIST_DAYS_HELD = ["which days does a week have", "can you recite the seven days of a week"]
LIST_MONTHS = ["<PLS>{list|name|say|give me|tell me|write} {all |}the {months|months of the year|twelve months|12 months}", "what are the months{| of the year}", "months of the year", "<PLS>{list|say} the months in order"]
LIST_MONTHS_HELD = ["which months does a year have", "can you recite the months from January on"]
FACTS = [(["how many days are {there |}in a week", "days in a week", "how many days has a week"], ["a week has how many days"], "A week has 7 days.", number(7)),
         (["how many months are {there |}in a year", "months in a year", "how many months has a year"], ["a year has how many months"], "A year has 12 months.", number(12)),
         (["how many days are {there |}in a year", "days in a year", "how many days has a year"], ["a normal year has how many days"], "A year has 365 days, a leap year 366.", number(365)),
         (["how many days are {there |}in a leap year", "days in a leap year", "how many days has a leap year"], ["a leap year is how many days long"], "A leap year has 366 days.", number(366)),
         (["how many weeks are {there |}in a year", "weeks in a year"], ["a year has about how many weeks"], "A year has 52 weeks.", number(52)),
         (["what days are the weekend", "which days are the weekend", "what is the weekend", "name the weekend days"], ["which two days make up the weekend"], "Saturday and Sunday.", "Saturday.*Sunday"),
         (["what is the shortest month", "which month is the shortest", "shortest month of the year"], ["which month has the fewest days"], "February.", "February"),
         (["what is the first day of the week", "first day of the week", "which day starts the week"], ["with which day does the week begin"], "Monday.", "Monday"),
         (["what is the last month of the year", "last month of the year", "which month ends the year"], ["with which month does the year end"], "December.", "December")]


def one_of(r, text, is_day):
    return text.replace("{day|month}", "day" if is_day else "month")


def neighbour(r):
    is_day = r.random() < 0.5
    names = DAYS if is_day else MONTHS
    at = r.randrange(len(names))
    forward = r.random() < 0.6
    train, held = (NEXT, NEXT_HELD) if forward else (PREVIOUS, PREVIOUS_HELD)
    if is_day and r.random() < 0.3:
        train, held = (YESTERDAY, YESTERDAY_HELD) if forward else (BEFOREDAY, BEFOREDAY_HELD)
    text = r.ask([one_of(r, t, is_day) for t in train], [one_of(r, t, is_day) for t in held], x=names[at])
    result = names[(at + (1 if forward else -1)) % len(names)]
    return Item("calendar", text, f"{result}.", wants=[word(result)], bans=[word(n) for n in names if n not in (result, names[at])])


def calendar(r):
    kind = r.random()
    if kind < 0.36:
        return neighbour(r)
    if kind < 0.50:
        at, n = r.randrange(7), r.randint(2, 4)
        text = r.ask(LATER, LATER_HELD, x=DAYS[at], n=NUMBER_WORDS[n] if r.random() < 0.3 else n)
        result = DAYS[(at + n) % 7]
        return Item("calendar", text, f"{result}.", think=" ".join(f"{i} {DAYS[(at + i) % 7]}" for i in range(1, n + 1)), wants=[word(result) + r"\W*$"])
    if kind < 0.64:
        month = r.choice(MONTHS)
        answer = f"{month} has {MONTH_DAYS[month]} days" + (", 29 in a leap year." if month == "February" else ".")
        return Item("calendar", r.ask(LENGTH, LENGTH_HELD, m=month), answer, wants=[number(MONTH_DAYS[month])])
    if kind < 0.76:
        at = r.randrange(12)
        if r.random() < 0.3:
            at = r.randrange(7)
            return Item("calendar", r.ask(WHICHDAY, WHICHDAY_HELD, o=ORDINALS[at]), f"{DAYS[at]}.", wants=[word(DAYS[at])])
        name = ORDINALS[at] if r.random() < 0.7 else f"{at + 1}" + {1: "st", 2: "nd", 3: "rd"}.get(at + 1, "th")
        return Item("calendar", r.ask(WHICH, WHICH_HELD, o=name, n=at + 1), f"{MONTHS[at]}.", wants=[word(MONTHS[at])])
    if kind < 0.82:
        at = r.randrange(12)
        return Item("calendar", r.ask(POSITION, POSITION_HELD, m=MONTHS[at]), f"{MONTHS[at]} is month {at + 1}.", wants=[last_number(at + 1)])
    if kind < 0.91:
        days = r.random() < 0.5
        text = r.ask(LIST_DAYS, LIST_DAYS_HELD) if days else r.ask(LIST_MONTHS, LIST_MONTHS_HELD)
        names = DAYS if days else MONTHS
        return Item("calendar", text, ", ".join(names) + ".", wants=[sequence(names)])
    train, held, answer, want = r.choice(FACTS)
    return Item("calendar", r.ask(train, held), answer, wants=[want])


# ---- capitals

CAPITAL = ["what is the capital of <c>", "what's the capital of <c>", "capital of <c>", "<TELL> the capital of <c>", "which city is the capital of <c>", "name the capital of <c>", "<c> capital", "what is the capital city of <c>",
           "what city is the capital of <c>", "whats the capital of <c>", "the capital of <c> is", "do you know the capital of <c>", "<c>'s capital"]
CAPITAL_HELD = ["the government of <c> sits in which capital city", "I need the name of <c>'s capital city", "which capital does <c> have", "Remind me, the capital of <c> is called what"]
COUNTRY = ["<c> is the capital of {which|what} country", "{which|what} country has the capital <c>", "of which country is <c> the capital", "what country is <c> the capital of", "<c> is the capital of"]
COUNTRY_HELD = ["the capital <c> belongs to which country", "name the country whose capital is <c>"]
AMBIGUOUS = {"London", "Luxembourg"}


def capitals(r):
    country = r.choice(list(CAPITALS))
    city = CAPITALS[country]
    if r.random() < 0.75 or city in AMBIGUOUS:
        shown = country.replace("the ", "") if r.random() < 0.2 else country
        if country == "the United States" and r.random() < 0.4:
            shown = r.choice(["the USA", "USA", "America", "the US"])
        if country == "the United Kingdom" and r.random() < 0.4:
            shown = r.choice(["the UK", "Britain", "Great Britain"])
        if r.random() < 0.25:
            shown = shown.lower()
        text = r.ask(CAPITAL, CAPITAL_HELD, c=shown)
        return Item("capitals", text, f"The capital of {country} is {city}.".replace("D.C..", "D.C."), wants=[word(city.replace(", D.C.", ""))],
                    bans=[word(c) for c in ("Paris", "Berlin", "Rome", "Madrid", "Tokyo") if c != city])
    shown = city.lower() if r.random() < 0.25 else city
    return Item("capitals", r.ask(COUNTRY, COUNTRY_HELD, c=shown.replace(", d.c.", "").replace(", D.C.", "")), f"{city} is the capital of {country}.", wants=[word(country.replace("the ", ""))])


# ---- code

WRITE = "{<PLS>write|<PLS>show me|give me|<PLS>make|how do i write|example of|i need|how to write}"
CODE = [
    ("python", "{a |}{hello world|hello world program|program that prints hello world}", "print(\"Hello, world!\")", r"print\(.Hello, world!.\)"),
    ("python", "{a |}loop {that counts |that prints the numbers |}from 1 to <n>", "for i in range(1, <n1>):\n    print(i)", r"range\(1, <n1>\)[\s\S]*print\(i\)"),
    ("python", "{a |}{function|function that adds|function to add}{| that adds} two numbers", "def add(a, b):\n    return a + b", r"def add\(a, b\):\s+return a \+ b"),
    ("python", "{a |}{function|function that multiplies|function to multiply}{| that multiplies} two numbers", "def multiply(a, b):\n    return a * b", r"return a \* b"),
    ("python", "{a |}function {to reverse|that reverses} a string", "def reverse(s):\n    return s[::-1]", r"\[::-1\]"),
    ("python", "{a |}function {to check if|that checks whether|that tells if} a number is even", "def is_even(n):\n    return n % 2 == 0", r"% 2 == 0"),
    ("python", "{a |}function {to check if|that checks whether|that tells if} a number is odd", "def is_odd(n):\n    return n % 2 == 1", r"% 2 == 1"),
    ("python", "{a |}function {for|that computes|to compute} the factorial", "def factorial(n):\n    return 1 if n < 2 else n * factorial(n - 1)", r"n \* factorial\(n - 1\)"),
    ("python", "{a |}function {for|that computes|to compute} {fibonacci numbers|the fibonacci sequence|fibonacci}", "def fib(n):\n    a, b = 0, 1\n    for _ in range(n):\n        a, b = b, a + b\n    return a", r"a, b = b, a \+ b"),
    ("python", "{code |}to {find the largest number in|get the maximum of} a list", "largest = max(numbers)", r"max\(numbers\)"),
    ("python", "{code |}to {sum|add up} {a list|the numbers in a list|all numbers in a list}", "total = sum(numbers)", r"sum\(numbers\)"),
    ("python", "{code |}to sort a list", "numbers.sort()", r"\.sort\(\)"),
    ("python", "{code |}to read a file", "with open(\"file.txt\") as f:\n    text = f.read()", r"open\([\s\S]*read\(\)"),
    ("python", "{code |}to {get|find} the length of a list", "length = len(numbers)", r"len\(numbers\)"),
    ("python", "{code |}to {print|say} {my name|a name} <name>", "print(\"<name>\")", r"print\(.<name>.\)"),
    ("python", "{code |}to set {the variable |a variable |}x to <n>", "x = <n>", r"x = <n>\b"),
    ("c", "{a |}{hello world|hello world program}", "#include <stdio.h>\n\nint main(void) {\n    puts(\"Hello, world!\");\n    return 0;\n}", r"stdio\.h[\s\S]*Hello, world!"),
    ("c", "{a |}function {that adds|to add} two numbers", "int add(int a, int b) {\n    return a + b;\n}", r"return a \+ b;"),
    ("c", "{a |}loop from 1 to <n>", "for (int i = 1; i <= <n>; i++) {\n    printf(\"%d\\n\", i);\n}", r"i <= <n>;"),
    ("cpp", "{a |}{hello world|hello world program}", "#include <iostream>\n\nint main() {\n    std::cout << \"Hello, world!\\n\";\n}", r"iostream[\s\S]*Hello, world!"),
    ("bash", "{a |}{hello world|hello world script}", "echo \"Hello, world!\"", r"echo .Hello, world!"),
    ("bash", "{a |}loop from 1 to <n>", "for i in $(seq 1 <n>); do\n    echo $i\ndone", r"seq 1 <n>\)"),
    ("bash", "{a command |}to {list|show} {files|all files}", "ls -la", r"\bls\b"),
    ("bash", "{a command |}to {make|create} a {folder|directory} {named|called} <d>", "mkdir <d>", r"mkdir <d>"),
    ("bash", "{a command |}to {delete|remove} {the file|a file} <d>.txt", "rm <d>.txt", r"rm <d>\.txt"),
    ("bash", "{a command |}to count the lines {of|in} {the file |a file |}<d>.txt", "wc -l <d>.txt", r"wc -l <d>\.txt"),
    ("bash", "{a command |}to {find|search for} {the word |}<d> in {a file|log.txt}", "grep <d> log.txt", r"grep <d>"),
    ("javascript", "{a |}{hello world|hello world program}", "console.log(\"Hello, world!\");", r"console\.log\(.Hello, world!"),
    ("javascript", "{a |}function {that adds|to add} two numbers", "function add(a, b) {\n  return a + b;\n}", r"return a \+ b"),
    ("html", "{a |}{hello world|hello world page}", "<h1>Hello, world!</h1>", r"<h1>Hello, world!</h1>"),
    ("sql", "{a query |}to {select|get} {all rows|everything} from {the table |}<d>", "SELECT * FROM <d>;", r"(?i)select \* from <d>"),
]
LANGUAGE = {"cpp": "c++"}
CODE_ASK = ["<PLS>write <x> in <l>", "<x> in <l>", "<PLS>show me <x> in <l>", "<l>: <x>", "how do i write <x> in <l>", "<l> <x>", "<PLS>give me <x> in <l>", "i need <x> in <l>", "<l> code for <x>", "<PLS>write <l> code for <x>", "example of <x> in <l>"]
CODE_HELD = ["What would <x> look like in <l>", "in <l>, how would you write <x>", "Could you produce <x> using <l>"]
TO_ASK = ["<PLS>write <l> code <x>", "how do i use <l> <x>", "<l> code <x>", "<l> <x>", "what is the <l> code <x>", "give me <l> code <x>", "in <l>, <x>", "show me <l> <x>"]
TO_HELD = ["I am writing <l> and want <x>", "which <l> line do I need <x>"]
FOLDERS = "data notes photos music backup models results test work src docs logs".split()


def code(r):
    language, what, answer, want = r.choice(CODE)
    n, name, folder = r.randint(2, 20), r.choice(NAMES), r.choice(FOLDERS)
    from .grammar import expand
    what = expand(r, what.replace("{code |}", "").replace("{a command |}", "").replace("{a query |}", ""), {"n": n, "name": name, "d": folder})
    shown = LANGUAGE.get(language, language)
    shown = r.choice([shown, shown, shown.capitalize() if len(shown) > 4 else shown.upper()])
    text = (r.ask(TO_ASK, TO_HELD, x=what, l=shown) if what.startswith("to ") else r.ask(CODE_ASK, CODE_HELD, x=what, l=shown))
    for slot, value in (("<n1>", n + 1), ("<n>", n), ("<name>", name), ("<d>", folder)):
        answer, want = answer.replace(slot, str(value)), want.replace(slot, str(value))
    return Item("code", text, f"```{language}\n{answer}\n```", wants=[want])
