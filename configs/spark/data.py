"""From dialogues to batches: the chat format, packing into rows, positions, which tokens carry loss."""
import numpy as np
import torch

from corpus import make
from model import causal_mask

ROW_LENGTHS = (128, 512, 2048)


class Format:
    """The chat format of GLM-4.7-Flash, as chat_template.jinja writes it."""

    def __init__(self, tokenizer):
        self.t = tokenizer
        for name, text in (("gmask", "[gMASK]"), ("sop", "<sop>"), ("system", "<|system|>"), ("user", "<|user|>"), ("assistant", "<|assistant|>"),
                           ("observation", "<|observation|>"), ("end", "<|endoftext|>"), ("think", "<think>"), ("unthink", "</think>")):
            setattr(self, name, tokenizer.special(text))

    def prompt(self, messages, thinking):
        """Token ids of a conversation that ends with a user message."""
        out = [self.gmask, self.sop]
        for m in messages:
            if m["role"] == "system":
                out += [self.system] + self.t.encode(m["content"])
            elif m["role"] == "user":
                out += [self.user] + self.t.encode(m["content"])
            else:
                out += [self.assistant, self.unthink] + self.t.encode(m["content"].strip())
        return out + [self.assistant, self.think if thinking else self.unthink]

    def train(self, d):
        """(ids, trained) of a dialogue: trained[i] says whether ids[i] is to be predicted. A reply ends with <|user|>."""
        ids, trained = [self.gmask, self.sop], [0, 0]

        def add(part, learn):
            ids.extend(part)
            trained.extend([learn] * len(part))

        if d.system:
            add([self.system] + self.t.encode(d.system), 0)
        for index, (user, think, answer) in enumerate(d.turns):
            if index == 0:
                add([self.user], 0)
            add(self.t.encode(user), 0)
            if index == len(d.turns) - 1 and d.thinking:
                add([self.assistant, self.think], 0)
                add(self.t.encode(think) + [self.unthink], 1)
            else:
                add([self.assistant, self.unthink], 0)
            add(self.t.encode(answer) + [self.user], 1)
        return ids, trained

    def positions(self, rng, ids, turns):
        """Now and then jumps between turns, so that large distances are seen without paying for long rows."""
        positions = np.arange(len(ids))
        if turns > 2 and rng.random() < 0.3:
            room = 4000 - len(ids)
            for at in [i for i, t in enumerate(ids) if t == self.user][1:]:
                jump = int(room * rng.random() ** 4)
                room -= jump
                positions[at:] += jump
        return positions


class Row:
    def __init__(self, length):
        self.length, self.samples, self.used = length, [], 0

    def fits(self, sample):
        return self.used + len(sample[0]) <= self.length

    def add(self, sample):
        self.samples.append(sample)
        self.used += len(sample[0])


def pack(samples):
    rows = []
    for sample in sorted(samples, key=lambda s: -len(s[0])):
        length = next((n for n in ROW_LENGTHS if len(sample[0]) <= n), None)
        if length is None:
            continue
        row = next((r for r in rows if r.fits(sample)), None)
        if row is None:
            row = Row(length)
            rows.append(row)
        row.add(sample)
    return rows


class Batch:
    """Rows of one micro-batch as flat tensors."""

    def __init__(self, rows, pad):
        rows = sorted(rows, key=lambda r: r.length)
        tokens, positions, segments, learn = [], [], [], []
        for row in rows:
            t, p, s, w = (np.full(row.length, v, dtype=np.int64) for v in (pad, 0, -1, 0))
            at = 0
            for number, (ids, trained, where) in enumerate(row.samples):
                end = at + len(ids)
                t[at:end], p[at:end], s[at:end] = ids, where, number
                w[at:end - 1] = trained[1:]      # the position before a trained token predicts it
                at = end
            for store, value in ((tokens, t), (positions, p), (segments, s), (learn, w)):
                store.append(value)
        self.tokens = torch.from_numpy(np.concatenate(tokens))
        self.positions = torch.from_numpy(np.concatenate(positions))
        self.wanted = torch.from_numpy(np.flatnonzero(np.concatenate(learn)))
        self.targets = self.tokens[self.wanted + 1]
        self.groups, start = [], 0
        for length in ROW_LENGTHS:
            some = [torch.from_numpy(s) for s, r in zip(segments, rows) if r.length == length]
            if some:
                self.groups.append((start, len(some), length, causal_mask(torch.stack(some))))
                start += len(some) * length


def step_batches(form, seed, step, tokens, micro, mix=make.MIX):
    """The micro-batches of one optimizer step; the same seed and step always give the same text."""
    rng = make.Source(seed * 1000003 + step)
    samples, total = [], 0
    while total < tokens:
        d = make.dialogue(rng, mix)
        ids, trained = form.train(d)
        samples.append((ids, trained, form.positions(rng, ids, len(d.turns))))
        total += len(ids)
    rows = pack(samples)
    parts = [[] for _ in range(max(1, round(sum(row.length for row in rows) / micro)))]
    for row in sorted(rows, key=lambda row: -row.length):
        min(parts, key=lambda part: sum(r.length for r in part)).append(row)
    return [Batch(part, form.end) for part in parts], total
