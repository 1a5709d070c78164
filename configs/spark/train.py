"""Trains spark on the CPU; writes checkpoints that survive an interruption and can be resumed.

    OMP_WAIT_POLICY=passive python3 train.py --out DIR [--until 08:00 | --tokens 11000000] [--seed 1]
"""
import argparse
import datetime
import json
import os
import signal
import time

import torch
import torch.nn.functional as F

import data
import optim
from helper import Helper
from model import Spark
from tokenizer import Tokenizer

HERE = os.path.dirname(os.path.abspath(__file__))


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument("--out", required=True)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--tokens", type=float, default=11e6, help="length of the run in tokens")
    p.add_argument("--until", help="HH:MM (UTC): end then instead of after --tokens")
    p.add_argument("--batch", type=int, default=6144, help="tokens per step")
    p.add_argument("--micro", type=int, default=2048, help="tokens per forward pass; small enough for the last-level cache")
    p.add_argument("--rate", type=float, default=0.02)
    p.add_argument("--adam-rate", type=float, default=0.003)
    p.add_argument("--decay-from", type=float, default=0.4, help="share of the run with the full rate")
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--helper-core", type=int, default=-1, help="let a second process compute gradients on this core")
    p.add_argument("--helper-nice", type=int, default=0)
    p.add_argument("--save-every", type=int, default=240, help="seconds")
    return p.parse_args()


def save(path, **parts):
    torch.save(parts, path + ".new")
    os.replace(path + ".new", path)


class Run:
    def __init__(self, args):
        self.args = args
        torch.manual_seed(args.seed)
        self.model = Spark()
        self.muon, self.adam = optim.build(self.model)
        self.average = {k: v.detach().clone() for k, v in self.model.state_dict().items()}
        self.step, self.tokens, self.progress, self.seconds = 0, 0, 0.0, 0.0
        self.path = os.path.join(args.out, "spark.pt")
        if os.path.exists(self.path):
            self.load()
        self.helper = Helper(self.model, self.tokens, args.seed, args.micro, args.helper_core, args.helper_nice) if args.helper_core >= 0 else None
        self.form = data.Format(Tokenizer.load(os.path.join(HERE, "tokenizer.json")))

    def load(self):
        c = torch.load(self.path)
        self.model.load_state_dict(c["model"])
        self.average = c["average"]
        self.muon.state = c["muon"]
        self.adam.first, self.adam.second, self.adam.count = c["adam"]
        self.step, self.tokens, self.progress, self.seconds = c["where"]

    def save(self):
        where = (self.step, self.tokens, self.progress, self.seconds)
        save(self.path, model=self.model.state_dict(), average=self.average, muon=self.muon.state,
             adam=(self.adam.first, self.adam.second, self.adam.count), where=where)
        save(os.path.join(self.args.out, "average.pt"), model=self.average, where=where)

    def one_step(self):
        batches, tokens = data.step_batches(self.form, self.args.seed, self.step, self.args.batch, self.args.micro)
        count = sum(len(b.wanted) for b in batches)
        for p in self.model.parameters():
            p.grad = None
        total = 0.0
        for b in batches:
            loss = F.cross_entropy(self.model(b.tokens, b.positions, b.groups, b.wanted), b.targets, reduction="sum")
            loss.backward()
            total += loss.item() / count
        if self.helper:
            more, more_tokens = self.helper.collect()
            count, tokens = count + more, tokens + more_tokens
        for p in self.model.parameters():
            p.grad.div_(count)
        fade = 1.0 if self.progress < self.args.decay_from else max(0.0, (1 - self.progress) / (1 - self.args.decay_from))
        rate = min(1.0, (self.step + 1) / 40) * fade
        self.muon.step(self.args.rate * rate, min(0.95, 0.85 + self.step / 2000), 0.1)
        self.adam.step(self.args.adam_rate * rate)
        for layer in self.model.expert_layers():
            layer.balance(0.01 * max(0.05, rate))
        keep = min(0.98, 1 - 1 / (self.step / 4 + 1))
        with torch.no_grad():
            for k, v in self.model.state_dict().items():
                self.average[k].lerp_(v, 1 - keep) if v.dtype.is_floating_point else self.average[k].copy_(v)
        if self.helper:
            self.helper.publish()
        self.step += 1
        self.tokens += tokens
        return total, tokens, rate

    def left(self, end):
        return end - time.time() if end else self.args.tokens - self.tokens


def main():
    args = arguments()
    os.makedirs(args.out, exist_ok=True)
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)      # fresh moments are full of denormals, which are ten times slower
    run = Run(args)
    end = None
    if args.until:
        hour, minute = map(int, args.until.split(":"))
        end = datetime.datetime.now(datetime.timezone.utc).replace(hour=hour, minute=minute, second=0).timestamp()
    log = open(os.path.join(args.out, "log.jsonl"), "a")
    saved = time.time()
    smooth = None
    stopped = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
    while run.progress < 1 and run.left(end) > 0 and not stopped:
        began, left = time.time(), run.left(end)
        loss, tokens, rate = run.one_step()
        took = time.time() - began
        run.seconds += took
        run.progress += (1 - run.progress) * min(1.0, (took if end else tokens) / left)
        smooth = loss if smooth is None else smooth * 0.95 + loss * 0.05
        if run.step % 10 == 0:
            line = {"step": run.step, "loss": round(smooth, 4), "tokens": run.tokens, "rate": round(rate, 4), "progress": round(run.progress, 4),
                    "tokens_per_s": round(tokens / took), "seconds": round(run.seconds)}
            log.write(json.dumps(line) + "\n")
            log.flush()
        if time.time() - saved > args.save_every:
            run.save()
            saved = time.time()
    run.save()
    if run.helper:
        run.helper.close()
    print("done", run.step, run.tokens, round(run.seconds))


if __name__ == "__main__":
    main()
