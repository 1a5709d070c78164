"""Writes a checkpoint as GGUF version 3 (architecture deepseek2, BF16), and checks the file against torch.

    python3 export.py CHECKPOINT OUT.gguf [--check]
"""
import os
import struct
import sys

import numpy as np
import torch

from model import Config, Spark, single_row
from tokenizer import FIRST_SPECIAL, SPECIALS, USER_DEFINED, Tokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
U32, I32, F32, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9
TENSOR_F32, TENSOR_BF16 = 0, 30
ALIGNMENT = 32


def text(s):
    raw = s.encode()
    return struct.pack("<Q", len(raw)) + raw


def value(kind, v):
    if kind == STRING:
        return text(v)
    return struct.pack({U32: "<I", I32: "<i", F32: "<f", BOOL: "<?"}[kind], v)


def pair(key, kind, v):
    return text(key) + struct.pack("<I", kind) + value(kind, v)


def array(key, kind, values):
    return text(key) + struct.pack("<IIQ", ARRAY, kind, len(values)) + b"".join(value(kind, v) for v in values)


def bf16(a):
    """Round to nearest, ties to even."""
    bits = np.ascontiguousarray(a, dtype=np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def metadata(c, tokenizer, template, parameters):
    kinds = [4 if t in USER_DEFINED else 3 if i >= FIRST_SPECIAL else 1 for i, t in enumerate(tokenizer.tokens)]
    special = tokenizer.special
    a = "deepseek2."
    return [
        pair("general.architecture", STRING, "deepseek2"), pair("general.type", STRING, "model"),
        pair("general.name", STRING, "spark"), pair("general.basename", STRING, "spark"),
        pair("general.size_label", STRING, f"{parameters / 1e6:.1f}M"), pair("general.license", STRING, "GPL-3.0-or-later"),
        pair("general.description", STRING, "the built-in model of glim: GLM-4.7-Flash geometry in miniature"),
        array("general.languages", STRING, ["en"]),
        pair("general.sampling.temp", F32, 0.0), pair("general.alignment", U32, ALIGNMENT),
        pair(a + "block_count", U32, c.layers), pair(a + "context_length", U32, c.context), pair(a + "embedding_length", U32, c.hidden),
        pair(a + "feed_forward_length", U32, c.dense_width), pair(a + "attention.head_count", U32, c.heads), pair(a + "attention.head_count_kv", U32, 1),
        pair(a + "rope.freq_base", F32, c.rope_base), pair(a + "attention.layer_norm_rms_epsilon", F32, c.eps),
        pair(a + "expert_used_count", U32, c.experts_used), pair(a + "expert_group_count", U32, 1), pair(a + "expert_group_used_count", U32, 1),
        pair(a + "expert_gating_func", U32, 2), pair(a + "leading_dense_block_count", U32, c.dense_layers), pair(a + "vocab_size", U32, c.vocab),
        pair(a + "attention.q_lora_rank", U32, c.q_lora), pair(a + "attention.kv_lora_rank", U32, c.kv_lora),
        pair(a + "attention.key_length", U32, c.kv_lora + c.rope), pair(a + "attention.value_length", U32, c.kv_lora),
        pair(a + "attention.key_length_mla", U32, c.nope + c.rope), pair(a + "attention.value_length_mla", U32, c.value),
        pair(a + "expert_feed_forward_length", U32, c.expert_width), pair(a + "expert_count", U32, c.experts), pair(a + "expert_shared_count", U32, 1),
        pair(a + "expert_weights_scale", F32, c.expert_scale), pair(a + "expert_weights_norm", BOOL, True), pair(a + "rope.dimension_count", U32, c.rope),
        pair("tokenizer.ggml.model", STRING, "gpt2"), pair("tokenizer.ggml.pre", STRING, "glm4"),
        array("tokenizer.ggml.tokens", STRING, tokenizer.tokens), array("tokenizer.ggml.token_type", I32, kinds),
        array("tokenizer.ggml.merges", STRING, [" ".join(m) for m in tokenizer.merges]),
        pair("tokenizer.ggml.eos_token_id", U32, special("<|endoftext|>")), pair("tokenizer.ggml.padding_token_id", U32, special("<|endoftext|>")),
        pair("tokenizer.ggml.unknown_token_id", U32, special("<|endoftext|>")), pair("tokenizer.ggml.bos_token_id", U32, special("[gMASK]")),
        pair("tokenizer.ggml.eot_token_id", U32, special("<|user|>")), pair("tokenizer.ggml.eom_token_id", U32, special("<|observation|>")),
        pair("tokenizer.chat_template", STRING, template),
        pair("general.quantization_version", U32, 2), pair("general.file_type", U32, 32),
    ]


def tensors(model):
    """(name, numpy array): the last numpy axis is the first GGUF size."""
    c = model.c
    s = {k: v.detach().float().numpy() for k, v in model.state_dict().items()}
    yield "token_embd.weight", s["embed"]
    yield "output_norm.weight", s["norm.weight"]
    yield "output.weight", s["head"]
    for i in range(c.layers):
        b, n = f"layers.{i}.", f"blk.{i}."
        yield n + "attn_norm.weight", s[b + "attn_norm.weight"]
        yield n + "attn_q_a.weight", s[b + "attn.q_a"]
        yield n + "attn_q_a_norm.weight", s[b + "attn.q_a_norm.weight"]
        yield n + "attn_q_b.weight", s[b + "attn.q_b"]
        yield n + "attn_kv_a_mqa.weight", s[b + "attn.kv_a"]
        yield n + "attn_kv_a_norm.weight", s[b + "attn.kv_a_norm.weight"]
        yield n + "attn_k_b.weight", s[b + "attn.k_b"].reshape(c.heads, c.nope, c.kv_lora).transpose(0, 2, 1)
        yield n + "attn_v_b.weight", s[b + "attn.v_b"].reshape(c.heads, c.value, c.kv_lora)
        yield n + "attn_output.weight", s[b + "attn.output"]
        yield n + "ffn_norm.weight", s[b + "ffn_norm.weight"]
        if i < c.dense_layers:
            for part in ("gate", "up", "down"):
                yield n + f"ffn_{part}.weight", s[b + "ffn." + part]
            continue
        yield n + "ffn_gate_inp.weight", s[b + "ffn.router"]
        yield n + "exp_probs_b.bias", s[b + "ffn.bias"]
        for part in ("gate", "up", "down"):
            yield n + f"ffn_{part}_exps.weight", s[b + "ffn." + part]
            yield n + f"ffn_{part}_shexp.weight", s[b + "ffn.shared." + part]


def stored_type(name, a):
    return TENSOR_F32 if a.ndim == 1 or "ffn_gate_inp" in name else TENSOR_BF16


def padded(raw):
    return raw + bytes(-len(raw) % ALIGNMENT)


def write(model, tokenizer, path):
    with open(os.path.join(HERE, "chat_template.jinja"), encoding="utf-8") as f:
        template = f.read()
    keys = metadata(model.c, tokenizer, template, sum(p.numel() for p in model.parameters()))
    infos, blobs, offset = [], [], 0
    for name, a in tensors(model):
        kind = stored_type(name, a)
        raw = padded((bf16(a) if kind == TENSOR_BF16 else np.ascontiguousarray(a, dtype=np.float32)).tobytes())
        infos.append(text(name) + struct.pack("<I", a.ndim) + struct.pack(f"<{a.ndim}Q", *reversed(a.shape)) + struct.pack("<IQ", kind, offset))
        blobs.append(raw)
        offset += len(raw)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(infos), len(keys)) + b"".join(keys) + b"".join(infos)
    with open(path + ".new", "wb") as f:
        f.write(padded(head))
        f.writelines(blobs)
    os.replace(path + ".new", path)


