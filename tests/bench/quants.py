"""What each quant of spark costs: size, bits per weight, KL divergence and top-token agreement against BF16, and
whether it still counts from 1 to 5.

    python3 tests/bench/quants.py                      # all file types, with and without importance: a few minutes
    python3 tests/bench/quants.py Q4_K_M IQ2_XS        # these only
    python3 tests/bench/quants.py --glim build/app/glim --keep /tmp/quants --json table.json

Both texts are chats from spark's generator (configs/spark/corpus), which needs nothing but Python: the importance
matrix comes from training wordings, the measurement from held-out ones. Any other model is measured with --model,
--text and --calibration. The table goes to standard output as Markdown, sorted by size.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CALIBRATION_SEED, MEASURED_SEED = 3101, 3202
TOGETHER = 8  # models in memory at once
QUESTION, ANSWER = "Count 1 to 5", "1, 2, 3, 4, 5"


def arguments():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("types", nargs="*", help="file types; all of engine/quantize/file_types.def by default")
    p.add_argument("--glim", default=os.path.join(ROOT, "app", "glim"))
    p.add_argument("--model", default=os.path.join(ROOT, "configs", "spark", "spark.gguf"), help="what is quantised and compared with")
    p.add_argument("--text", help="measured text; special tokens in it count as such")
    p.add_argument("--calibration", help="text of the importance matrix")
    p.add_argument("--chunk", type=int, default=512, help="tokens of a piece of text")
    p.add_argument("--chunks", type=int, default=32, help="pieces that are measured; the second half of each counts")
    p.add_argument("--calibration-chunks", type=int, default=64)
    p.add_argument("--threads", type=int, default=0)
    p.add_argument("--keep", help="leave the files in this folder")
    p.add_argument("--json", help="write the numbers to this file")
    return p.parse_args()


def chats(seed, held, characters):
    """Chats in GLM's format, one after the other, as spark has been trained on them."""
    sys.path.insert(0, os.path.join(ROOT, "configs", "spark"))
    from corpus import make
    from corpus.grammar import Source
    source, out, length = Source(seed, held=held), [], 0
    while length < characters:
        chat = make.dialogue(source)
        parts = ["[gMASK]<sop>"] + (["<|system|>" + chat.system] if chat.system else [])
        for i, (user, think, answer) in enumerate(chat.turns):
            thinks = chat.thinking and i == len(chat.turns) - 1
            parts += ["<|user|>", user, "<|assistant|>", f"<think>{think}" if thinks else "", "</think>", answer]
        out.append("".join(parts))
        length += len(out[-1])
    return "".join(out)


def text_file(given, folder, name, seed, held, chunks, chunk):
    if given:
        return given
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write(chats(seed, held, 6 * chunks * chunk))  # characters; a token has fewer
    return path


def file_types():
    with open(os.path.join(ROOT, "engine", "quantize", "file_types.def"), encoding="utf-8") as f:
        return re.findall(r"^FILE_TYPE\((\w+),", f.read(), re.M)


def run(command):
    return subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def must(command):
    done = run(command)
    if done.returncode:
        sys.exit(done.stderr.strip() or f"{command[0]} ended with status {done.returncode}")
    return done.stdout


