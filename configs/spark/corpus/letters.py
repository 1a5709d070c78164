"""Spelling and copying."""
from .grammar import Item, last_number, word
from .words import ANIMALS, CITIES, COLOURS, EVERYDAY, FOODS, IDEAS, NAMES, SYLLABLES, THINGS, WORDS

import re

SPELL = ["<PLS>spell <w>", "<PLS>spell {the word |}<w>", "how do you spell <w>", "how is <w> spelled", "how to spell <w>", "<PLS>spell out <w>", "spelling of <w>", "what is the spelling of <w>",
         "how do i spell <w>", "<PLS>spell <w> {letter by letter|for me}", "what are the letters {of|in} <w>", "<PLS>{list|give me|show} the letters {of|in} <w>", "<w> spelled out", "<w>, letter by letter"]
SPELL_HELD = ["Could you tell me how <w> is spelled", "I forgot how to write <w>, spell it", "say the letters of <w> one by one", "which letters make up the word <w>"]
LENGTH = ["how many letters {are |}in <w>", "how many letters {does <w> have|are in the word <w>|has <w>}", "<PLS>count the letters {in|of} <w>", "number of letters in <w>", "how long is the word <w>", "letters in <w>, how many"]
LENGTH_HELD = ["the word <w> has how many letters", "tell me the letter count of <w>"]
COUNT = ["how many <l>{'s|s|} {are |}in <w>", "how many times does {the letter |}<l> {appear|occur} in <w>", "<PLS>count the {letter |}<l>{'s|} in <w>", "how often {is|does} {the letter |}<l> {in|appear in} <w>", "how many letter <l> in <w>"]
COUNT_HELD = ["in the word <w>, how many <l>'s can you find", "the letter <l> occurs how often in <w>"]
FIRST = ["what is the first letter of <w>", "first letter of <w>", "what letter does <w> {start|begin} with", "<w> starts with {what|which} letter", "which letter is first in <w>"]
FIRST_HELD = ["which letter do you write first in <w>", "with which letter does <w> begin"]
LAST = ["what is the last letter of <w>", "last letter of <w>", "what letter does <w> end {with|in}", "<w> ends with {what|which} letter", "which letter is last in <w>"]
LAST_HELD = ["which letter do you write last in <w>", "with which letter does <w> finish"]


def pseudo_word(r):
    return "".join(r.choice(SYLLABLES) for _ in range(r.choice([2, 2, 3, 3, 4])))[:11]


def any_word(r):
    if not r.held and r.random() < 0.03:
        return pseudo_word(r)
    if r.random() < 0.02:
        return r.choice(NAMES + CITIES)
    return r.choice(EVERYDAY)


def shown(r, text):
    """As people write a word they talk about."""
    return r.choice([text] * 8 + [f'"{text}"', text.capitalize()])


def dashed(text):
    return "-".join(text)


def letters_of(text):
    return r"(?i)(?<![a-z])" + r"[^a-z0-9]+".join(re.escape(ch) for ch in text) + r"(?![a-z])"


def spelling(r):
    text = any_word(r)
    low = text.lower()
    kind = r.random()
    if kind < 0.58:
        return Item("spelling", r.ask(SPELL, SPELL_HELD, w=shown(r, text)), dashed(text), wants=[letters_of(text)])
    if kind < 0.72:
        think = " ".join(f"{ch}{i + 1}" for i, ch in enumerate(low))
        return Item("spelling", r.ask(LENGTH, LENGTH_HELD, w=shown(r, low)), f"{len(low)}.", think=think, wants=[last_number(len(low))])
    if kind < 0.78:
        return letter_count(r)
    first = r.random() < 0.6
    letter = low[0] if first else low[-1]
    question = r.ask(FIRST, FIRST_HELD, w=shown(r, low)) if first else r.ask(LAST, LAST_HELD, w=shown(r, low))
    return Item("spelling", question, f"{letter}.", think="" if first else dashed(low), wants=[rf"(?i)(?<![a-z]){letter}\W*$"])


def letter_count(r):
    low = r.choice([w for w in EVERYDAY if len(set(w)) < len(w)] if r.random() < 0.7 else EVERYDAY)
    if r.random() < 0.3:
        low = "strawberry"
    repeated = [ch for ch in low if low.count(ch) > 1]
    letter = r.choice(repeated) if repeated and r.random() < 0.65 else r.choice(low + "aeioxz")
    seen, parts = 0, []
    for ch in low:
        seen += ch == letter
        parts.append(f"{ch}{seen}" if ch == letter else ch)
    return Item("spelling", r.ask(COUNT, COUNT_HELD, l=letter, w=shown(r, low)), f"{low.count(letter)}.", think=" ".join(parts), wants=[last_number(low.count(letter))])


# ---- copying