class File:
    """Just enough of a GGUF reader for the check."""

    def __init__(self, path):
        self.raw = np.fromfile(path, dtype=np.uint8).tobytes()
        self.at = 24
        magic, version, tensor_count, key_count = struct.unpack_from("<4sIQQ", self.raw)
        assert (magic, version) == (b"GGUF", 3)
        self.keys = {}
        for _ in range(key_count):
            name = self.string()
            self.keys[name] = self.value(self.take("<I"))
        infos = []
        for _ in range(tensor_count):
            name, dims = self.string(), self.take("<I")
            shape = [self.take("<Q") for _ in range(dims)]
            infos.append((name, shape, self.take("<I"), self.take("<Q")))
        start = -(-self.at // ALIGNMENT) * ALIGNMENT
        self.tensors = {name: self.tensor(start + offset, shape, kind) for name, shape, kind, offset in infos}

    def take(self, form):
        (v,) = struct.unpack_from(form, self.raw, self.at)
        self.at += struct.calcsize(form)
        return v

    def string(self):
        size = self.take("<Q")
        self.at += size
        return self.raw[self.at - size:self.at].decode()

    def value(self, kind):
        if kind == STRING:
            return self.string()
        if kind == ARRAY:
            inner, count = self.take("<I"), self.take("<Q")
            return [self.value(inner) for _ in range(count)]
        return self.take({U32: "<I", I32: "<i", F32: "<f", BOOL: "<?"}[kind])

    def tensor(self, at, shape, kind):
        count = int(np.prod(shape))
        if kind == TENSOR_F32:
            a = np.frombuffer(self.raw, np.float32, count, at)
        else:
            a = (np.frombuffer(self.raw, np.uint16, count, at).astype(np.uint32) << 16).view(np.float32)
        return a.reshape(shape[::-1]).astype(np.float64)


def rms(x, weight, eps):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + eps) * weight


def swiglu(x, gate, up, down):
    z = x @ gate.T
    return (z / (1 + np.exp(-z)) * (x @ up.T)) @ down.T


def rope(x, positions, base):
    angles = positions[:, None] * base ** (-np.arange(0, x.shape[-1], 2) / x.shape[-1])
    shape = (len(positions),) + (1,) * (x.ndim - 2) + (-1,)
    cos, sin = np.cos(angles).reshape(shape), np.sin(angles).reshape(shape)
    out = np.empty_like(x)
    out[..., 0::2], out[..., 1::2] = x[..., 0::2] * cos - x[..., 1::2] * sin, x[..., 0::2] * sin + x[..., 1::2] * cos
    return out


