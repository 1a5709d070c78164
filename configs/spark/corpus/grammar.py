"""Small grammar for wordings: {a|b|c} picks one, <slot> is filled in; plus the ways people mistype."""
import random
import re

INNERMOST = re.compile(r"\{([^{}]*)\}")
# Characters between these marks are payload: augmentation must not touch them.
OPEN, CLOSE = "\x01", "\x02"

FRAMES = {
    "HOW": "{how do i|how can i|how do you|how to|how would i|what do i type to|what is the command to|which command is used to"
           "|which command do i use to|what's the way to|i want to|is there a way to|tell me how to|can i|i need to|what should i type to}",
    "WHATIS": "{what is|what's|whats|what does|explain|tell me about|describe|what do you know about|define|can you explain|i'd like to know about}",
    "TELL": "{tell me|can you tell me|do you know|could you tell me|i want to know|please tell me|say|give me}",
    "PLS": "{|||please |can you |could you |would you |pls |i want you to |now }",
}


class Source(random.Random):
    """Random numbers plus the split: a training source never sees held-out wordings or numbers."""

    def __init__(self, seed, held=False):
        super().__init__(seed)
        self.held = held

    def ask(self, train, held, **slots):
        """One wording of the wanted split with its slots filled."""
        return expand(self, self.choice(held if self.held else train), slots)

    def mine(self, *numbers):
        """Whether this combination of numbers belongs to the split (one in eight is held out)."""
        mixed = 0
        for number in numbers:
            mixed = (mixed * 31 + int(number) * 7 + 3) % 1009
        return (mixed % 8 == 0) == self.held

    def numbers(self, *ranges):
        """A combination of this split, one number per (low, high)."""
        while True:
            picked = [self.randint(low, high) for low, high in ranges]
            if self.mine(*picked):
                return picked


def expand(rng, text, slots=None):
    for name, frame in FRAMES.items():
        text = text.replace("<" + name + ">", frame)
    while True:
        match = INNERMOST.search(text)
        if not match:
            break
        text = text[:match.start()] + rng.choice(match.group(1).split("|")) + text[match.end():]
    for name, value in (slots or {}).items():
        text = text.replace("<" + name + ">", OPEN + str(value) + CLOSE)
    text = re.sub(r"\ba (?=\x01?(?:[aeio]\w|un(?!i)|hour))(?!\x01?one\b)", "an ", text)
    return re.sub(r"  +", " ", text).strip()


def plain(text):
    return text.replace(OPEN, "").replace(CLOSE, "")


OPENINGS = ["hi, ", "hey, ", "ok, ", "so ", "hello! ", "next: ", "now, ", "glim, ", "spark, ", "quick question: ", "and ", "hi spark, ", "well, ",
            "sorry, ", "one more: ", "also, ", "question: ", "thanks. "]
CLOSINGS = [" please", " pls", ", please", " thanks", " thank you", " ok?", " for me", " now", " plz", ", thanks"]


CARRIERS = ["tell me: ", "i would like to know: ", "my question is: ", "i wonder: ", "help me with this: ", "let me ask: ", "here is my question: ", "please answer: ", "i have a question: ", "do you know: ",
            "can you tell me: ", "let me see: ", "go ahead: ", "i need this: ", "ok then, ", "say, ", "please, ", "could you say: ", "i ask you: ", "one thing: ", "listen: ", "another question, "]


# Words that may stand for each other in a question; training swaps them, so that no single phrase becomes the key to an answer.
ALIKE = [line.split("|") for line in """show|display|list|present
see|view|look at|find|read
chat|conversation|dialogue|talk
answer|reply|response|output
stop|halt|end|interrupt|cancel
quit|exit|leave|close|get out of
change|set|switch|alter|adjust|modify
big|large|huge
bigger|larger|longer|greater
small|little|tiny
memory|ram|vram|space
quick|fast|rapid
begin|start|launch|open
word|term|expression
make|create|produce|build
machine|computer|pc|laptop
key|button|shortcut
how do i|how can i|how could i|how does one|how might i|what do i enter to|what must i do to|what lets me|what can i press to
what is|what's|what does it mean,|do you know|give me an idea of
explain|describe|say something about|note on
which|what
best|good|right|sane
gpu|graphics card|card|video card
has|holds|contains|keeps
i want|i would like|i wish for|i'd like|i need|i'm looking for
delete|remove|throw away|erase|drop
use|take|choose|pick|employ
tell me|say|let me know|inform me about
quant|quantization|quantized file
kv cache|cache|kv
type|format|kind
speed|tokens per second|pace
message|text|line
new line|line break|newline
thinking|reasoning|chain of thought|thoughts
system prompt|system message|instructions
again|once more|another time|a second time
profile|settings profile
context|context window|context length
recommend|suggest|advise
does|will|would
command|slash command
flag|option|switch
terminal|shell|console""".split("\n")]


