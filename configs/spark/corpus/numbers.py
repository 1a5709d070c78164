"""Counting, ordering, arithmetic, units."""
from .grammar import Item, last_number, number, sequence, word
from .words import ANIMALS, EVERYDAY, FOODS, NAMES, NUMBER_WORDS, THINGS

JOIN = ", "


def listed(values):
    return JOIN.join(str(v) for v in values)


# ---- counting

COUNT_UP = ["<PLS>count {|up }{from |}<a> to <b>", "<PLS>count from <a> {up to|to|till|until} <b>", "<PLS>{list|write|give me|say|show|print|type} {the |all |}numbers {from |}<a> to <b>",
            "numbers from <a> to <b>", "count <a> to <b>", "count <a>-<b>", "<PLS>{list|write|give|say|show}{ me|} {every|each} number from <a> {to|through|up to} <b>",
            "start at <a> and count {up |}to <b>", "<PLS>write out <a> to <b>", "count {upward|upwards|forward} from <a> to <b>", "<PLS>count numbers <a> {to|through} <b>",
            "begin with <a> and stop at <b>, count", "can you count {from |}<a> to <b>", "enumerate {the numbers |}from <a> to <b>", "<PLS>count between <a> and <b>"]
COUNT_UP_HELD = ["could you do a count from <a> through <b>", "let me see you count from <a> all the way to <b>", "recite the numbers <a> to <b>", "<a> to <b>, count them out",
                 "I would like to hear the numbers from <a> to <b>", "please start counting at <a> and end at <b>"]
COUNT_TO = ["<PLS>count to <b>", "<PLS>count up to <b>", "count till <b>", "can you count to <b>", "<PLS>count all the way to <b>", "how do you count to <b>", "<PLS>count until <b>"]
COUNT_TO_HELD = ["show me that you can count to <b>", "do you know how to count to <b>", "go ahead and count to <b>"]
COUNT_DOWN = ["<PLS>count {down|backwards|back} from <b> to <a>", "<PLS>count down from <b> {until|till} <a>", "countdown from <b> to <a>", "<PLS>{list|write|say} the numbers from <b> down to <a>",
              "count from <b> down to <a>", "<PLS>do a countdown from <b> to <a>", "<PLS>count in reverse from <b> to <a>", "count backward from <b> to <a>", "count <b> to <a> backwards"]
COUNT_DOWN_HELD = ["give me a countdown that starts at <b> and ends with <a>", "go from <b> down to <a>", "start at <b> and count down to <a>"]
COUNT_BY = ["<PLS>count by <s>s from <a> to <b>", "<PLS>count from <a> to <b> by <s>{|s}", "<PLS>count from <a> to <b> in steps of <s>", "<PLS>count in <s>s from <a> to <b>",
            "<PLS>skip count by <s> from <a> to <b>", "<PLS>list every <s> numbers from <a> to <b>", "from <a> to <b> in steps of <s>"]
COUNT_BY_HELD = ["count up from <a> to <b>, adding <s> each time", "numbers from <a> to <b> with step <s>"]
EVEN = ["<PLS>list the <k> numbers {from <a> to <b>|between <a> and <b>}", "<PLS>{count|write|give me|say} the <k> numbers from <a> to <b>", "which numbers from <a> to <b> are <k>", "<k> numbers from <a> to <b>"]
EVEN_HELD = ["show me all the <k> numbers from <a> up to <b>", "name each <k> number from <a> to <b>"]
AFTER = ["what {number |}comes {right |}after <a>", "what is the {next number|number} after <a>", "which number {follows|comes after|is after} <a>", "next number after <a>", "what comes next after <a>",
         "the number after <a>", "<TELL> the number after <a>"]
AFTER_HELD = ["if I am at <a>, what number is next", "what number do I say after <a> when counting"]
BEFORE = ["what {number |}comes {right |}before <a>", "what is the number before <a>", "which number {precedes|comes before|is before} <a>", "number before <a>", "<TELL> the number before <a>"]
BEFORE_HELD = ["which number do you find just before <a>", "when counting, what number is said just before <a>"]
HOWMANY = ["how many {words|things|items} {are in this list|are there|are here|do you see|are in}: <list>", "count {the |these |}{words|items|things}: <list>", "how many items: <list>",
           "<list> - how many {words|things|items} is that", "<PLS>count how many {words|things|items} there are: <list>", "number of {words|items} in: <list>"]
HOWMANY_HELD = ["here is a list: <list>. how many items does it have", "tell me how many things I listed: <list>"]


