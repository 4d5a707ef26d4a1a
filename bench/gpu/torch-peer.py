"""What PyTorch makes of the same GPU: one GRPO step of Qwen3-0.6B's shape (random weights, LoRA of rank 16 by hand,
`generate` of transformers, eager, SDPA), and the matmul rate in f32 without TF32. Needs torch and transformers; nothing
else in the repository needs Python.

    python3 bench/gpu/torch-peer.py [--tiny] [--json FILE] [--device cuda] [--seconds 20] [--dtypes float32,bfloat16]
"""

import argparse
import json
import statistics
import time

import torch
from torch import nn

arguments = argparse.ArgumentParser()
arguments.add_argument("--tiny", action="store_true")
arguments.add_argument("--json")
arguments.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
arguments.add_argument("--seconds", type=float, default=20)
arguments.add_argument("--dtypes", default="float32,bfloat16")
arguments.add_argument("--pivots-a-pass", type=int, default=2)
flags = arguments.parse_args()
torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False
torch.manual_seed(1)

PIVOTS, SAMPLES, PROMPT, NEW, RANK, ALPHA = (2, 4, 20, 8, 16, 32) if flags.tiny else (8, 8, 512, 64, 16, 32)


def drained():
    if flags.device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


class Adapted(nn.Module):
    """A frozen linear layer with a low-rank update beside it, as PEFT computes it; A and B stay in float32 there too."""

    def __init__(self, base):
        super().__init__()
        self.base = base
        kind = dict(device=base.weight.device, dtype=base.weight.dtype)
        self.a = nn.Parameter((torch.rand(RANK, base.in_features, **kind) * 2 - 1) / base.in_features**0.5)
        self.b = nn.Parameter(torch.zeros(base.out_features, RANK, **kind))

    def forward(self, x):
        return self.base(x) + (x @ self.a.T) @ self.b.T * (ALPHA / RANK)


def adapted_model(dtype):
    from transformers import Qwen3Config, Qwen3ForCausalLM

    shape = dict(hidden_size=1024, num_hidden_layers=28, num_attention_heads=16, num_key_value_heads=8, head_dim=128)
    shape |= dict(intermediate_size=3072, vocab_size=151_936)
    if flags.tiny:
        shape = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, head_dim=16)
        shape |= dict(intermediate_size=48, vocab_size=300)
    config = Qwen3Config(**shape, tie_word_embeddings=True, max_position_embeddings=40_960, attn_implementation="sdpa")
    with torch.device(flags.device):
        torch.set_default_dtype(dtype)
        model = Qwen3ForCausalLM(config)
        torch.set_default_dtype(torch.float32)
    model.requires_grad_(False)
    for block in model.model.layers:
        for part in (block.self_attn, block.mlp):
            for name, layer in list(part.named_children()):
                if isinstance(layer, nn.Linear):
                    setattr(part, name, Adapted(layer))
    return model


def grpo_step(model, optimizer, prompts):
    start = drained()
    model.eval()
    with torch.no_grad():
        rows = prompts.repeat_interleave(SAMPLES, 0)
        sequences = model.generate(
            rows,
            attention_mask=torch.ones_like(rows),
            do_sample=True,
            top_k=0,
            max_new_tokens=NEW,
            min_new_tokens=NEW,
            eos_token_id=None,
            pad_token_id=0,
        )
    decoded = drained()
    model.train()
    rewards = (torch.arange(SAMPLES, device=flags.device) % 2).float()
    advantages = ((rewards - rewards.mean()) / (rewards.std() + 1e-4)).repeat(PIVOTS)
    optimizer.zero_grad(set_to_none=True)
    rows_a_pass = flags.pivots_a_pass * SAMPLES
    for first in range(0, len(sequences), rows_a_pass):
        part = sequences[first : first + rows_a_pass]
        logits = model(part, logits_to_keep=NEW + 1).logits[:, :-1].float()
        log_prob = torch.log_softmax(logits, -1).gather(-1, part[:, PROMPT:, None]).squeeze(-1)
        ratio = torch.exp(log_prob - log_prob.detach())
        advantage = advantages[first : first + rows_a_pass, None]
        loss = -torch.minimum(ratio * advantage, ratio.clamp(0.8, 1.2) * advantage).sum() / (len(sequences) * NEW)
        loss.backward()
        del logits, log_prob, ratio, loss
    norm = nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], 1.0)
    optimizer.step()
    ended = drained()
    return {"rolloutMs": (decoded - start) * 1e3, "updateMs": (ended - decoded) * 1e3, "gradientNorm": float(norm)}


def measure_grpo(dtype):
    model = adapted_model(dtype)
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4)
    prompts = torch.randint(0, model.config.vocab_size, (PIVOTS, PROMPT), device=flags.device)
    began = drained()
    first = grpo_step(model, optimizer, prompts)
    steps = []
    while not steps or (len(steps) < 5 and drained() - began < flags.seconds):
        steps.append(grpo_step(model, optimizer, prompts))
    result = {name: statistics.median(step[name] for step in steps) for name in first}
    result |= {"ms": result["rolloutMs"] + result["updateMs"], "firstMs": first["rolloutMs"] + first["updateMs"]}
    result["repetitions"] = len(steps)
    if flags.device == "cuda":
        result["peakGiB"] = torch.cuda.max_memory_allocated() / 2**30
        torch.cuda.reset_peak_memory_stats()
    return result


def matmul_rate(dtype, m, n, k):
    x, w = torch.randn(m, k, device=flags.device, dtype=dtype), torch.randn(n, k, device=flags.device, dtype=dtype)
    x @ w.T
    repeats = 3 if flags.tiny else 30
    best = float("inf")
    for _ in range(3):
        start = drained()
        for _ in range(repeats):
            x @ w.T
        best = min(best, (drained() - start) / repeats)
    return 2 * m * n * k / best


report = {"torch": torch.__version__, "device": flags.device}
if flags.device == "cuda":
    report["name"] = torch.cuda.get_device_name()
print(json.dumps(report))
for m, n, k in [(96, 64, 32)] if flags.tiny else [(4096, 3072, 1024), (512, 3072, 1024), (4096, 4096, 4096)]:
    rate = matmul_rate(torch.float32, m, n, k)
    report[f"matmul {m}x{n}x{k}"] = rate
    print(f"matmul f32 without TF32 {m} x {n} x {k}: {rate / 1e9:.1f} GFLOP/s")
for name in flags.dtypes.split(","):
    try:
        result = measure_grpo(getattr(torch, name))
    except Exception as error:  # What fails, a missing transformers included, is said, and the rest is still measured.
        result = {"error": repr(error)}
    report[f"grpo {name}"] = result
    print(f"grpo step {name}: {json.dumps(result)}", flush=True)
if flags.json:
    with open(flags.json, "w") as file:
        json.dump(report, file, indent=1)
