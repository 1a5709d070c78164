"""spark in PyTorch: the GLM-4.7-Flash architecture (GGUF `deepseek2`) in miniature.

The training form of attention is the expanded one; the file holds the absorbed tensors (see export.py).
Tokens of all rows form one flat [tokens, width] matrix, so every matrix product is large; only attention
looks at rows.
"""
from dataclasses import dataclass

import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass
class Config:
    vocab: int = 4096
    hidden: int = 256
    layers: int = 5
    dense_layers: int = 1
    heads: int = 4
    nope: int = 64
    rope: int = 32
    value: int = 64
    q_lora: int = 256
    kv_lora: int = 256
    dense_width: int = 1024
    experts: int = 6
    experts_used: int = 2
    expert_width: int = 256
    expert_scale: float = 1.8
    rope_base: float = 10000.0
    eps: float = 1e-5
    context: int = 4096


class RMSNormFunction(torch.autograd.Function):
    """Fused by hand: the plain autograd form makes three times as many passes over memory."""

    @staticmethod
    def forward(ctx, x, weight, eps):
        inverse = torch.linalg.vector_norm(x, dim=-1, keepdim=True).square_().div_(x.shape[-1]).add_(eps).rsqrt_()
        unit = x * inverse
        ctx.save_for_backward(unit, weight, inverse)
        return unit * weight

    @staticmethod
    def backward(ctx, grad):
        unit, weight, inverse = ctx.saved_tensors
        product = grad * unit
        grad_weight = product.sum(0)
        mean = torch.mv(product, weight).div_(unit.shape[-1]).unsqueeze(-1)
        return (grad * weight).sub_(unit * mean).mul_(inverse), grad_weight, None


class SwiGLUFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, gate, up):
        sigmoid = torch.sigmoid(gate)
        silu = gate * sigmoid
        ctx.save_for_backward(gate, up, sigmoid, silu)
        return silu * up

    @staticmethod
    def backward(ctx, grad):
        gate, up, sigmoid, silu = ctx.saved_tensors
        grad_up = grad * silu
        slope = (1 - sigmoid).mul_(silu).add_(sigmoid)
        return slope.mul_(grad).mul_(up), grad_up


class GatherRows(torch.autograd.Function):
    """x[rows], where every row of x is taken exactly `times` times; `inverse` finds the copies again."""

    @staticmethod
    def forward(ctx, x, rows, inverse, times):
        ctx.save_for_backward(inverse)
        ctx.times = times
        return x.index_select(0, rows)

    @staticmethod
    def backward(ctx, grad):
        (inverse,) = ctx.saved_tensors
        back = grad.index_select(0, inverse).view(-1, ctx.times, grad.shape[-1])
        return (back[:, 0] if ctx.times == 1 else back.sum(1)), None, None, None


class RMSNorm(nn.Module):
    def __init__(self, width, eps):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x):
        return RMSNormFunction.apply(x, self.weight, self.eps)


def matrix(*shape, zero=False):
    """Weights as [.., out, in]; layers that write to the residual stream start at zero."""
    if zero:
        return nn.Parameter(torch.zeros(*shape))
    return nn.Parameter(torch.randn(*shape) * shape[-1] ** -0.5)


def rope_table(config, count):
    steps = torch.arange(0, config.rope, 2, dtype=torch.float64) / config.rope
    angles = torch.arange(count, dtype=torch.float64)[:, None] * config.rope_base ** -steps[None, :]
    return angles.cos().float(), angles.sin().float()


def rotate(x, cos, sin):
    """Adjacent pairs (2i, 2i+1); x is [tokens, ..., rope], cos and sin broadcast over [tokens, ..., rope/2]."""
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1).flatten(-2)


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c = c
        self.keep = None      # called with the keys and values of a group; decode.py fills its cache with it
        self.q_a = matrix(c.q_lora, c.hidden)
        self.q_a_norm = RMSNorm(c.q_lora, c.eps)
        self.q_b = matrix(c.heads * (c.nope + c.rope), c.q_lora)
        self.kv_a = matrix(c.kv_lora + c.rope, c.hidden)
        self.kv_a_norm = RMSNorm(c.kv_lora, c.eps)
        self.k_b = matrix(c.heads * c.nope, c.kv_lora)
        self.v_b = matrix(c.heads * c.value, c.kv_lora)
        self.output = matrix(c.hidden, c.heads * c.value, zero=True)

    def project(self, h, cos, sin):
        """Queries, keys and values of every head: [tokens, heads, ...]."""
        c, count = self.c, h.shape[0]
        q = F.linear(self.q_a_norm(F.linear(h, self.q_a)), self.q_b).view(count, c.heads, c.nope + c.rope)
        q_nope, q_rope = q.split((c.nope, c.rope), dim=-1)
        q = torch.cat((q_nope, rotate(q_rope, cos[:, None], sin[:, None])), dim=-1)
        latent, k_rope = F.linear(h, self.kv_a).split((c.kv_lora, c.rope), dim=-1)
        latent = self.kv_a_norm(latent)
        k_rope = rotate(k_rope, cos, sin)[:, None].expand(count, c.heads, c.rope)
        k = torch.cat((F.linear(latent, self.k_b).view(count, c.heads, c.nope), k_rope), dim=-1)
        return q, k, F.linear(latent, self.v_b).view(count, c.heads, c.value)

    def forward(self, h, cos, sin, groups):
        q, k, v = self.project(h, cos, sin)
        parts = []
        for start, rows, length, mask in groups:
            part = [t[start:start + rows * length].view(rows, length, self.c.heads, -1).transpose(1, 2) for t in (q, k, v)]
            if self.keep:
                self.keep(part[1], part[2])
            parts.append(self.attend(*part, mask).transpose(1, 2).reshape(rows * length, -1))
        return F.linear(torch.cat(parts) if len(parts) > 1 else parts[0], self.output)

    def attend(self, q, k, v, mask):
        scores = torch.matmul(q * (self.c.nope + self.c.rope) ** -0.5, k.transpose(-1, -2))
        return torch.matmul(torch.softmax(scores.add_(mask), dim=-1), v)