def counting(r):
    kind = r.random()
    if kind < 0.42:
        return count_up(r)
    if kind < 0.62:
        return count_down(r)
    if kind < 0.72:
        step, n = r.choice([2, 2, 5, 10, 10]), r.randint(4, 10)
        start = r.choice([0, step])
        values = [start + i * step for i in range(n)]
        name = {2: "two", 5: "five", 10: "ten"}[step] if r.random() < 0.5 else step
        text = r.ask(COUNT_BY, COUNT_BY_HELD, a=start, b=values[-1], s=name)
        return Item("counting", text, listed(values), wants=[sequence(values)], bans=[number(values[-1] + step)])
    if kind < 0.78:
        n, odd = r.randint(5, 20), r.random() < 0.5
        values = [v for v in range(1, n + 1) if v % 2 == odd]
        text = r.ask(EVEN, EVEN_HELD, a=1, b=n, k="odd" if odd else "even")
        return Item("counting", text, listed(values), wants=[sequence(values)], bans=[number(values[-1] + 2)])
    if kind < 0.92:
        (a,) = r.numbers((1, 99))
        up = r.random() < 0.5
        text = r.ask(AFTER, AFTER_HELD, a=a) if up else r.ask(BEFORE, BEFORE_HELD, a=a)
        b = a + 1 if up else a - 1
        return Item("counting", text, f"{b}.", wants=[last_number(b)])
    n = r.randint(2, 6)
    things = r.sample(ANIMALS + FOODS + THINGS, n)
    text = r.ask(HOWMANY, HOWMANY_HELD, list=JOIN.join(things))
    think = " ".join(f"{i + 1} {thing}" for i, thing in enumerate(things))
    return Item("counting", text, f"{n}.", think=think, wants=[last_number(n)])


def count_up(r):
    if r.random() < 0.35:
        (b,) = r.numbers((3, 20))
        values = range(1, b + 1)
        text = r.ask(COUNT_TO, COUNT_TO_HELD, b=NUMBER_WORDS[b] if b <= 20 and r.random() < 0.25 else b)
    else:
        a, n = r.numbers((0, 40), (3, 10)) if r.random() < 0.4 else (r.randint(0, 9), r.randint(3, 11))
        if r.random() < 0.3:
            a = 1
        values = range(a, a + n)
        as_words = a + n - 1 <= 20 and r.random() < 0.15
        show = (lambda v: NUMBER_WORDS[v]) if as_words else str
        text = r.ask(COUNT_UP, COUNT_UP_HELD, a=show(a), b=show(a + n - 1))
    return Item("counting", text, listed(values), wants=[sequence(values)], bans=[number(values[-1] + 1)])


def count_down(r):
    a, n = r.numbers((0, 20), (3, 9)) if r.random() < 0.4 else (r.randint(0, 1), r.randint(3, 11))
    values = list(range(a + n - 1, a - 1, -1))
    text = r.ask(COUNT_DOWN, COUNT_DOWN_HELD, a=a, b=values[0])
    return Item("counting", text, listed(values), wants=[sequence(values)], bans=[number(a - 1)] if a else [])


# ---- ordering

SORT_UP = ["<PLS>sort {these|the|these numbers|the numbers|}: <list>", "<PLS>{sort|order|arrange} <list>", "<PLS>put {these numbers |these |the numbers |}in {order|ascending order|increasing order}: <list>",
           "<PLS>sort from {smallest to largest|small to big|low to high|lowest to highest}: <list>", "<PLS>{order|arrange|rank} {these |the |}numbers {from smallest to largest|in ascending order|}: <list>",
           "sort ascending: <list>", "<list> sort {them|these|it}", "<list> in order", "<list> from {smallest to largest|low to high}", "<PLS>order these from least to greatest: <list>"]
SORT_UP_HELD = ["Can you bring <list> into ascending order", "what does <list> look like sorted", "arrange from small to large: <list>", "here are some numbers: <list>. Please sort them"]
SORT_DOWN = ["<PLS>sort {these |the numbers |}{descending|in descending order|from largest to smallest|high to low|from big to small|in reverse order}: <list>",
             "<PLS>put {these |}in {descending|decreasing} order: <list>", "<list> from {largest to smallest|high to low|highest to lowest}", "<PLS>{order|arrange} from {largest to smallest|biggest to smallest}: <list>"]
SORT_DOWN_HELD = ["sort so that the largest comes first: <list>", "arrange from large to small: <list>"]
SORT_WORDS = ["<PLS>sort {these words|the words|these|} {alphabetically|in alphabetical order|by alphabet|}: <list>", "<PLS>put {these words |these |}in {alphabetical|abc|ABC} order: <list>",
              "<PLS>{alphabetize|alphabetise}: <list>", "<list> in alphabetical order", "<PLS>{order|arrange} {these |the |}{words|names|} alphabetically: <list>", "sort a to z: <list>"]
