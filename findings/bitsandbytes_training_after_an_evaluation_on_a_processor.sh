#!/usr/bin/env bash
# bitsandbytes 0.50.2 on a processor with AVX512-BF16: after one forward pass in evaluation mode no
# gradient flows through a four-bit layer any more. Of adapters (peft 0.21.2) only the uppermost
# learns as before: what lies below sees the loss through the adapters alone, which begin at zero.
# The loss still falls a little, and nothing is raised.
#
# One would guess: `model.eval()` with `torch.no_grad()` leaves a frozen layer as it was, so that a
# training may be validated in between; the releases since 0.46 name processors as supported. But
# the first pass in evaluation mode repacks the layer's weights for a fast kernel, in place, turns
# their scales into bfloat16, and all later passes, of training too, take that kernel, for which no
# derivative is registered. All that one sees is one UserWarning of autograd. The way in is taken
# only where `x.requires_grad` is false, so a model whose inputs need gradients escapes it.
#
# The same repacking raises on the first evaluation where the width of a layer is no multiple of 64:
# 4304, the width of the perceptrons of SigLIP-So400m, the eye of Idefics3 and PaliGemma.
#
# Why it matters here: QLoRA of a vision-language model is validated every few hundred steps. On a
# processor Micrographia therefore never quantises (`language.tuning.quantise`).
#
# Seen (Python 3.11, AMD EPYC with avx512_bf16): gradient of the lower of two adapters after the
# evaluation 0.0 of that before, of the upper 1.0; layer of 4304: RuntimeError, shape is invalid.
# Exit 3: the processor has no AVX512-BF16, and nothing can be said.
set -euo pipefail
grep -q avx512_bf16 /proc/cpuinfo || { echo "this processor has no avx512_bf16"; exit 3; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --quiet --disable-pip-version-check install \
    torch==2.11.0 bitsandbytes==0.50.2 peft==0.21.2 transformers==5.23.0 numpy==2.4.6
cat >"$folder/run.py" <<'PYTHON'
import bitsandbytes, peft, torch
from bitsandbytes.nn import Linear4bit

torch.manual_seed(0)


def layer(wide, narrow):
    return Linear4bit(wide, narrow, bias=False, compute_dtype=torch.float32, quant_type="nf4")


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lower, self.upper = layer(128, 128), layer(128, 128)

    def forward(self, x):
        return self.upper(self.lower(x))


low = peft.LoraConfig(r=4, target_modules=["lower", "upper"])
net = peft.get_peft_model(Net().to("cpu"), low)
inputs = torch.randn(8, 128)


def gradient(part):
    net.train()
    net.zero_grad(set_to_none=True)
    net(inputs).square().sum().backward()
    found = [p.grad for n, p in net.named_parameters() if p.requires_grad and f".{part}." in n]
    return sum(0.0 if g is None else float(g.norm()) for g in found)


before = gradient("lower"), gradient("upper")
net.eval()
with torch.no_grad():
    net(inputs)
after = gradient("lower"), gradient("upper")
print("bitsandbytes", bitsandbytes.__version__, "peft", peft.__version__)
print("gradient of the lower, upper adapter, as a fraction of that before:",
      *(round(b / a, 3) for a, b in zip(before, after)))
wide = layer(4304, 128).to("cpu")
wide.train()
with torch.no_grad():
    wide(torch.randn(2, 4304))
    wide.eval()
    try:
        wide(torch.randn(2, 4304))
        raised = False
    except RuntimeError as error:
        print("4304:", error)
        raised = True
raise SystemExit(not (before[0] > 0 and after[0] == 0 and after[1] > 0 and raised))
PYTHON
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore "$folder/run.py"
