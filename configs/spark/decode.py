"""Greedy decoding in torch, many prompts at once: for the scores during training and for `score.py --against torch`."""
import os
import sys

import torch
import torch.nn.functional as F

from data import Format
from model import Spark, causal_mask, rotate
from tokenizer import Tokenizer

HERE = os.path.dirname(os.path.abspath(__file__))


class Decoder:
    def __init__(self, model, tokenizer, longest=160):
        self.model, self.t, self.form, self.longest = model.eval(), tokenizer, Format(tokenizer), longest
        self.stop = {tokenizer.special(t) for t in ("<|endoftext|>", "<|user|>", "<|observation|>")}

    @torch.no_grad()
    def replies(self, prompts):
        """Token ids after each prompt, without the stop token."""
        order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
        out = [None] * len(prompts)
        for start in range(0, len(order), 64):
            part = order[start:start + 64]
            for i, reply in zip(part, self.batch([prompts[i] for i in part])):
                out[i] = reply
        return out

    def batch(self, prompts):
        c, count, width = self.model.c, len(prompts), max(map(len, prompts))
        lengths = torch.tensor([len(p) for p in prompts])
        tokens = torch.zeros(count, width, dtype=torch.long)
        for i, p in enumerate(prompts):
            tokens[i, :len(p)] = torch.tensor(p)
        mask = causal_mask(torch.zeros(1, width, dtype=torch.long))
        caches = [(torch.zeros(count, c.heads, width + self.longest, c.nope + c.rope), torch.zeros(count, c.heads, width + self.longest, c.value)) for _ in self.model.layers]
        for layer, (keys, values) in zip(self.model.layers, caches):
            layer.attn.keep = lambda k, v, keys=keys, values=values: (keys[:, :, :width].copy_(k), values[:, :, :width].copy_(v))
        logits = self.model(tokens.flatten(), torch.arange(width).repeat(count), [(0, count, width, mask)], torch.arange(count) * width + lengths - 1)
        for layer in self.model.layers:
            layer.attn.keep = None
        replies, open_rows = [[] for _ in prompts], set(range(count))
        for _ in range(self.longest):
            best = logits.argmax(-1)
            for i in list(open_rows):
                if int(best[i]) in self.stop:
                    open_rows.discard(i)
                else:
                    replies[i].append(int(best[i]))
            if not open_rows:
                break
            logits = self.one(best, lengths, caches)
            lengths = lengths + 1
        return replies

    def one(self, tokens, lengths, caches):
        m, c = self.model, self.model.c
        longest = int(lengths.max()) + 1
        rows = torch.arange(len(tokens))
        cos, sin = m.cos[lengths], m.sin[lengths]
        hidden = torch.where(torch.arange(longest)[None] <= lengths[:, None], 0.0, -1e9)[:, None, None]
        x = F.embedding(tokens, m.embed)
        for layer, (keys, values) in zip(m.layers, caches):
            q, k, v = layer.attn.project(layer.attn_norm(x), cos, sin)
            keys[rows, :, lengths], values[rows, :, lengths] = k, v
            mixed = layer.attn.attend(q[:, :, None], keys[:, :, :longest], values[:, :, :longest], hidden)
            x = x + F.linear(mixed.reshape(len(tokens), -1), layer.attn.output)
            x = x + layer.ffn(layer.ffn_norm(x))
        return F.linear(m.norm(x), m.head)

    def answers(self, requests):
        """requests: {"messages", "thinking"} -> {"text", "thinking"} as glim prints them."""
        prompts = [self.form.prompt(r["messages"], r["thinking"]) for r in requests]
        out = []
        for request, ids in zip(requests, self.replies(prompts)):
            cut = ids.index(self.form.unthink) if self.form.unthink in ids else (len(ids) if request["thinking"] else -1)
            out.append({"text": self.t.decode(ids[cut + 1:]).strip(), "thinking": self.t.decode(ids[:max(cut, 0)]).strip()})
        return out


def load(checkpoint):
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", 2)))
    torch.set_flush_denormal(True)
    model = Spark()
    model.load_state_dict(torch.load(checkpoint)["model"])
    return Decoder(model, Tokenizer.load(os.path.join(HERE, "tokenizer.json")))


def main():
    """python3 decode.py CHECKPOINT [--off] QUESTION..."""
    questions = [a for a in sys.argv[2:] if a != "--off"]
    decoder = load(sys.argv[1])
    requests = [{"messages": [{"role": "user", "content": q}], "thinking": "--off" not in sys.argv} for q in questions]
    for q, a in zip(questions, decoder.answers(requests)):
        print(f"{q}\n  [{a['thinking']}] {a['text']}")


if __name__ == "__main__":
    main()