SORT_WORDS_HELD = ["Bring these words into alphabetical order: <list>", "can you alphabetically sort <list>", "from A to Z, please: <list>"]
LARGEST = ["{which|what} is the {largest|biggest|greatest|highest}{| number}: <list>", "{which|what} number is the {largest|biggest|highest|greatest}{|:| of|, } <list>", "largest of <list>", "max of <list>",
           "what is the maximum of <list>", "biggest number in <list>", "which is {bigger|larger|greater|more}, <or>", "what is {bigger|larger}, <or>", "{is|which is greater:} <or>", "find the {largest|biggest} number: <list>"]
LARGEST_HELD = ["out of <list>, which number is biggest", "pick the largest number from <list>"]
SMALLEST = ["{which|what} is the {smallest|lowest|least}{| number}: <list>", "{which|what} number is the {smallest|lowest}{|:| of|, } <list>", "smallest of <list>", "min of <list>",
            "what is the minimum of <list>", "lowest number in <list>", "which is {smaller|less}, <or>", "what is {smaller|less}, <or>", "find the {smallest|lowest} number: <list>"]
SMALLEST_HELD = ["out of <list>, which number is smallest", "pick the smallest number from <list>"]
FIRST_ALPHA = ["which word comes first {alphabetically|in the alphabet|in alphabetical order}: <or>", "what comes first in {alphabetical|abc} order, <or>", "which is first alphabetically, <or>"]
FIRST_ALPHA_HELD = ["in the dictionary, which comes first: <or>", "alphabetically, does <or> come first"]


def ordering(r):
    kind = r.random()
    if kind < 0.50:
        top = r.choice([9, 9, 20, 20, 99])
        while True:
            count = 3
            values = [r.randint(0, top) for _ in range(count)]
            if len(set(values)) == count and r.mine(*values):
                break
        gap = r.choice([", ", ", ", ", ", " ", ",", " and " if count == 3 else ", "])
        down = r.random() < 0.35
        text = r.ask(SORT_DOWN, SORT_DOWN_HELD, list=gap.join(map(str, values))) if down else r.ask(SORT_UP, SORT_UP_HELD, list=gap.join(map(str, values)))
        result = sorted(values, reverse=down)
        return Item("ordering", text, listed(result), wants=["^[^0-9]*" + sequence(result)[4:] + r"\D*$"])
    if kind < 0.75:
        pool = EVERYDAY
        while True:
            values = r.sample(pool, 3)
            if len({v[0].lower() for v in values}) == len(values):
                break
        text = r.ask(SORT_WORDS, SORT_WORDS_HELD, list=r.choice([", ", ", ", " "]).join(values))
        result = sorted(values, key=str.lower)
        think = " ".join(f"{v[0].lower()} {v}" for v in values) + ": " + " ".join(v[0].lower() for v in result)
        return Item("ordering", text, listed(result), think=think, wants=[sequence(result)])
    if kind < 0.93:
        return extreme(r)
    first, second = r.sample(EVERYDAY, 2)
    while first[0] == second[0]:
        first, second = r.sample(EVERYDAY, 2)
    low = min(first, second)
    return Item("ordering", r.ask(FIRST_ALPHA, FIRST_ALPHA_HELD, **{"or": f"{first} or {second}"}), f"{low}.", think=f"{first[0]} {second[0]}",
                wants=[word(low)], bans=[word(max(first, second))])


def extreme(r):
    while True:
        count = r.choice([2, 2, 3])
        values = [r.randint(0, r.choice([9, 20, 99])) for _ in range(count)]
        if len(set(values)) == count and r.mine(*values):
            break
    largest = r.random() < 0.5
    either = f"{values[0]} or {values[1]}"
    train, held = (LARGEST, LARGEST_HELD) if largest else (SMALLEST, SMALLEST_HELD)
    train = [t for t in train if ("<or>" in t) == (count == 2)]
    text = r.ask(train, held, list=listed(values) if count > 2 else f"{values[0]} and {values[1]}", **{"or": either})
    best = max(values) if largest else min(values)
    if text.lower().startswith("is "):
        text = text.replace("is ", "which is larger, ", 1)
    return Item("ordering", text, f"{best}.", wants=[rf"^\D*{best}\D*$"])


# ---- arithmetic