class Dense(nn.Module):
    def __init__(self, c, width):
        super().__init__()
        self.gate = matrix(width, c.hidden)
        self.up = matrix(width, c.hidden)
        self.down = matrix(c.hidden, width, zero=True)

    def forward(self, g):
        return F.linear(SwiGLUFunction.apply(F.linear(g, self.gate), F.linear(g, self.up)), self.down)


class Experts(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c = c
        self.router = nn.Parameter(torch.randn(c.experts, c.hidden) * 0.02)
        self.register_buffer("bias", torch.zeros(c.experts))
        self.register_buffer("load", torch.zeros(c.experts))
        self.gate = matrix(c.experts, c.expert_width, c.hidden)
        self.up = matrix(c.experts, c.expert_width, c.hidden)
        self.down = matrix(c.experts, c.hidden, c.expert_width, zero=True)
        self.shared = Dense(c, c.expert_width)

    def forward(self, g):
        used = self.c.experts_used
        scores = torch.sigmoid(F.linear(g, self.router))
        chosen = torch.topk(scores.detach() + self.bias, used, dim=-1).indices
        weights = scores.gather(1, chosen)
        weights = weights / weights.sum(-1, keepdim=True) * self.c.expert_scale
        order = torch.argsort(chosen.flatten(), stable=True)
        inverse = torch.empty_like(order)
        inverse[order] = torch.arange(order.numel())
        counts = torch.bincount(chosen.flatten(), minlength=self.c.experts)
        if self.training:
            self.load += counts
        taken = GatherRows.apply(g, order // used, inverse, used)
        outputs = []
        for e, part in enumerate(taken.split(counts.tolist())):
            inner = SwiGLUFunction.apply(F.linear(part, self.gate[e]), F.linear(part, self.up[e]))
            outputs.append(F.linear(inner, self.down[e]))
        back = GatherRows.apply(torch.cat(outputs), inverse, order, 1).view(-1, used, g.shape[-1])
        mixed = torch.bmm(weights[:, None], back).squeeze(1) if not torch.is_grad_enabled() else (back * weights[..., None]).sum(1)
        return mixed + self.shared(g)

    def balance(self, step):
        """DeepSeek's loss-free balancing: the bias only takes part in choosing."""
        self.bias += step * torch.sign(self.load.mean() - self.load)
        self.bias -= self.bias.mean()
        self.load.zero_()


class Layer(nn.Module):
    def __init__(self, c, index):
        super().__init__()
        self.attn_norm = RMSNorm(c.hidden, c.eps)
        self.attn = Attention(c)
        self.ffn_norm = RMSNorm(c.hidden, c.eps)
        self.ffn = Dense(c, c.dense_width) if index < c.dense_layers else Experts(c)

    def forward(self, x, cos, sin, groups):
        x = x + self.attn(self.attn_norm(x), cos, sin, groups)
        return x + self.ffn(self.ffn_norm(x))


class Spark(nn.Module):
    def __init__(self, config=None):
        super().__init__()
        self.c = config or Config()
        # A shared direction gives heads something constant to look for; a head that begins near the embedding lets copying form early.
        self.embed = nn.Parameter(torch.randn(self.c.vocab, self.c.hidden) * 0.5 + torch.randn(self.c.hidden) * 0.1)
        self.layers = nn.ModuleList(Layer(self.c, i) for i in range(self.c.layers))
        self.norm = RMSNorm(self.c.hidden, self.c.eps)
        self.head = nn.Parameter(torch.randn(self.c.vocab, self.c.hidden) * 0.02 + self.embed.detach() * 0.05)
        self.cos, self.sin = rope_table(self.c, self.c.context + 256)

    def forward(self, tokens, positions, groups, wanted=None):
        """Logits of the flat positions `wanted` (all of them without)."""
        x = F.embedding(tokens, self.embed)
        cos, sin = self.cos[positions], self.sin[positions]
        for layer in self.layers:
            x = layer(x, cos, sin, groups)
        if wanted is not None:
            x = x.index_select(0, wanted)
        return F.linear(self.norm(x), self.head)

    def expert_layers(self):
        return [layer.ffn for layer in self.layers if isinstance(layer.ffn, Experts)]


def causal_mask(segments):
    """[rows, length] segment numbers -> [rows, 1, length, length] with 0 where looking is allowed."""
    same = segments[:, :, None] == segments[:, None, :]
    length = segments.shape[1]
    allowed = same & torch.ones(length, length, dtype=torch.bool).tril()
    return torch.zeros(allowed.shape).masked_fill_(~allowed, -1e9)[:, None]


def single_row(tokens):
    """Arguments of forward() for one sequence."""
    flat = torch.as_tensor(tokens, dtype=torch.long)
    mask = causal_mask(torch.zeros(1, len(flat), dtype=torch.long))
    return flat, torch.arange(len(flat)), [(0, 1, len(flat), mask)]
