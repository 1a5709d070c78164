"""How far a file's answers are from the exact ones when glim computes them, and when another engine does: mean KL
divergence of spark's quants from its BF16 predictions, on the same text, each engine with its default settings.

    python3 tests/bench/kld.py --peer llama-perplexity
    python3 tests/bench/kld.py Q4_K_M Q8_0 --keep /srv/box/models --peer 'chroot /srv/box llama-perplexity -dev none' --peer-folder /models

The BF16 predictions come from glim's reference backend with an F32 cache, in a file that both engines read. The files
are made with an importance matrix of the same text: they are compared between engines, not with each other. Types that
the peer cannot load have no second figure.
"""
import argparse
import json
import os
import re
import shlex
import subprocess
import tempfile

import quants


def arguments():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("types", nargs="*", help="file types; all of engine/quantize/file_types.def by default")
    p.add_argument("--glim", default=os.path.join(quants.ROOT, "app", "glim"))
    p.add_argument("--model", default=os.path.join(quants.ROOT, "configs", "spark", "spark.gguf"))
    p.add_argument("--chunk", type=int, default=512)
    p.add_argument("--chunks", type=int, default=8)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--keep", help="folder of the files")
    p.add_argument("--peer", help="llama-perplexity, with what comes before it")
    p.add_argument("--peer-folder", help="the folder as the peer sees it")
    return p.parse_args()


class Pair:
    def __init__(self, args, folder):
        self.args, self.folder = args, folder
        self.text, self.base, self.imatrix = (os.path.join(folder, name) for name in ("kld.txt", "exact.kld", "kld.imatrix.gguf"))
        with open(self.text, "w", encoding="utf-8") as f:
            f.write(quants.chats(quants.MEASURED_SEED, True, 6 * args.chunk * args.chunks))
        common = ["--chunk", args.chunk, "--chunks", args.chunks, "-t", args.threads]
        quants.must([args.glim, "imatrix", "-m", args.model, "-f", self.text, "-o", self.imatrix, *common])
        quants.must([args.glim, "eval", "-m", args.model, "-f", self.text, "--save-logits", self.base, "--backend", "reference",
                     "--kv-type", "f32", *common])

    def seen(self, path):
        return os.path.join(self.args.peer_folder or self.folder, os.path.basename(path))

    def ours(self, path):
        out = quants.must([self.args.glim, "eval", "-m", path, "--kl", self.base, "--json", "-t", self.args.threads])
        return json.loads(out)

    def peer(self, path):
        if not self.args.peer:
            return None
        command = [*shlex.split(self.args.peer), "-m", self.seen(path), "--kl-divergence-base", self.seen(self.base), "--kl-divergence",
                   "-t", str(self.args.threads)]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        found = re.search(r"Mean\s+KLD:\s+([-\d.e]+)\s+±\s+([\d.e-]+)", done.stdout)
        return (float(found[1]), float(found[2])) if found else None


def figures(node):
    """The mean divergence and its error, wherever the report has them."""
    if isinstance(node, dict):
        if isinstance(node.get("kld"), dict) and "mean" in node["kld"]:
            return node["kld"]["mean"], node["kld"]["error"]
        node = list(node.values())
    for part in node if isinstance(node, list) else []:
        if found := figures(part):
            return found
    return None


def main():
    args = arguments()
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.keep or scratch
        pair = Pair(args, folder)
        print("| file type | glim | peer | glim / peer |\n|---|--:|--:|--:|", flush=True)
        for name in args.types or quants.file_types():
            path = os.path.join(folder, f"kld-{name}.gguf")
            done = quants.run([args.glim, "quantize", args.model, path, name, "--imatrix", pair.imatrix, "-t", args.threads])
            if done.returncode:
                continue
            ours, peer = figures(pair.ours(path)), pair.peer(path)
            print(f"| {name} | {ours[0]:.6f} ± {ours[1]:.6f} | " + (f"{peer[0]:.6f} ± {peer[1]:.6f} | {ours[0] / peer[0]:.3f} |" if peer else "not loaded | |"),
                  flush=True)
            os.unlink(path)


if __name__ == "__main__":
    main()