ADD = ["what is <a> {plus|+} <b>", "what's <a> {plus|+} <b>", "<a> + <b>", "<a>+<b>", "<a> + <b> =", "<a>+<b>=", "<a> plus <b>", "<PLS>add <a> and <b>", "<PLS>{calculate|compute|work out|solve} <a> {+|plus} <b>",
       "how much is <a> {plus|+} <b>", "the sum of <a> and <b>", "what is the sum of <a> and <b>", "<PLS>add <b> to <a>", "{what do you get|what is it} if you add <a> and <b>"]
ADD_HELD = ["If I add <a> to <b>, what do I get", "what do <a> and <b> make together", "can you tell me what <a> + <b> equals", "how much do <a> and <b> add up to"]
SUB = ["what is <a> {minus|-} <b>", "what's <a> {minus|-} <b>", "<a> - <b>", "<a>-<b>", "<a> - <b> =", "<a> minus <b>", "<PLS>subtract <b> from <a>", "<PLS>{calculate|compute|work out|solve} <a> {-|minus} <b>",
       "how much is <a> {minus|-} <b>", "take <b> {away |}from <a>", "what is the difference between <a> and <b>", "<a> take away <b>"]
SUB_HELD = ["If I take <b> away from <a>, what is left", "can you tell me what <a> - <b> equals", "what remains when <b> is subtracted from <a>"]
MUL = ["what is <a> {times|*|x|multiplied by} <b>", "what's <a> {times|*|x} <b>", "<a> * <b>", "<a>*<b>", "<a> x <b>", "<a> times <b>", "<PLS>multiply <a> {by|and|with} <b>", "<PLS>{calculate|compute|solve} <a> {*|times|x} <b>",
       "how much is <a> {times|*} <b>", "the product of <a> and <b>", "<a> * <b> ="]
MUL_HELD = ["can you tell me what <a> * <b> equals", "what do I get when I multiply <a> by <b>", "how much does <a> times <b> make"]
DIV = ["what is <a> {divided by|/|over} <b>", "what's <a> {divided by|/} <b>", "<a> / <b>", "<a>/<b>", "<a> divided by <b>", "<PLS>divide <a> by <b>", "<PLS>{calculate|compute|solve} <a> {/|divided by} <b>", "how much is <a> {divided by|/} <b>"]
DIV_HELD = ["can you tell me what <a> / <b> equals", "what do I get when I divide <a> by <b>", "how often does <b> go into <a>"]
DOUBLE = ["what is {double|twice|two times} <a>", "double <a>", "twice <a>", "what's the double of <a>", "how much is twice <a>"]
DOUBLE_HELD = ["if you double <a>, what do you get"]
HALF = ["what is half of <a>", "half of <a>", "what's half of <a>", "how much is half of <a>", "halve <a>"]
HALF_HELD = ["if you cut <a> in half, what do you get"]
STORY_ADD = ["<n> has <a> <t> and gets <b> more. how many <t> {does <n> have|are there}{| now}", "i have <a> <t> and {buy|get|find} <b> more. how many {do i have|<t> do i have}{| now}", "there are <a> <t> and <b> more come. how many {are there|<t>}{| now}"]
STORY_ADD_HELD = ["<n> owns <a> <t>. A friend gives <n> <b> more. How many <t> is that"]
STORY_SUB = ["<n> has <a> <t> and gives away <b>. how many {are left|<t> are left|does <n> have left}", "i have <a> <t> and {eat|lose|sell|give away} <b>. how many {are left|do i have left}", "there are <a> <t>, <b> go away. how many are left"]
STORY_SUB_HELD = ["<n> owns <a> <t> and hands <b> of them to a friend. How many remain"]


def sum_answer(a, sign, b, result):
    return f"{a} {sign} {b} = {result}"


def arithmetic(r):
    """Small numbers only: sums to 20 + 20 and the times table to 10, all of which can be learnt by heart."""
    kind = r.random()
    a, b = r.randint(0, 20), r.randint(0, r.choice([10, 20]))
    if kind < 0.34:
        return Item("arithmetic", r.ask(ADD, ADD_HELD, a=a, b=b), sum_answer(a, "+", b, a + b), wants=[last_number(a + b)])
    if kind < 0.60:
        a, b = max(a, b), min(a, b)
        return Item("arithmetic", r.ask(SUB, SUB_HELD, a=a, b=b), sum_answer(a, "-", b, a - b), wants=[last_number(a - b)])
    if kind < 0.78:
        a, b = r.randint(0, 10), r.randint(0, 10)
        return Item("arithmetic", r.ask(MUL, MUL_HELD, a=a, b=b), sum_answer(a, "*", b, a * b), wants=[last_number(a * b)])
    if kind < 0.86:
        a, b = r.randint(1, 10), r.randint(1, 10)
        return Item("arithmetic", r.ask(DIV, DIV_HELD, a=a * b, b=b), sum_answer(a * b, "/", b, a), wants=[last_number(a)])
    if kind < 0.91:
        a = r.randint(1, 20)
        if r.random() < 0.5:
            return Item("arithmetic", r.ask(DOUBLE, DOUBLE_HELD, a=a), sum_answer(2, "*", a, 2 * a), wants=[last_number(2 * a)])
        return Item("arithmetic", r.ask(HALF, HALF_HELD, a=2 * a), sum_answer(2 * a, "/", 2, a), wants=[last_number(a)])
    return story(r)