def vary(rng, text):
    """Swaps words for others alike, and drops a word now and then."""
    for group in ALIKE:
        for phrase in group:
            if f" {phrase} " in f" {text} " and rng.random() < 0.25:
                text = f" {text} ".replace(f" {phrase} ", f" {rng.choice(group)} ", 1).strip()
                break
    words = text.split(" ")
    while len(words) > 3 and rng.random() < 0.35:
        at = rng.randrange(len(words))
        if OPEN not in words[at] and CLOSE not in words[at] and len(words[at]) < 7:
            del words[at]
    return " ".join(words)


def misspell(rng, text):
    """One swapped, dropped or doubled letter in a word of at least five letters outside payloads."""
    words = [m for m in re.finditer(r"[a-z]{5,}", text) if text[:m.start()].count(OPEN) == text[:m.start()].count(CLOSE)]
    if not words:
        return text
    word = rng.choice(words)
    at = word.start() + rng.randint(1, len(word.group()) - 2)
    kind = rng.random()
    if kind < 0.4:
        return text[:at] + text[at + 1] + text[at] + text[at + 2:]
    if kind < 0.8:
        return text[:at] + text[at + 1:]
    return text[:at] + text[at] + text[at:]


def lower_outside(text):
    parts = re.split(f"({OPEN}[^{CLOSE}]*{CLOSE})", text)
    return "".join(p if p.startswith(OPEN) else p.lower() for p in parts)


PROPER = {"reap": "REAP", "kv": "KV", "gguf": "GGUF", "mla": "MLA", "gpu": "GPU", "cpu": "CPU", "glm-4.7-flash": "GLM-4.7-Flash", "flash": "Flash", "glm": "GLM", "moe": "MoE", "toml": "TOML", "i": "I",
          "i'm": "I'm", "i'd": "I'd", "gb": "GB", "vram": "VRAM", "iq": "IQ", "esc": "Esc", "ctrl-c": "Ctrl-C", "ctrl-d": "Ctrl-D", "english": "English", "german": "German", "french": "French", "python": "Python", "january": "January", "monday": "Monday"}
PROPER_WORD = re.compile(r"(?<![\w\x01-])(" + "|".join(sorted(map(re.escape, PROPER), key=len, reverse=True)) + r")(?![\w\x02-])")


def shake(rng, text, typos=0.06):
    """Turns a clean wording into what a hurried person types."""
    ends = text[-1:] if text[-1:] in "?.!" else ""
    body = text[:-1] if ends else text
    if rng.random() < 0.08:
        body = rng.choice(CARRIERS) + body
    if rng.random() < 0.10:
        body = rng.choice(OPENINGS) + body
    if rng.random() < 0.10:
        body += rng.choice(CLOSINGS)
    if rng.random() < typos:
        body = misspell(rng, body)
    if rng.random() < 0.5:
        body = PROPER_WORD.sub(lambda m: PROPER[m.group()], body)
    if rng.random() < 0.55:
        first = next((i for i, ch in enumerate(body) if ch not in OPEN + CLOSE), 0)
        if not body.startswith(OPEN):
            body = body[:first] + body[first].upper() + body[first + 1:]
    elif rng.random() < 0.7:
        body = lower_outside(body)
    if rng.random() < 0.5:
        ends = rng.choice(["", "", "", "?", ".", "!", ""]) if not ends else ""
    return plain(body + ends)


class Item:
    """One question with its answer: `think` is the chain of thought ("" when nothing is to be thought)."""

    def __init__(self, category, question, answer, think="", wants=(), bans=(), earlier=()):
        self.category = category
        self.question = question
        self.answer = answer
        self.think = think
        self.wants = list(wants)
        self.bans = list(bans)
        self.earlier = list(earlier)      # earlier turns: (user, assistant)


def number(value):
    """Regex for a number that is not part of a longer one."""
    return rf"(?<![\d.]){re.escape(str(value))}(?!\.?\d)"


def last_number(value):
    return number(value) + r"[^\d]*$"


def word(text):
    return rf"(?i)(?<![A-Za-z]){re.escape(text)}(?![A-Za-z])"


def sequence(values, gap=r"[^\dA-Za-z]+(?:and )?"):
    """Regex for values in this order with nothing but punctuation between."""
    return r"(?i)(?<![\dA-Za-z])" + gap.join(re.escape(str(v)) for v in values) + r"(?![\dA-Za-z])"
