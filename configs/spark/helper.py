"""A second process that adds gradients from the time other programs leave on another core.

It works on a snapshot of the weights that may be a step old, which does no harm at these rates.
"""
import os

import torch
import torch.multiprocessing as mp
import torch.nn.functional as F


def flat_copy(target, tensors):
    torch.cat([t.detach().reshape(-1) for t in tensors], out=target)


def scatter(tensors, flat):
    at = 0
    for t in tensors:
        t.data.copy_(flat[at:at + t.numel()].view_as(t))
        at += t.numel()


def trained_state(model):
    return list(model.parameters()) + [layer.bias for layer in model.expert_layers()]


def own_priority(core, nice):
    """Leaves the session of the main process, whose priority it would share otherwise."""
    try:
        os.setsid()
        with open("/proc/self/autogroup", "w") as f:
            f.write(str(nice))
        os.sched_setaffinity(0, {core})
    except OSError:
        pass


def work(shared, seed, micro, core, nice):
    own_priority(core, nice)
    import data
    from model import Spark
    from tokenizer import Tokenizer
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    model = Spark()
    form = data.Format(Tokenizer.load(os.path.join(os.path.dirname(os.path.abspath(__file__)), "tokenizer.json")))
    params, turn = list(model.parameters()), int(shared.start)
    gradient = torch.zeros_like(shared.gradient)
    while not shared.stop.value and os.getppid() == shared.parent:
        with shared.lock:
            scatter(trained_state(model), shared.weights)
        batches, tokens = data.step_batches(form, seed + 500, turn, micro, 2 * micro)
        turn += 1
        for p in params:
            p.grad = None
        count = 0
        for b in batches:
            F.cross_entropy(model(b.tokens, b.positions, b.groups, b.wanted), b.targets, reduction="sum").backward()
            count += len(b.wanted)
        flat_copy(gradient, [p.grad for p in params])
        with shared.lock:
            shared.gradient += gradient
            shared.counts += torch.tensor([count, tokens], dtype=torch.float64)
            for total, layer in zip(shared.load, model.expert_layers()):
                total += layer.load
                layer.load.zero_()


class Shared:
    def __init__(self, model, start):
        size = sum(t.numel() for t in trained_state(model))
        self.weights = torch.zeros(size).share_memory_()
        self.gradient = torch.zeros(sum(p.numel() for p in model.parameters())).share_memory_()
        self.counts = torch.zeros(2, dtype=torch.float64).share_memory_()
        self.load = torch.zeros(len(model.expert_layers()), model.c.experts).share_memory_()
        context = mp.get_context("spawn")
        self.lock, self.stop = context.Lock(), context.Value("b", 0)
        self.start, self.parent = start, os.getpid()


class Helper:
    def __init__(self, model, start, seed, micro, core, nice):
        self.model = model
        self.shared = Shared(model, start)
        self.publish()
        self.process = mp.get_context("spawn").Process(target=work, args=(self.shared, seed, micro, core, nice), daemon=True)
        self.process.start()

    def publish(self):
        with self.shared.lock:
            flat_copy(self.shared.weights, trained_state(self.model))

    def collect(self):
        """Adds the helper's gradient sums to the model's; returns (predicted tokens, tokens)."""
        with self.shared.lock:
            count, tokens = (int(v) for v in self.shared.counts)
            if count:
                at = 0
                for p in self.model.parameters():
                    p.grad.add_(self.shared.gradient[at:at + p.numel()].view_as(p))
                    at += p.numel()
                for total, layer in zip(self.shared.load, self.model.expert_layers()):
                    layer.load += total
                for t in (self.shared.gradient, self.shared.counts, self.shared.load):
                    t.zero_()
        return count, tokens

    def close(self):
        self.shared.stop.value = 1
        self.process.join(20)
