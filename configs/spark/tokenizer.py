"""Byte-level BPE with the `glm4` splitting rules: training, encoding, decoding.

    python3 tokenizer.py train OUT.json [SEED]
"""
import collections
import heapq
import json
import sys

import regex

SIZE = 4096
PATTERN = regex.compile(r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")

SPECIALS = ["<|endoftext|>", "[MASK]", "[gMASK]", "[sMASK]", "<sop>", "<eop>", "<|system|>", "<|user|>", "<|assistant|>", "<|observation|>",
            "<|begin_of_image|>", "<|end_of_image|>", "<|begin_of_video|>", "<|end_of_video|>", "<|begin_of_audio|>", "<|end_of_audio|>",
            "<|begin_of_transcription|>", "<|end_of_transcription|>", "<|code_prefix|>", "<|code_middle|>", "<|code_suffix|>",
            "<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>", "<arg_key>", "</arg_key>",
            "<arg_value>", "</arg_value>", "/nothink", "<|begin_of_box|>", "<|end_of_box|>", "<|image|>", "<|video|>"]
USER_DEFINED = {"<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>", "<arg_key>", "</arg_key>",
                "<arg_value>", "</arg_value>", "/nothink", "<|begin_of_box|>", "<|end_of_box|>"}
FIRST_SPECIAL = SIZE - len(SPECIALS)


def byte_stand_ins():
    """Byte -> printable character; the dictionary's order is the order of the first 256 tokens."""
    shown = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    table = {b: chr(b) for b in shown}
    for b in range(256):
        if b not in table:
            table[b] = chr(256 + len(table) - len(shown))
    return table


STAND_IN = byte_stand_ins()
BYTE = {c: b for b, c in STAND_IN.items()}


def stand_in(text):
    return "".join(STAND_IN[b] for b in text.encode())


class Tokenizer:
    def __init__(self, merges):
        self.merges = [tuple(m) for m in merges]
        self.tokens = list(STAND_IN.values()) + [a + b for a, b in self.merges]
        assert len(self.tokens) == FIRST_SPECIAL and len(set(self.tokens)) == FIRST_SPECIAL
        self.tokens += SPECIALS
        self.ids = {t: i for i, t in enumerate(self.tokens)}
        self.rank = {m: i for i, m in enumerate(self.merges)}
        self.cache = {}

    @staticmethod
    def load(path):
        with open(path) as f:
            return Tokenizer(json.load(f)["merges"])

    def special(self, text):
        return FIRST_SPECIAL + SPECIALS.index(text)

    def encode(self, text):
        """Plain text; nothing in it is taken for a special token."""
        out = []
        for piece in PATTERN.findall(text):
            found = self.cache.get(piece)
            if found is None:
                found = self.cache[piece] = [self.ids[p] for p in self.pieces(stand_in(piece))]
            out += found
        return out

    def pieces(self, characters):
        parts = list(characters)
        while len(parts) > 1:
            ranks = [self.rank.get(pair, len(self.merges)) for pair in zip(parts, parts[1:])]
            best = min(ranks)
            if best == len(self.merges):
                break
            at = ranks.index(best)
            parts[at:at + 2] = [parts[at] + parts[at + 1]]
        return parts

    def decode(self, ids):
        """Control tokens give no text, as in glim."""
        out = bytearray()
        for i in ids:
            if i < FIRST_SPECIAL:
                out += bytes(BYTE[c] for c in self.tokens[i])
            elif self.tokens[i] in USER_DEFINED:
                out += self.tokens[i].encode()
        return out.decode(errors="replace")


def train_merges(counts, wanted):
    """counts: piece (stand-in characters) -> frequency. Digits stay single, so that numbers are digit sequences."""
    words = [(list(w), n) for w, n in counts.items()]
    pairs, where = collections.Counter(), collections.defaultdict(set)
    for index, (parts, n) in enumerate(words):
        for pair in zip(parts, parts[1:]):
            pairs[pair] += n
            where[pair].add(index)
    heap = [(-n, p) for p, n in pairs.items()]
    heapq.heapify(heap)
    merges, made = [], set()
    while len(merges) < wanted:
        n, pair = heapq.heappop(heap)
        if pairs.get(pair, 0) != -n or n == 0:
            continue
        joined = pair[0] + pair[1]
        if any(c.isdigit() for c in joined) or joined in made:
            pairs[pair] = 0
            continue
        made.add(joined)
        merges.append(pair)
        changed = set()
        for index in where.pop(pair):
            parts, count = words[index]
            for old in zip(parts, parts[1:]):
                pairs[old] -= count
                changed.add(old)
            at = 0
            while at < len(parts) - 1:
                if (parts[at], parts[at + 1]) == pair:
                    parts[at:at + 2] = [joined]
                at += 1
            for new in zip(parts, parts[1:]):
                pairs[new] += count
                where[new].add(index)
                changed.add(new)
        for p in changed:
            if pairs[p] > 0:
                heapq.heappush(heap, (-pairs[p], p))
    return merges


def corpus_pieces(seed, dialogues=60000):
    from corpus import make, words
    r = make.Source(seed)
    counts = collections.Counter()

    def add(text, n=1):
        for piece in PATTERN.findall(text):
            counts[stand_in(piece)] += n

    for _ in range(dialogues):
        d = make.dialogue(r)
        if d.system:
            add(d.system)
        for user, think, answer in d.turns:
            add(user)
            add(think)
            add(answer)
    for w in words.WORDS:
        add(f"{w} {w} {w.capitalize()} {w.capitalize()}", 3)
    return counts


def main():
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    counts = corpus_pieces(seed)
    merges = train_merges(counts, FIRST_SPECIAL - 256)
    tokenizer = Tokenizer(merges)
    with open(sys.argv[2], "w") as f:
        json.dump({"merges": merges}, f, ensure_ascii=False, indent=0)
    total = sum(len(tokenizer.pieces(w)) * n for w, n in counts.items())
    print(f"{len(counts)} different pieces, {total / sum(counts.values()):.3f} tokens per piece, last merges", merges[-5:])


if __name__ == "__main__":
    main()
