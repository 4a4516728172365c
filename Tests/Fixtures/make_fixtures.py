#!/usr/bin/env python3
"""Makes the reference values in this folder with independent libraries.

    pip install numpy torch safetensors pin
    ./make_fixtures.py

kinematics-<robot>.safetensors   Pinocchio, float64: link poses and Jacobians of the robots in Robots/
network-retargeter.safetensors   PyTorch, float64: output and gradients of a small retargeting network
"""
import json
import pathlib

import numpy as np
import pinocchio as pin
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file

HERE = pathlib.Path(__file__).resolve().parent
PROJECT = HERE.parent.parent


def kinematics(robot, samples=8, jacobians=2):
    path = f"Robots/{robot}/robot.urdf"
    model = pin.buildModelFromUrdf(str(PROJECT / path), mimic=True)
    data = model.createData()
    movable = [i for i in range(1, model.njoints) if model.joints[i].nv == 1]
    frames = [f for f in model.frames if f.type == pin.FrameType.BODY]
    random = np.random.default_rng(0)
    q = np.zeros((samples, len(movable)))
    poses = np.zeros((samples, len(frames), 4, 4))
    jacobian = np.zeros((jacobians, len(frames), 6, model.nv))
    for s in range(samples):
        full = pin.neutral(model)
        for k, i in enumerate(movable):
            at = model.joints[i].idx_q
            q[s, k] = full[at] = random.uniform(model.lowerPositionLimit[at], model.upperPositionLimit[at])
        pin.computeJointJacobians(model, data, full)
        pin.updateFramePlacements(model, data)
        for f, frame in enumerate(frames):
            number = model.getFrameId(frame.name, pin.FrameType.BODY)
            poses[s, f] = data.oMf[number].homogeneous
            if s < jacobians:
                jacobian[s, f] = pin.getFrameJacobian(model, data, number, pin.LOCAL_WORLD_ALIGNED)
    save_file(
        {"configuration": q, "world_from_link": poses, "jacobian": jacobian},
        HERE / f"kinematics-{robot}.safetensors",
        metadata={"joints": json.dumps([model.names[i] for i in movable]),
                  "links": json.dumps([f.name for f in frames]), "urdf": path,
                  "reference": f"Pinocchio {pin.__version__}"})


def network(width=16, heads=2, layers=2, hidden=32, joints=5, samples=3, tokens=21, features=15):
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    shapes = {"embedding.weight": (width, features), "embedding.bias": (width,), "position": (tokens, width)}
    for i in range(layers):
        shapes |= {f"layers.{i}.{name}": shape for name, shape in {
            "norm1.weight": (width,), "norm1.bias": (width,),
            "attention.projection.weight": (3 * width, width), "attention.projection.bias": (3 * width,),
            "attention.output.weight": (width, width), "attention.output.bias": (width,),
            "norm2.weight": (width,), "norm2.bias": (width,),
            "feed_forward.expand.weight": (hidden, width), "feed_forward.expand.bias": (hidden,),
            "feed_forward.contract.weight": (width, hidden), "feed_forward.contract.bias": (width,)}.items()}
    shapes |= {"norm.weight": (width,), "norm.bias": (width,),
               "head.weight": (joints, tokens * width), "head.bias": (joints,)}
    p = {name: (torch.randn(shape) * 0.3).requires_grad_() for name, shape in shapes.items()}

    def norm(x, name):
        return F.layer_norm(x, (width,), p[name + ".weight"], p[name + ".bias"], eps=1e-5)

    def linear(x, name):
        return F.linear(x, p[name + ".weight"], p[name + ".bias"])

    x0, neutral = torch.randn(samples, tokens, features), torch.randn(joints)
    x = linear(x0, "embedding") + p["position"]
    for i in range(layers):
        q, k, v = linear(norm(x, f"layers.{i}.norm1"), f"layers.{i}.attention.projection").chunk(3, -1)
        split = lambda t: t.reshape(samples, tokens, heads, -1).transpose(1, 2)
        mixed = F.scaled_dot_product_attention(split(q), split(k), split(v)).transpose(1, 2).reshape(x.shape)
        x = x + linear(mixed, f"layers.{i}.attention.output")
        h = F.gelu(linear(norm(x, f"layers.{i}.norm2"), f"layers.{i}.feed_forward.expand"))
        x = x + linear(h, f"layers.{i}.feed_forward.contract")
    raw = linear(norm(x, "norm").reshape(samples, -1), "head") + neutral
    weight = torch.randn(raw.shape)
    (raw * weight).sum().backward()
    tensors = {"features": x0, "neutral": neutral, "raw": raw, "weight": weight}
    tensors |= {f"model.{k}": v for k, v in p.items()} | {f"gradient.{k}": v.grad for k, v in p.items()}
    save_file({k: np.ascontiguousarray(v.detach().numpy()) for k, v in tensors.items()},
              HERE / "network-retargeter.safetensors",
              metadata={"width": str(width), "heads": str(heads), "layers": str(layers), "hidden": str(hidden),
                        "reference": f"PyTorch {torch.__version__}; gradient of sum(raw * weight)"})


if __name__ == "__main__":
    for name in ("unitree_g1", "uarm_swift_pro"):
        kinematics(name)
    network()