REPEAT = ["<PLS>repeat after me: <t>", "<PLS>repeat: <t>", "<PLS>say: <t>", "<PLS>say <q>", "<PLS>repeat {this|exactly|the following|this sentence|this text|this line}: <t>", "<PLS>copy {this|the following|this text}: <t>", "<PLS>echo <q>", "echo: <t>",
          "<PLS>write {this|exactly|the following}: <t>", "<PLS>repeat <q>", "<PLS>type {exactly |}this: <t>", "<PLS>{say|write} exactly this: <t>", "<PLS>repeat the {words|text|sentence} <q>", "copy <q>", "<PLS>print <q>"]
REPEAT_HELD = ["Say the following back to me: <t>", "I want you to repeat this back: <t>", "reply with exactly these words: <t>", "output only this text: <t>"]
TIMES = ["<PLS>{say|write|repeat|type|print} <q> <n> times", "<PLS>{say|write|repeat} the word <w> <n> times", "<n> times <q>", "<PLS>{say|write} <w> <n> times", "<PLS>repeat <w> <n> times"]
TIMES_HELD = ["can I get <q> <n> times", "let me read <q> <n> times in a row"]
LAST_WORD = ["what is the {last|final} word {of|in} {this: |}<q>", "which word is {last|the last one} in <q>", "last word of <q>"]
LAST_WORD_HELD = ["tell me the word at the end of <q>"]
FIRST_WORD = ["what is the first word {of|in} {this: |}<q>", "which word is {first|the first one} in <q>", "first word of <q>"]
FIRST_WORD_HELD = ["tell me the word at the beginning of <q>"]

SENTENCES = ["the {A} is {C}", "my {A} likes {F}", "I see a {C} {T}", "we ate {F} and {F}", "{N} lives in {Y}", "the {T} is near the {T}", "{N} has a {C} {A}", "there is a {T} in the {T}", "{N} and {N} went to {Y}",
             "the {C} {T} is old", "I like {F} with {F}", "all {I} things are {I}", "{I} {I} {I}", "{T} {A} {F}", "{A}, {A}, {A}", "{D} {D} {D}", "{N} said {I}", "the {I} {A} ran", "{W} {W} {W} {W}", "{W} {W}", "{D}", "{W} {W} {W}",
             "today is a {I} day", "the answer is {D}", "{N} is {D} years old", "hello {N}", "good morning {N}", "I am a {I} robot", "one {T} and two {T}"]
POOLS = {"A": ANIMALS, "C": COLOURS, "F": FOODS, "T": THINGS, "N": NAMES, "Y": CITIES, "I": IDEAS, "W": WORDS}


def sentence(r):
    text = r.choice(SENTENCES)
    while "{" in text:
        mark = text[text.index("{") + 1]
        value = str(r.randint(0, r.choice([9, 99]))) if mark == "D" else pseudo_word(r) if mark == "P" else r.choice(POOLS[mark])
        text = text.replace("{" + mark + "}", value, 1)
    if r.random() < 0.1:
        text = text[0].upper() + text[1:]
    return text + (r.choice(".!?") if r.random() < 0.2 else "")


def random_words(r):
    """Any words in any order: nothing but looking back helps here."""
    pool = WORDS + NAMES + CITIES + COLOURS
    return r.choice([" ", " ", ", "]).join(r.choice(pool) if r.random() < 0.85 else str(r.randint(0, 999)) for _ in range(r.randint(3, 6)))


def exactly(text):
    return r"(?<!\w)" + re.escape(text).replace(r"\ ", " ") + (r"(?!\w)" if text[-1].isalnum() else "")


def copying(r):
    kind = r.random()
    text = sentence(r) if r.random() < 0.75 or r.held else random_words(r)
    quoted = r.choice([f'"{text}"', f'"{text}"', f"'{text}'"])
    if kind < 0.66:
        return Item("copying", r.ask(REPEAT, REPEAT_HELD, t=r.choice([text, text, quoted]), q=quoted), text, wants=[exactly(text.rstrip(".!?"))])
    if kind < 0.84:
        text = r.choice(WORDS + NAMES)
        n = r.randint(2, 5)
        shown_n = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}[n] if r.random() < 0.4 else n
        answer = " ".join([text] * n)
        return Item("copying", r.ask(TIMES, TIMES_HELD, q=r.choice([text, f'"{text}"']), w=text, n=shown_n), answer,
                    wants=[r"(?i)^\W*" + r"\W+".join([re.escape(text)] * n) + r"\W*$"])
    text = " ".join(r.choice(WORDS) for _ in range(r.randint(2, 4)))
    first = r.random() < 0.5
    best = text.split()[0 if first else -1]
    question = r.ask(FIRST_WORD, FIRST_WORD_HELD, q=f'"{text}"') if first else r.ask(LAST_WORD, LAST_WORD_HELD, q=f'"{text}"')
    return Item("copying", question, f"{best}.", wants=[rf"(?i)^\W*{best}\W*$"])
