"""Muon for matrices, Adam for the rest."""
import torch


# Polynomials a x + b x^3 + c x^5 of the Polar Express method, one per step; four are enough here.
POLYNOMIALS = [(8.28721202, -23.59588652, 17.30038731), (4.10705911, -2.94784992, 0.54484311),
               (3.94869085, -2.90890212, 0.55181914), (3.31841966, -2.48848802, 0.51004894)]


def orthogonalise(g):
    """Newton-Schulz iteration: pushes all singular values of a stack of matrices towards 1."""
    wide = g.shape[-2] <= g.shape[-1]
    x = g if wide else g.transpose(-1, -2).contiguous()
    x = x / (x.flatten(1).norm(dim=1)[:, None, None] * 1.01 + 1e-7)
    for linear, cubic, quintic in POLYNOMIALS:
        a = torch.bmm(x, x.transpose(1, 2))
        b = torch.baddbmm(a, a, a, beta=cubic, alpha=quintic)
        x = torch.baddbmm(x, b, x, beta=linear, alpha=1.0)
    return x if wide else x.transpose(-1, -2)


class Muon:
    def __init__(self, params, momentum=0.95):
        self.groups = {}
        for p in params:
            self.groups.setdefault(tuple(p.shape[-2:]), []).append(p)
        self.momentum = momentum
        self.state = {shape: torch.zeros(sum(p.numel() for p in ps) // (shape[0] * shape[1]), *shape) for shape, ps in self.groups.items()}

    def step(self, rate, momentum, decay):
        for shape, params in self.groups.items():
            grads = torch.cat([p.grad.view(-1, *shape) for p in params])
            buffer = self.state[shape]
            buffer.lerp_(grads, 1 - momentum)
            update = orthogonalise(grads.lerp_(buffer, momentum))
            scale = rate * max(1.0, shape[0] / shape[1]) ** 0.5
            for p, part in zip(params, update.split([p.numel() // (shape[0] * shape[1]) for p in params])):
                p.data.mul_(1 - rate * decay).sub_(part.reshape(p.shape), alpha=scale)


class Adam:
    def __init__(self, params, betas=(0.9, 0.97), eps=1e-10):
        self.params = list(params)
        self.betas, self.eps, self.count = betas, eps, 0
        self.first = [torch.zeros_like(p) for p, _ in self.params]
        self.second = [torch.zeros_like(p) for p, _ in self.params]

    def step(self, rate):
        self.count += 1
        one, two = self.betas
        for (p, factor), m, v in zip(self.params, self.first, self.second):
            m.lerp_(p.grad, 1 - one)
            v.mul_(two).addcmul_(p.grad, p.grad, value=1 - two)
            bias = (1 - two ** self.count) ** 0.5 / (1 - one ** self.count)
            p.data.addcdiv_(m, v.sqrt().add_(self.eps), value=-rate * factor * bias)


def build(model):
    matrices, others = [], []
    for name, p in model.named_parameters():
        if p.dim() >= 2 and not any(part in name for part in ("embed", "head", "router")):
            matrices.append(p)
        else:
            others.append((p, {"embed": 2.0, "head": 1.0}.get(name, 1.0)))
    return Muon(matrices), Adam(others)
