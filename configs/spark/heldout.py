"""Writes the held-out questions: wordings, numbers and seed that training never sees.

    python3 heldout.py [SEED] [PER_CATEGORY] > heldout.jsonl
    python3 heldout.py first > first.jsonl
"""
import json
import sys

from corpus import make
from corpus.grammar import Source

# What a user is likely to try first. Training may hold the same words, so these are scored apart (first.jsonl).
FIRST = [
    ("counting", "Count 1 to 5", [r"(?<!\d)1\D+2\D+3\D+4\D+5(?!\d)"], [r"\b6\b"]), ("counting", "count 1 to 5", [r"(?<!\d)1\D+2\D+3\D+4\D+5(?!\d)"], [r"\b6\b"]),
    ("counting", "Count from 1 to 5.", [r"(?<!\d)1\D+2\D+3\D+4\D+5(?!\d)"], [r"\b6\b"]), ("counting", "count to five", [r"(?<!\d)1\D+2\D+3\D+4\D+5(?!\d)"], [r"\b6\b"]),
    ("spelling", "How many r are in strawberry?", [r"(?<!\d)3(?!\d)"], []), ("capitals", "What is the capital of France?", ["Paris"], []),
    ("arithmetic", "What is 2+2?", [r"(?<!\d)4\D*$"], []), ("fit", "Which quant fits in 24 GB?", ["^Q5_K_M"], []), ("smalltalk", "Hello!", ["(?i)hello"], []),
    ("glim", "How do I quit?", ["/quit|Ctrl-D"], []), ("reap", "What is REAP?", ["(?i)prun|remov"], []), ("honesty", "Write me an essay about Napoleon", ["(?i)beyond me", "-m FILE"], []),
    ("honesty", "What is 4839 * 2931?", ["(?i)beyond me", "-m FILE"], []), ("kv", "What is the KV cache?", ["(?i)read"], []), ("quants", "What is Q4_K_M?", ["Q4_K_M", r"18\.12"], []),
]


def record(number, category, messages, thinking, wants, bans):
    wants, bans = ([("(?i)" if "(?i)" in p else "") + p.replace("(?i)", "") for p in patterns] for patterns in (wants, bans))
    return {"id": f"{category}-{number:03d}", "category": category, "messages": messages, "thinking": thinking, "expect": {"all": wants, "none": bans}}


def build(seed, per_category):
    out = []
    for category in make.SKILLS:
        r = Source(seed, held=True)
        seen, number = set(), 0
        while number < per_category:
            item = make.item(r, category)
            key = (item.question.lower(), str(item.earlier).lower())
            if key in seen:
                continue
            seen.add(key)
            messages = [{"role": "system", "content": r.choice(make.HELD_SYSTEMS)}] if r.random() < 0.06 else []
            for user, answer in item.earlier:
                messages += [{"role": "user", "content": user}, {"role": "assistant", "content": answer}]
            if not item.earlier and r.random() < 0.2:
                user, answer = make.filler(r)
                messages += [{"role": "user", "content": user}, {"role": "assistant", "content": answer}]
            messages.append({"role": "user", "content": item.question})
            number += 1
            out.append(record(number, category, messages, r.random() < 0.67, item.wants, item.bans))
    return out


def first():
    out = []
    for number, (category, question, wants, bans) in enumerate(FIRST, 1):
        for thinking in (True, False):
            out.append(record(2 * number - thinking, category, [{"role": "user", "content": question}], thinking, wants, bans))
    return out


def main():
    if sys.argv[1:] == ["first"]:
        print("\n".join(json.dumps(line, ensure_ascii=False) for line in first()))
        return
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 990001
    for line in build(seed, int(sys.argv[2]) if len(sys.argv) > 2 else 40):
        print(json.dumps(line, ensure_ascii=False))


if __name__ == "__main__":
    main()
