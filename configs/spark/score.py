"""Scores spark on the held-out questions; exit status 1 below 90 %.

    python3 score.py                          # through glim: ./app/glim run --temp 0 -m spark --batch FILE
    python3 score.py --against torch --checkpoint average.pt
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument("--heldout", default=os.path.join(HERE, "heldout.jsonl"))
    p.add_argument("--against", choices=["glim", "torch"], default="glim")
    p.add_argument("--model", default="spark", help="a model name or a file, for glim")
    p.add_argument("--glim", default=os.path.join(ROOT, "app", "glim"))
    p.add_argument("--checkpoint", help="for torch")
    p.add_argument("--show", type=int, default=0, help="print this many failures per category on standard error")
    p.add_argument("--json", help="write the scores to this file")
    return p.parse_args()


def passes(expect, text):
    at = 0
    for pattern in expect["all"]:
        # ^ and $ mean the whole reply, so the search starts at `at` in the text itself.
        found = re.compile(pattern).search(text, at)
        if not found:
            return False
        at = found.end()
    return not any(re.search(pattern, text) for pattern in expect["none"])


def by_glim(args, items):
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", delete=False) as f:
        for i in items:
            f.write(json.dumps({"messages": i["messages"], "thinking": i["thinking"]}, ensure_ascii=False) + "\n")
    try:
        done = subprocess.run([args.glim, "run", "--temp", "0", "-m", args.model, "--batch", f.name], stdout=subprocess.PIPE, text=True, check=True)
    finally:
        os.unlink(f.name)
    replies = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if len(replies) != len(items):
        sys.exit(f"glim answered {len(replies)} of {len(items)} questions")
    return replies


def by_torch(args, items):
    sys.path.insert(0, HERE)
    import decode
    import export
    decoder = decode.load(args.checkpoint)
    export.rounded(decoder.model)
    return decoder.answers(items)


def main():
    args = arguments()
    with open(args.heldout, encoding="utf-8") as f:
        items = [json.loads(line) for line in f]
    replies = by_torch(args, items) if args.against == "torch" else by_glim(args, items)
    scores, shown = {}, {}
    for item, reply in zip(items, replies):
        good, count = scores.get(item["category"], (0, 0))
        ok = passes(item["expect"], reply["text"])
        scores[item["category"]] = (good + ok, count + 1)
        if not ok and shown.setdefault(item["category"], 0) < args.show:
            shown[item["category"]] += 1
            print(f"{item['id']} {'think' if item['thinking'] else 'plain'}: {item['messages'][-1]['content']!r} -> [{reply['thinking']}] {reply['text']!r}", file=sys.stderr)
    print("| category | right | of | % |\n|---|---|---|---|")
    for category, (good, count) in scores.items():
        print(f"| {category} | {good} | {count} | {100 * good / count:.0f} |")
    good, count = (sum(v[i] for v in scores.values()) for i in (0, 1))
    print(f"| **total** | {good} | {count} | **{100 * good / count:.1f}** |")
    if args.json:
        with open(args.json, "w") as f:
            json.dump({"total": good / count, "categories": {c: g / n for c, (g, n) in scores.items()}}, f)
    sys.exit(good < 0.9 * count)


if __name__ == "__main__":
    main()
