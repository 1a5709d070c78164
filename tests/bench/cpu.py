"""The processor against another engine on the same files: rates, their ratio, and how near both are to the limit.

    python3 tests/bench/cpu.py                                   # glim alone
    python3 tests/bench/cpu.py --peer llama-bench                # beside llama.cpp's bench program
    python3 tests/bench/cpu.py Q8_0 BF16 --tests tg32 --depths 0,4096 --rounds 5
    python3 tests/bench/cpu.py --keep /srv/box/models --peer 'chroot /srv/box llama-bench -dev none' --peer-folder /models

    python3 tests/bench/cpu.py --before /tmp/glim-of-the-last-commit     # the gate: status 8 when something is slower

The files are noise in the shape of GLM-4.7-Flash with a few of its layers, each of real size. A round runs peer, glim,
glim, peer; the ratio is the median of the ratios of all rounds. The limit of decoding is the bytes that a token needs
(its own experts, as counted) at the rate at which this machine reads memory; both are what `glim bench` prints. A quiet
machine is up to whoever runs this.
"""
import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TYPES = ["Q4_K_M", "Q4_0", "Q8_0", "Q6_K", "IQ4_XS", "IQ2_XXS", "BF16", "Q4_0_ROCMFP4_STRIX_LEAN"]


def arguments():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("types", nargs="*", help="file types; " + " ".join(TYPES) + " by default")
    p.add_argument("--glim", default=os.path.join(ROOT, "app", "glim"))
    p.add_argument("--shape", default="glm-4.7-flash", help="whose layers the files have")
    p.add_argument("--layers", type=int, default=3)
    p.add_argument("--tests", default="tg32,pp512", help="as llama-bench calls them")
    p.add_argument("--depths", default="0", help="tokens in the cache before a test")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--keep", help="folder of the files; those that are there are used again")
    p.add_argument("--peer", help="llama-bench, with what comes before it")
    p.add_argument("--peer-folder", help="the folder as the peer sees it")
    p.add_argument("--before", metavar="GLIM", help="an older glim in place of a peer")
    p.add_argument("--max-slowdown", type=float, default=5, metavar="PERCENT", help="of --before: what is allowed")
    p.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="environment of glim: GLIM_INSTRUCTIONS=avx2")
    p.add_argument("--json", help="write the numbers to this file")
    return p.parse_args()


def must(command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)
    if done.returncode != 0:
        sys.exit(f"{shlex.join(command)}: {done.stderr.strip()[-400:]}")
    return done.stdout


def make_file(args, folder, name):
    """Noise, as the shape has it in this type."""
    path = os.path.join(folder, f"{args.shape}-{args.layers}-{name}.gguf")
    if not os.path.exists(path):
        must([args.glim, "debug", "write-shape", f"shape:{args.shape}:{name.lower()}:layers={args.layers}", path])
    return path


def flags(test, depth, args):
    kind, count = test[:2], test[2:]
    return ["-p", count if kind == "pp" else "0", "-n", count if kind == "tg" else "0", "-d", str(depth), "-r", "1",
            "-t", str(args.threads), "-o", "jsonl"]


def row_of(output):
    for line in output.splitlines():
        if line.startswith("{"):
            return json.loads(line)
    return None


class Runner:
    def __init__(self, args, folder):
        self.args, self.folder = args, folder
        self.environment = dict(os.environ, **dict(pair.split("=", 1) for pair in args.set))

    def ours(self, path, test, depth, glim=None):
        command = [glim or self.args.glim, "bench", "--backend", "cpu", "-m", path] + flags(test, depth, self.args)
        return row_of(must(command, env=self.environment))

    def peer(self, path, test, depth):
        """None where the peer cannot load the file."""
        if self.args.before:
            return self.ours(path, test, depth, self.args.before)
        if not self.args.peer:
            return None
        seen = os.path.join(self.args.peer_folder or self.folder, os.path.basename(path))
        command = shlex.split(self.args.peer) + ["-m", seen] + flags(test, depth, self.args)
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        return row_of(done.stdout) if done.returncode == 0 else None

    def compare(self, name, path, test, depth):
        rates, other, ratios, last = [], [], [], None
        for _ in range(self.args.rounds):
            first = self.peer(path, test, depth)
            pair = [self.ours(path, test, depth), self.ours(path, test, depth)]
            second = self.peer(path, test, depth) if first else None
            last = pair[1]
            rates += [row["avg_ts"] for row in pair]
            if first and second:
                other += [first["avg_ts"], second["avg_ts"]]
                ratios.append(sum(rates[-2:]) / sum(other[-2:]))
        figures, rate = last["glim"], statistics.median(rates)
        limit = None
        if test.startswith("tg") and figures["limit_gb_per_s"]:
            bytes_per_token = figures["weight_bytes_per_token"] + figures["kv_bytes_per_token"]
            limit = figures["limit_gb_per_s"] * 1e9 / bytes_per_token
        return {"type": name, "test": test, "depth": depth, "bytes": os.path.getsize(path), "ours": rate, "limit": limit,
                "peer": statistics.median(other) if other else None, "ratios": ratios}


def cells(row):
    def share(rate):
        return f"{100 * rate / row['limit']:.0f} %" if rate and row["limit"] else ""
    ratio = f"{statistics.median(row['ratios']):.2f}" if row["ratios"] else ""
    return [row["type"], f"{row['bytes'] / 1e9:.2f}", row["test"] + (f" @ {row['depth']}" if row["depth"] else ""),
            f"{row['limit']:.0f}" if row["limit"] else "", f"{row['peer']:.1f}" if row["peer"] else "not loaded",
            f"{row['ours']:.1f}", ratio, share(row["peer"]), share(row["ours"])]


def main():
    args = arguments()
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.keep or scratch
        os.makedirs(folder, exist_ok=True)
        runner = Runner(args, folder)
        print("| file | GB | test | limit t/s | peer t/s | glim t/s | glim / peer | peer of limit | glim of limit |")
        print("|---|--:|---|--:|--:|--:|--:|--:|--:|", flush=True)
        for name in args.types or TYPES:
            path = make_file(args, folder, name)
            for depth in [int(d) for d in args.depths.split(",")]:
                for test in args.tests.split(","):
                    rows.append(runner.compare(name, path, test, depth))
                    print("| " + " | ".join(cells(rows[-1])) + " |", flush=True)
    if args.json:
        with open(args.json, "w", encoding="utf-8") as f:
            json.dump(rows, f, indent=1)
    slower = [row for row in rows if args.before and statistics.median(row["ratios"]) < 1 - args.max_slowdown / 100]
    for row in slower:
        print(f"slower by more than {args.max_slowdown:g} %: {row['type']} {row['test']} @ {row['depth']}", file=sys.stderr)
    if slower:
        sys.exit(8)


if __name__ == "__main__":
    main()