def story(r):
    thing = r.choice(["apples", "books", "coins", "cookies", "pens", "eggs", "cards", "stamps", "oranges", "toys"])
    a, b = r.randint(2, 12), r.randint(1, 8)
    if r.random() < 0.5:
        return Item("arithmetic", r.ask(STORY_ADD, STORY_ADD_HELD, a=a, b=b, t=thing, n=r.choice(NAMES)), f"{a} + {b} = {a + b} {thing}", wants=[last_number(a + b)])
    a += b
    return Item("arithmetic", r.ask(STORY_SUB, STORY_SUB_HELD, a=a, b=b, t=thing, n=r.choice(NAMES)), f"{a} - {b} = {a - b} {thing}", wants=[last_number(a - b)])


# ---- units

UNITS = [("kilometer", "meters", 1000), ("km", "m", 1000), ("meter", "centimeters", 100), ("m", "cm", 100), ("centimeter", "millimeters", 10), ("cm", "mm", 10),
         ("kilogram", "grams", 1000), ("kg", "g", 1000), ("ton", "kilograms", 1000), ("liter", "milliliters", 1000), ("minute", "seconds", 60), ("hour", "minutes", 60),
         ("day", "hours", 24), ("week", "days", 7), ("year", "months", 12), ("decade", "years", 10), ("century", "years", 100), ("dozen", "eggs", 12),
         ("foot", "inches", 12), ("yard", "feet", 3), ("kilobyte", "bytes", 1000), ("megabyte", "kilobytes", 1000), ("gigabyte", "megabytes", 1000), ("GB", "MB", 1000),
         ("GiB", "MiB", 1024), ("byte", "bits", 8)]
PLURALS = {"foot": "feet", "century": "centuries", "km": "km", "m": "m", "cm": "cm", "kg": "kg", "GB": "GB", "GiB": "GiB", "dozen": "dozen"}
UNIT = ["how many <s> {are |}in {a|an|one|1} <u>", "how many <s> {does a <u> have|are there in a <u>|make a <u>|make up a <u>}", "1 <u> in <s>", "<s> in a <u>", "<s> per <u>", "<TELL> how many <s> are in a <u>",
        "a <u> is how many <s>", "how many <s> is {a|one|1} <u>", "convert 1 <u> to <s>", "what is 1 <u> in <s>"]
UNIT_HELD = ["if I have one <u>, how many <s> is that", "one <u> equals how many <s>"]
UNITS_N = ["how many <s> {are |}in <n> <u>", "<n> <u> in <s>", "<PLS>convert <n> <u> {to|into} <s>", "what is <n> <u> in <s>", "<n> <u> is how many <s>", "<n> <u> to <s>", "how many <s> {is|are|make} <n> <u>"]
UNITS_N_HELD = ["if I have <n> <u>, how many <s> is that", "<n> <u> equals how many <s>", "turn <n> <u> into <s>"]


def units(r):
    unit, small, factor = r.choice(UNITS)
    if r.random() < 0.45:
        text = r.ask(UNIT, UNIT_HELD, u=unit, s=small)
        return Item("units", text, f"1 {unit} = {factor} {small}", wants=[number(factor)])
    many = PLURALS.get(unit, unit + "s")
    n = r.randint(2, 10 if factor in (10, 100, 1000) else 6 if factor in (24, 60) else 3 if factor == 1024 else 9)
    if r.random() < 0.7:
        text = r.ask(UNITS_N, UNITS_N_HELD, n=n, u=many, s=small)
        return Item("units", text, f"{n} {many} = {n * factor} {small}", think=f"{n}*{factor}={n * factor}", wants=[number(n * factor) + r"\D*$"])
    text = r.ask(UNITS_N, UNITS_N_HELD, n=n * factor, u=small, s=many)
    return Item("units", text, f"{n * factor} {small} = {n} {many}", think=f"{n * factor}/{factor}={n}", wants=[number(n) + r"\D*$"])