class Bench:
    def __init__(self, args, folder):
        self.args, self.folder, self.rows, self.refused = args, folder, {}, {}
        self.threads = ["-t", args.threads] if args.threads else []
        self.text = text_file(args.text, folder, "measured.txt", MEASURED_SEED, True, args.chunks, args.chunk)
        calibration = text_file(args.calibration, folder, "calibration.txt", CALIBRATION_SEED, False, args.calibration_chunks, args.chunk)
        self.imatrix = os.path.join(folder, "imatrix.gguf")
        print("importance matrix ...", file=sys.stderr)
        must([args.glim, "imatrix", "-m", args.model, "-f", calibration, "-o", self.imatrix, "--special", "--chunk", args.chunk,
              "--chunks", args.calibration_chunks, *self.threads])

    def quantise(self, name, weighted):
        path = os.path.join(self.folder, name + (".imatrix" if weighted else "") + ".gguf")
        done = run([self.args.glim, "quantize", self.args.model, path, name, *(["--imatrix", self.imatrix] if weighted else []), *self.threads])
        if done.returncode:
            self.refused[name, weighted] = next((line for line in done.stderr.splitlines() if "error" in line), done.stderr.strip())
            return None
        return path

    def measure(self, files):
        """files: (type, weighted, path)"""
        paths = [path for _, _, path in files]
        out = must([self.args.glim, "debug", "drift", "-m", paths[0], *paths[1:], "--against", self.args.model, "-f", self.text, "--special",
                    "--chunk", self.args.chunk, "--chunks", self.args.chunks, "--json", *self.threads])
        for (name, weighted, path), row in zip(files, json.loads(out)["models"]):
            self.rows[name, weighted] = {**row, "answer": self.ask(path)}
            if not self.args.keep:
                os.unlink(path)

    def ask(self, path):
        done = run([self.args.glim, "run", "-m", path, "--temp", "0", "-n", "40", "-p", QUESTION, *self.threads])
        return " ".join(done.stdout.split()) if done.returncode == 0 else f"status {done.returncode}: {done.stderr.strip()}"

    def all(self, names):
        waiting = []
        for i, name in enumerate(names, 1):
            print(f"{name} ({i} of {len(names)}) ...", file=sys.stderr)
            for weighted in (False, True):
                path = self.quantise(name, weighted)
                if path:
                    waiting.append((name, weighted, path))
            if len(waiting) >= TOGETHER or i == len(names):
                if waiting:
                    self.measure(waiting)
                waiting = []


def cells(row):
    if row is None:
        return ["", ""]
    kld, top = row["kld"], row["top1"]
    return [f"{kld['mean']:.5f} ± {kld['error']:.5f}", f"{100 * top['agreement']:.2f}"]


def counted(row):
    answer = row["answer"]
    return "yes" if answer == ANSWER else answer.replace("|", "\\|")[:40]


def both(plain, weighted, form):
    values = [form(row) for row in (plain, weighted) if row]
    return values[0] if len(set(values)) == 1 else " / ".join(values)


def table(bench, names):
    any_row = next(iter(bench.rows.values()))
    lines = [f"{any_row['tokens']:,} positions, base perplexity {any_row['base_perplexity']:.4g}. KL divergence in nats, same top token in %.", "",
             "| file type | MB | bits per weight | KL divergence | same top token | KL divergence, imatrix | same top token, imatrix | counts to 5 |",
             "|---|---:|---:|---:|---:|---:|---:|---|"]
    made = [n for n in names if (n, False) in bench.rows or (n, True) in bench.rows]

    def rows_of(name):
        return bench.rows.get((name, False)), bench.rows.get((name, True))

    for name in sorted(made, key=lambda n: -max(r["bytes"] for r in rows_of(n) if r)):
        plain, weighted = rows_of(name)
        size = both(plain, weighted, lambda r: f"{r['bytes'] / 1e6:.2f}")
        bits = both(plain, weighted, lambda r: f"{r['bits_per_weight']:.2f}")
        lines.append(" | ".join([f"| {name}", size, bits, *cells(plain), *cells(weighted), both(plain, weighted, counted)]) + " |")
    missing = [f"{n}{', imatrix' if w else ''}: {why}" for (n, w), why in bench.refused.items() if not (w is False and (n, True) in bench.rows)]
    return "\n".join(lines + ([""] + missing if missing else []))


def main():
    args = arguments()
    names = args.types or file_types()
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.keep or scratch
        os.makedirs(folder, exist_ok=True)
        bench = Bench(args, folder)
        bench.all(names)
    if not bench.rows:
        sys.exit("no file could be made:\n" + "\n".join(bench.refused.values()))
    print(table(bench, names))
    if args.json:
        with open(args.json, "w", encoding="utf-8") as f:
            json.dump([{"type": n, "imatrix": w, **row} for (n, w), row in bench.rows.items()], f, indent=1)


if __name__ == "__main__":
    main()
