"""Dialogues from all skills: single questions, chains of several turns, system prompts, thinking on and off."""
from . import facts_glim, facts_model, honesty, letters, more_wordings, numbers, talk, world
from .grammar import Source, shake, vary

more_wordings.extend()

SKILLS = {
    "counting": numbers.counting, "ordering": numbers.ordering, "spelling": letters.spelling, "copying": letters.copying, "arithmetic": numbers.arithmetic,
    "calendar": world.calendar, "units": numbers.units, "capitals": world.capitals, "code": world.code, "smalltalk": talk.smalltalk,
    "recall": lambda r: talk.recall(r, filler), "glim": facts_glim.glim, "quants": facts_model.quants, "fit": facts_model.fit, "kv": facts_model.kv, "reap": facts_model.reap,
    "honesty": honesty.honesty,
}

# Share of the training dialogues; hard skills get more.
MIX = {"counting": 10, "ordering": 18, "spelling": 15, "copying": 9, "arithmetic": 10, "calendar": 14, "units": 9, "capitals": 7, "code": 3, "smalltalk": 11, "recall": 13,
       "glim": 18, "quants": 5, "fit": 7, "kv": 9, "reap": 6, "honesty": 13}

# Categories whose answers hang on the sense of the question rather than on its exact words.
VARIED = {"glim", "quants", "kv", "reap", "smalltalk", "honesty", "fit", "capitals", "recall", "code"}

SYSTEMS = ["You are terse.", "Answer in one word.", "You are a helpful assistant.", "Be brief.", "You are spark.", "Answer politely.", "You are glim's assistant.", "Be kind and short.", "Answer the question.",
           "You are a friendly helper.", "Keep answers short.", "You are a careful assistant. Think before you answer.", "Use plain words.", "You help people who use glim."]
HELD_SYSTEMS = ["You are a patient assistant.", "Give short answers.", "Help the user."]


def bare(text):
    return "".join(c for c in text.lower() if c.isalnum() or c == " ").strip()


HELD_OUT = {bare(wording) for table in more_wordings.tables() for _, held, _, _ in table for wording in held}


def item(r, category=None, mix=MIX):
    """A question of the category; a training question that happens to fall on a held-out wording is drawn again."""
    found = draw(r, category, mix)
    while not r.held and bare(found.question) in HELD_OUT:
        found = draw(r, category, mix)
    return found


def draw(r, category, mix):
    category = category or r.choices(list(mix), list(mix.values()))[0]
    found = SKILLS[category](r)
    if category in VARIED and not r.held and r.random() < 0.8:
        found.question = vary(r, found.question)
    found.question = shake(r, found.question, typos=0.0 if category in ("copying", "spelling") else 0.06)
    return found


def filler(r):
    """An unrelated turn inside a longer chat."""
    category = r.choice(["counting", "arithmetic", "calendar", "capitals", "smalltalk", "units", "glim", "honesty", "spelling", "copying", "quants"])
    other = item(r, category)
    return other.question, other.answer


class Dialogue:
    """turns: (user, think, answer); only the last turn of a chat shows its thinking."""

    def __init__(self, category, system, turns, thinking):
        self.category, self.system, self.turns, self.thinking = category, system, turns, thinking


def dialogue(r, mix=MIX):
    first = item(r, mix=mix)
    turns = [(u, "", a) for u, a in first.earlier]
    kind = r.random()
    if kind > 0.72:
        more = r.randint(1, 2) if kind < 0.90 else r.randint(3, 7) if kind < 0.985 else r.randint(8, 24)
        for _ in range(more):
            other = item(r, mix=mix)
            # "You have not told me" must stay true, so a chat holds one recall at most.
            if other.earlier and (turns or r.random() < 0.5):
                continue
            turns = [(u, "", a) for u, a in other.earlier] + [(other.question, "", other.answer)] + turns
    turns.append((first.question, first.think, first.answer))
    system = r.choice(HELD_SYSTEMS if r.held else SYSTEMS) if r.random() < 0.10 else None
    return Dialogue(first.category, system, turns, r.random() < (0.6 if first.think else 0.35))


def main():
    import sys
    r = Source(int(sys.argv[1]) if len(sys.argv) > 1 else 1, held="held" in sys.argv)
    for _ in range(int(sys.argv[2]) if len(sys.argv) > 2 else 20):
        d = dialogue(r)
        print("#", d.category, "| system:", d.system, "| thinking:", d.thinking)
        for user, think, answer in d.turns:
            print("  U:", user)
            print("  A:", f"<think>{think}</think>" if think and d.thinking else "", answer.replace("\n", "\n     "))


if __name__ == "__main__":
    main()
