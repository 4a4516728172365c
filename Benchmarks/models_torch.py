#!/usr/bin/env python3
"""PoseGPT and HG-VAE in PyTorch: what a training step and a sampled token cost there.

    pip install torch
    python Benchmarks/models_torch.py autoencoder --bfloat16
    python Benchmarks/models_torch.py gpt --compile
    python Benchmarks/models_torch.py hgvae
    python Benchmarks/models_torch.py sample --batch 16 --cache

The networks, sizes, batches and losses are those of the models that ship (Examples/train-models.sh); numbers are
random. A training step is forward pass, loss, gradients, clipping, AdamW and the running mean of the weights; the
data are made beforehand. `sample` draws 64 tokens of 16 codes. Prints one JSON line: seconds of processor time of the
process and of the clock, the least of several.
"""
import argparse
import contextlib
import json
import time

import torch
import torch.nn.functional as F
from torch import nn

JOINTS = 22
PARENTS = [-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19]
FEET = [7, 8, 10, 11]
LABELS = 47


# ---- Transformer

class Block(nn.Module):
    """A pre-norm Transformer block with fused attention; reads and fills a cache of keys and values."""

    def __init__(self, width, heads, hidden):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.expand, self.contract = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def split(self, x):
        batch, tokens, width = x.shape
        return (part.view(batch, tokens, self.heads, width // self.heads).transpose(1, 2)
                for part in self.qkv(self.norm1(x)).split(width, -1))

    def finish(self, x, mixed):
        x = x + self.out(mixed.transpose(1, 2).reshape(x.shape))
        return x + self.contract(F.gelu(self.expand(self.norm2(x))))

    def forward(self, x, causal=True):
        q, k, v = self.split(x)
        return self.finish(x, F.scaled_dot_product_attention(q, k, v, is_causal=causal))

    def step(self, x, cache, place, mask=None):
        """One more token; with a mask over the whole cache, shapes stay the same."""
        q, k, v = self.split(x)
        if mask is None:
            cache[0][:, :, place:place + 1], cache[1][:, :, place:place + 1] = k, v
            mixed = F.scaled_dot_product_attention(q, cache[0][:, :, :place + 1], cache[1][:, :, :place + 1])
        else:
            cache[0].index_copy_(2, place, k)
            cache[1].index_copy_(2, place, v)
            mixed = F.scaled_dot_product_attention(q, cache[0], cache[1], attn_mask=mask)
        return self.finish(x, mixed)


# ---- PoseGPT's autoencoder

class Autoencoder(nn.Module):
    """64 frames of 140 channels, 4 a token; 16 books of 8 x 8 x 4 scalar codes."""

    def __init__(self, width=128, heads=4, layers=4, frames=64, per_token=4, books=16, levels=(8, 8, 4)):
        super().__init__()
        self.tokens, self.patch, latent = frames // per_token, per_token * 140, books * len(levels)
        self.embedding = nn.Linear(self.patch, width)
        self.encoder = nn.ModuleList(Block(width, heads, 4 * width) for _ in range(layers))
        self.encoder_norm, self.to_latent = nn.LayerNorm(width), nn.Linear(width, latent)
        self.from_latent = nn.Linear(latent, width)
        self.decoder = nn.ModuleList(Block(width, heads, 4 * width) for _ in range(layers))
        self.decoder_norm, self.head = nn.LayerNorm(width), nn.Linear(width, self.patch)
        self.direct_to, self.direct_from = nn.Linear(self.patch, latent), nn.Linear(latent, self.patch)
        angle = torch.arange(self.tokens)[:, None] * 1000.0 ** (-torch.arange(width // 2) * 2 / width)
        self.register_buffer("place", 0.3 * torch.stack([angle.sin(), angle.cos()], -1).reshape(self.tokens, width))
        level = torch.tensor(levels * books, dtype=torch.float)
        half, offset = (level - 1) * (1 - 1e-3) / 2, torch.where(level % 2 == 0, 0.5, 0.0)
        for name, value in (("halves", half), ("offset", offset), ("shift", torch.atanh(offset / half)),
                            ("step", 1 / (level / 2).floor())):
            self.register_buffer(name, value)

    def quantized(self, z):
        bounded = torch.tanh(z + self.shift) * self.halves - self.offset
        return (bounded + (bounded.round() - bounded).detach()) * self.step

    def forward(self, frames):
        batch = frames.shape[0]
        patches = frames.reshape(batch, self.tokens, self.patch)
        x = self.embedding(patches) + self.place
        for block in self.encoder:
            x = block(x, causal=True)
        z = self.quantized(self.to_latent(self.encoder_norm(x)) + self.direct_to(patches))
        x = self.from_latent(z) + self.place
        for block in self.decoder:
            x = block(x, causal=False)
        return (self.head(self.decoder_norm(x)) + self.direct_from(z)).reshape(batch, -1, 140)


def levels_of_tree():
    depth = [0] * JOINTS
    for joint in range(1, JOINTS):
        depth[joint] = depth[PARENTS[joint]] + 1
    return [[j for j in range(JOINTS) if depth[j] == d] for d in range(1, max(depth) + 1)]


TREE = [(torch.tensor(joints), torch.tensor([PARENTS[j] for j in joints])) for joints in levels_of_tree()]
ORDER = torch.argsort(torch.tensor([0] + [int(j) for joints, _ in TREE for j in joints]))


def figure(features, offsets, leg):
    """Orthonormal rotation columns and joints about the point below the root; joints of one depth at a time."""
    batch, frames = features.shape[:2]
    columns = features[..., :132].reshape(batch, frames, JOINTS, 2, 3)
    first = F.normalize(columns[..., 0, :], dim=-1)
    second = columns[..., 1, :]
    second = F.normalize(second - (first * second).sum(-1, keepdim=True) * first, dim=-1)
    local = torch.stack([first, second, torch.linalg.cross(first, second)], -1)
    height, along, across, turn = features[..., 132:136].unbind(-1)
    root = torch.stack([torch.zeros_like(height), torch.zeros_like(height), height * leg], -1)
    rotations, places = [local[:, :, :1]], [root[:, :, None]]
    positions = {0: (0, 0)}
    for index, (joints, parents) in enumerate(TREE):
        inner = torch.tensor([positions[int(p)][1] for p in parents])
        above = rotations[index][:, :, inner]
        places.append(places[index][:, :, inner] + (above @ offsets[:, None, joints, :, None]).squeeze(-1))
        rotations.append(above @ local[:, :, joints])
        for at, joint in enumerate(joints.tolist()):
            positions[joint] = (index + 1, at)
    world = torch.cat(places, 2)[:, :, ORDER]
    return torch.stack([first, second], -2), world, along * leg, across * leg, turn


def velocities(world, along, across, turn):
    c, s = turn[:, 1:, None].cos(), turn[:, 1:, None].sin()
    x, y, z = world[:, :-1].unbind(-1)
    before = torch.stack([c * x + s * y, c * y - s * x, z], -1)
    step = torch.stack([along[:, 1:], across[:, 1:], torch.zeros_like(along[:, 1:])], -1)
    return world[:, 1:] - before + step[:, :, None]


def path(along, across, turn):
    heading = torch.cat([torch.zeros_like(turn[:, :1]), turn[:, 1:]], 1).cumsum(1)
    s, c = heading.sin(), heading.cos()
    steps = torch.stack([c * along - s * across, s * along + c * across], -1)
    steps = torch.cat([torch.zeros_like(steps[:, :1]), steps[:, 1:]], 1)
    return steps.cumsum(1), heading


def autoencoder_loss(predicted, standardized, features, mean, deviation, offsets, leg):
    found = figure(predicted.float() * deviation + mean, offsets, leg)
    wanted = figure(features, offsets, leg)
    rotation = F.mse_loss(found[0], wanted[0])
    root = F.mse_loss(predicted[..., 132:136].float(), standardized[..., 132:136])
    contact = F.mse_loss(predicted[..., 136:].float(), standardized[..., 136:])
    joints = (found[1] - wanted[1]).norm(dim=-1).mean()
    truth = velocities(*wanted[1:])
    weight = torch.ones(truth.shape[:-1])
    stands = (features[:, 1:, 136:] > 0.5) & (features[:, :-1, 136:] > 0.5)
    weight[..., FEET] = torch.where(stands, 4.0, 1.0)
    velocity = ((velocities(*found[1:]) - truth).norm(dim=-1) * weight).mean()
    (a, ah), (b, bh) = path(*found[2:]), path(*wanted[2:])
    way = (a - b).norm(dim=-1).mean() + (ah - bh).abs().mean()
    return rotation + 0.2 * root + 0.1 * contact + 6 * joints + 20 * velocity + 0.5 * way


def autoencoder(options):
    model = Autoencoder()
    net = torch.compile(model) if options.compile else model
    loss_of = torch.compile(autoencoder_loss) if options.compile else autoencoder_loss
    mean, deviation = torch.randn(140) * 0.1, torch.rand(140) + 0.1
    features = torch.randn(options.batch, 64, 140) * deviation + mean
    offsets, leg = torch.randn(options.batch, JOINTS, 3) * 0.1, torch.full((options.batch, 1), 0.8)
    standardized = (features - mean) / deviation

    def loss():
        with autocast(options):
            predicted = net(standardized)
        return loss_of(predicted, standardized, features, mean, deviation, offsets, leg)
    return model, loss


# ---- PoseGPT's GPT

class GPT(nn.Module):
    """64 tokens of 16 codes of 256; the head predicts each book from those before it as well."""

    def __init__(self, width=160, heads=4, layers=4, context=64, books=16, codes=256, condition=64):
        super().__init__()
        self.width, self.heads, self.context, self.books, self.codes = width, heads, context, books, codes
        self.token = nn.Embedding(books * (codes + 1), width)
        self.action, self.length = nn.Embedding(LABELS + 1, condition), nn.Linear(1, condition)
        self.projection = nn.Linear(width + 2 * condition, width)
        self.position = nn.Parameter(torch.randn(context, width) * 0.02)
        self.blocks = nn.ModuleList(Block(width, heads, 4 * width) for _ in range(layers))
        self.known, self.norm = nn.Embedding(books * (codes + 1), width), nn.LayerNorm(width)
        bound = width ** -0.5
        self.hidden = nn.Parameter(torch.empty(books, width, width).uniform_(-bound, bound))
        self.hidden_bias = nn.Parameter(torch.zeros(books, 1, width))
        self.output = nn.Parameter(torch.empty(books, width, codes).uniform_(-0.02, 0.02))
        self.output_bias = nn.Parameter(torch.zeros(books, 1, codes))
        self.register_buffer("first", torch.arange(books) * (codes + 1))

    def embedded(self, codes, action, duration, place):
        tokens = codes.shape[1]
        parts = self.token(codes + self.first).sum(2)
        conditions = torch.cat([self.action(action), self.length(duration)], -1)[:, None].expand(-1, tokens, -1)
        return self.projection(torch.cat([parts, conditions], -1)) + place

    def forward(self, codes, action, duration):
        x = self.embedded(codes, action, duration, self.position[:codes.shape[1]])
        for block in self.blocks:
            x = block(x)
        return x

    def next(self, codes, action, duration, cache, place, mask=None):
        x = self.embedded(codes, action, duration, self.position[place])
        for block, held in zip(self.blocks, cache):
            x = block.step(x, held, place, mask)
        return x

    def logits(self, x, targets):
        """All books' logits at once where the codes are known: [books, places, codes]."""
        known = self.known(targets + self.first)  # [batch, tokens, books, width]
        before = torch.cat([torch.zeros_like(known[:, :, :1]), known[:, :, :-1]], 2).cumsum(2)
        u = self.norm(x[:, :, None] + before).flatten(0, 1).transpose(0, 1)  # [books, places, width]
        hidden = F.gelu(torch.baddbmm(self.hidden_bias, u, self.hidden))
        return torch.baddbmm(self.output_bias, hidden, self.output)

    def drawn(self, x):
        """The codes of one token, one book after another: [batch, books]."""
        codes = []
        for book in range(self.books):
            hidden = F.gelu(self.norm(x) @ self.hidden[book] + self.hidden_bias[book])
            odds = (hidden @ self.output[book] + self.output_bias[book]).float().softmax(-1)
            # the largest of probabilities over exponential numbers: a draw without a search
            code = (odds / torch.empty_like(odds).exponential_()).argmax(-1)
            codes.append(code)
            x = x + self.known(code + book * (self.codes + 1))
        return torch.stack(codes, -1)


def gpt(options):
    model = GPT()
    read = torch.randint(0, 257, (options.batch, 64, 16))
    targets = torch.randint(0, 256, (options.batch, 64, 16))
    action, duration = torch.randint(0, LABELS + 1, (options.batch,)), torch.rand(options.batch, 1)

    def whole():
        logits = model.logits(model(read, action, duration), targets)
        return F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten(0, 1).T.flatten())
    inner = torch.compile(whole) if options.compile else whole

    def loss():
        with autocast(options):
            return inner()
    return model, loss


def sample(options):
    model = GPT().eval().requires_grad_(False)
    kind = torch.float32
    if options.bfloat16:
        model, kind = model.bfloat16(), torch.bfloat16
    batch, tokens = options.batch, 64
    action, duration = torch.full((batch,), 3), torch.ones(batch, 1, dtype=kind)
    begin = torch.full((batch, 1, 16), 256)
    compiled = (lambda f: torch.compile(f, dynamic=False)) if options.compile else (lambda f: f)

    if options.cache:
        cache = [[torch.zeros(batch, model.heads, tokens, model.width // model.heads, dtype=kind) for _ in range(2)]
                 for _ in model.blocks]
        places = [torch.tensor([place]) for place in range(tokens)]
        masks = [(torch.arange(tokens) <= place)[None, None, None] for place in range(tokens)]

        def next_codes(codes, place, mask):
            return model.drawn(model.next(codes, action, duration, cache, place, mask)[:, -1])
        one = compiled(next_codes)

        def draw():
            codes, all_codes = begin, []
            for place in range(tokens):
                if options.compile:
                    codes = one(codes, places[place], masks[place])[:, None]
                else:
                    codes = one(codes, place, None)[:, None]
                all_codes.append(codes)
            return torch.cat(all_codes, 1)
    else:
        head = compiled(model.drawn)
        body = torch.compile(model, dynamic=True) if options.compile else model

        def draw():
            codes = begin
            for _ in range(tokens):
                found = head(body(codes, action, duration)[:, -1])
                codes = torch.cat([codes, found[:, None]], 1)
            return codes
    return model, draw


# ---- HG-VAE

class GraphConvolution(nn.Module):
    """S X W + b over [nodes, batch, features], so that one product mixes the nodes of all windows."""

    def __init__(self, nodes, to, features, outputs):
        super().__init__()
        self.mixing = nn.Parameter(torch.eye(nodes) if nodes == to else torch.randn(to, nodes) * nodes ** -0.5)
        self.map = nn.Linear(features, outputs)

    def forward(self, x):
        mixed = (self.mixing @ x.reshape(x.shape[0], -1)).view(-1, *x.shape[1:])
        return self.map(mixed)


class GraphBlock(nn.Module):
    def __init__(self, nodes, width):
        super().__init__()
        self.first = GraphConvolution(nodes, nodes, width, width)
        self.second = GraphConvolution(nodes, nodes, width, width)
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return x + self.weight * F.gelu(self.second(F.gelu(self.first(x))))


class Level(nn.Module):
    def __init__(self, places, latents, width, conditions):
        super().__init__()
        self.latents = latents
        self.block = GraphBlock(66, width)
        self.contraction = GraphConvolution(66, places, width, width)
        self.posterior, self.prior = nn.Linear(2 * width, 2 * latents), nn.Linear(width, 2 * latents)
        self.expansion = GraphConvolution(places, 66, latents + conditions + width, width)
        self.weight = nn.Parameter(torch.full((1,), 0.5))

    def gaussian(self, raw, shift=0.0):
        mean, spread = raw.split(self.latents, -1)
        return mean, 5.5 * torch.tanh((spread + shift + 2.5) / 5.5) - 2.5

    def forward(self, path, activation, label):
        path = self.block(path)
        seen = F.gelu(self.contraction(path))
        pm, pv = self.gaussian(self.prior(seen))
        qm, qv = self.gaussian(self.posterior(torch.cat([seen, activation], -1)), -3.0)
        latent = qm + (0.5 * qv).exp() * torch.randn_like(qm)
        told = [latent, seen] if label is None else [latent, label, seen]
        path = path + self.weight * self.expansion(torch.cat(told, -1))
        ratio = qv - pv
        divergence = 0.5 * (ratio.exp() + (qm - pm) ** 2 * (-pv).exp() - 1 - ratio)
        return path, divergence.sum()


class HGVAE(nn.Module):
    """Windows of 50 cosine coefficients of 66 coordinates; four levels of 1, 4, 16 and 66 nodes."""

    def __init__(self, width=96, frames=50, places=(1, 4, 16, 66), latents=32):
        super().__init__()
        self.embedding, self.embedding_bias = nn.Linear(2 * frames, width), nn.Parameter(torch.randn(66, 1, width) * 0.1)
        self.trunk = GraphBlock(66, width)
        above = places[1:] + (66,)
        self.reductions = nn.ModuleList(GraphConvolution(a, p, width, width) for a, p in zip(above, places))
        self.encoder = nn.ModuleList(GraphBlock(p, width) for p in places)
        self.start = nn.Parameter(torch.randn(66, 1, width) * 0.1)
        self.levels = nn.ModuleList(Level(p, (4 if i == 0 else 1) * latents, width, LABELS if i == 0 else 0)
                                    for i, p in enumerate(places))
        self.end = GraphBlock(66, width)
        self.head, self.head_bias = nn.Linear(width, 2 * frames), nn.Parameter(torch.zeros(66, 1, 2 * frames))
        self.frames = frames

    def forward(self, x, label, truth, least, weight):
        x = self.trunk(self.embedding(8 * torch.tanh(x / 8)) + self.embedding_bias)
        found = []
        for reduction, block in zip(reversed(self.reductions), reversed(self.encoder)):
            x = block(reduction(x))
            found.append(x)
        path, divergence = self.start.expand(-1, truth.shape[1], -1), 0
        for index, level in enumerate(self.levels):
            path, term = level(path, found[-1 - index], label if index == 0 else None)
            divergence = divergence + term
        mean, spread = (self.head(self.end(path)) + self.head_bias).float().split(self.frames, -1)
        variance = least + F.softplus(spread - least)
        likelihood = 0.5 * (1.8378770664 + variance + (truth - mean) ** 2 * (-variance).exp())
        return (likelihood.sum() + weight * divergence) / truth.numel()


def hgvae(options):
    model = HGVAE()
    net = torch.compile(model) if options.compile else model
    x, truth = torch.randn(66, options.batch, 100), torch.randn(66, options.batch, 50)
    label, least = torch.zeros(1, options.batch, LABELS), torch.full((66, 1, 50), -8.0)
    label[0, :, 3] = 1

    def loss():
        with autocast(options):
            return net(x, label, truth, least, 0.5)
    return model, loss


# ---- Timing

def autocast(options):
    return torch.autocast("cpu", dtype=torch.bfloat16) if options.bfloat16 else contextlib.nullcontext()


def training_step(model, loss, rate=1e-3):
    parameters = list(model.parameters())
    optimizer = torch.optim.AdamW(parameters, rate, fused=True)
    average = [parameter.detach().clone() for parameter in parameters]

    def step():
        value = loss()
        optimizer.zero_grad(set_to_none=True)
        value.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        with torch.no_grad():
            torch._foreach_lerp_(average, parameters, 0.002)
        return float(value.detach())
    return step


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["autoencoder", "gpt", "hgvae", "sample"])
    parser.add_argument("--batch", type=int, help="default: that of the shipped training; 1 for 'sample'")
    parser.add_argument("--bfloat16", action="store_true", help="autocast; for 'sample' weights of bfloat16")
    parser.add_argument("--compile", action="store_true", help="torch.compile")
    parser.add_argument("--cache", action="store_true", help="'sample' with a cache of keys and values")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=30, help="steps or sequences that are timed")
    options = parser.parse_args()
    options.batch = options.batch or {"autoencoder": 16, "gpt": 16, "hgvae": 32, "sample": 1}[options.what]
    torch.manual_seed(0)
    torch.set_num_threads(options.threads)
    model, body = {"autoencoder": autoencoder, "gpt": gpt, "hgvae": hgvae, "sample": sample}[options.what](options)
    if options.what == "sample":
        with torch.inference_mode():
            processor, clock = timed(body, options.rounds)
    else:
        step = training_step(model, body)
        first = step()
        processor, clock = timed(step, options.rounds)
        last = step()
        assert last < first, f"the loss rose from {first} to {last}"
    print(json.dumps({
        "model": options.what, "batch": options.batch, "bfloat16": options.bfloat16, "compiled": options.compile,
        "cache": options.cache, "threads": options.threads, "parameters": sum(p.numel() for p in model.parameters()),
        "processor_seconds": round(processor, 6), "seconds": round(clock, 6), "torch": torch.__version__}))


def timed(body, rounds):
    for _ in range(3):
        body()
    processor, clock = [], []
    for _ in range(rounds):
        p, t = time.process_time(), time.perf_counter()
        body()
        processor.append(time.process_time() - p)
        clock.append(time.perf_counter() - t)
    return min(processor), min(clock)


if __name__ == "__main__":
    main()