def reference(file, tokens):
    """Absorbed attention straight from the file, in double precision: the formulas of the specification, not of model.py."""
    k, t = {n.replace("deepseek2.", ""): v for n, v in file.keys.items()}, file.tensors
    heads, lora, ropes, eps = k["attention.head_count"], k["attention.kv_lora_rank"], k["rope.dimension_count"], k["attention.layer_norm_rms_epsilon"]
    width = k["attention.key_length_mla"]
    positions = np.arange(len(tokens))
    x = t["token_embd.weight"][tokens]
    for i in range(k["block_count"]):
        w = {n[len(f"blk.{i}."):]: v for n, v in t.items() if n.startswith(f"blk.{i}.")}
        h = rms(x, w["attn_norm.weight"], eps)
        q = (rms(h @ w["attn_q_a.weight"].T, w["attn_q_a_norm.weight"], eps) @ w["attn_q_b.weight"].T).reshape(-1, heads, width)
        kv = h @ w["attn_kv_a_mqa.weight"].T
        latent, key_rope = rms(kv[:, :lora], w["attn_kv_a_norm.weight"], eps), rope(kv[:, lora:], positions, k["rope.freq_base"])
        absorbed = np.einsum("thd,hld->thl", q[..., :width - ropes], w["attn_k_b.weight"])
        query = np.concatenate([absorbed, rope(q[..., width - ropes:], positions, k["rope.freq_base"])], -1)
        scores = np.einsum("thr,jr->htj", query, np.concatenate([latent, key_rope], -1)) / np.sqrt(width)
        scores = np.where(positions[None, None] <= positions[None, :, None], scores, -np.inf)
        p = np.exp(scores - scores.max(-1, keepdims=True))
        p /= p.sum(-1, keepdims=True)
        o = np.einsum("thl,hvl->thv", np.einsum("htj,jl->thl", p, latent), w["attn_v_b.weight"]).reshape(len(tokens), -1)
        x = x + o @ w["attn_output.weight"].T
        g = rms(x, w["ffn_norm.weight"], eps)
        if i < k["leading_dense_block_count"]:
            x = x + swiglu(g, w["ffn_gate.weight"], w["ffn_up.weight"], w["ffn_down.weight"])
            continue
        x = x + experts(k, w, g) + swiglu(g, w["ffn_gate_shexp.weight"], w["ffn_up_shexp.weight"], w["ffn_down_shexp.weight"])
    return rms(x, t["output_norm.weight"], eps) @ t["output.weight"].T


def experts(k, w, g):
    score = 1 / (1 + np.exp(-(g @ w["ffn_gate_inp.weight"].T)))
    out = np.zeros_like(g)
    for row in range(len(g)):
        chosen = np.argsort(-(score[row] + w["exp_probs_b.bias"]), kind="stable")[:k["expert_used_count"]]
        weights = score[row, chosen] / score[row, chosen].sum() * k["expert_weights_scale"]
        for e, weight in zip(chosen, weights):
            out[row] += weight * swiglu(g[row], w["ffn_gate_exps.weight"][e], w["ffn_up_exps.weight"][e], w["ffn_down_exps.weight"][e])
    return out


def rounded(model):
    """The model with the weights that the file holds."""
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.dim() > 1 and "router" not in name:
                p.copy_(torch.from_numpy((bf16(p.numpy()).astype(np.uint32) << 16).view(np.float32)))
    return model


def check(model, tokenizer, path):
    file = File(path)
    ids = [tokenizer.special("[gMASK]"), tokenizer.special("<sop>"), tokenizer.special("<|user|>")] + tokenizer.encode("Count 1 to 5, then name the capital of France") + \
        [tokenizer.special("<|assistant|>"), tokenizer.special("<think>")]
    flat, positions, groups = single_row(ids)
    with torch.no_grad():
        ours = rounded(model).eval()(flat, positions, groups).numpy().astype(np.float64)
    theirs = reference(file, np.array(ids))
    error = ((ours - theirs) ** 2).sum() / (theirs ** 2).sum()
    print(f"{len(file.tensors)} tensors, {os.path.getsize(path)} bytes, normalised error of the logits {error:.2e}")
    assert error < 1e-8 and file.keys["tokenizer.ggml.tokens"] == tokenizer.tokens
    assert [tuple(m.split(" ")) for m in file.keys["tokenizer.ggml.merges"]] == tokenizer.merges and len(SPECIALS) == 36


def main():
    checkpoint, out = sys.argv[1:3]
    model = Spark(Config())
    model.load_state_dict(torch.load(checkpoint)["model"])
    tokenizer = Tokenizer.load(os.path.join(HERE, "tokenizer.json"))
    write(model, tokenizer, out)
    if "--check" in sys.argv:
        check(model, tokenizer, out)


if __name__ == "__main__":
    main()
