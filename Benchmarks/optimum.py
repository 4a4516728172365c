"""The best that inverse kinematics can do frame by frame, and how it moves, beside whole motions.

    motionc evaluate body --robot unitree_g1 --motions FOLDER --dump body.safetensors
    ./optimum.py body.safetensors [EVERY]

For each sample the configuration within the position limits is sought whose links, feet included, are nearest
to their targets, by bounded least squares from the optimum of the sample before. Kinematics are
Pinocchio's. The base is where the motion has it. Accelerations are second differences of the samples, so that
both are measured alike; of them the root mean square of each clip, and their mean. EVERY takes one clip
of so many. Prints one JSON line.
"""
import json
import sys

import numpy as np
import pinocchio as pin
from safetensors import safe_open
from scipy.optimize import least_squares

with safe_open(sys.argv[1], "np") as file:
    meta = file.metadata()
    targets, answers, weights, places = (
        file.get_tensor(name).astype(float)
        for name in ("targets", "configuration", "all_weights", "places"))
every = int(sys.argv[2]) if len(sys.argv) > 2 else 1
links, joints, clips = (json.loads(meta[name]) for name in ("links", "joints", "clips"))
model = pin.buildModelFromUrdf(meta["urdf"], mimic=True)
data = model.createData()
joint_of = [model.joints[model.getJointId(name)] for name in joints]
columns = [joint.idx_q for joint in joint_of]
turns = [joint.idx_v for joint in joint_of]
frames = [model.getFrameId(name) for name in links]
low, high = model.lowerPositionLimit[columns], model.upperPositionLimit[columns]
neutral = pin.neutral(model)


def full(q):
    whole = neutral.copy()
    whole[columns] = q
    return whole


def positions(q):
    pin.framesForwardKinematics(model, data, full(q))
    return np.array([data.oMf[frame].act(place) for frame, place in zip(frames, places)])


def jacobian(q, scale):
    pin.computeJointJacobians(model, data, full(q))
    pin.updateFramePlacements(model, data)
    rows = []
    for frame, place, factor in zip(frames, places, scale):
        own = pin.getFrameJacobian(model, data, frame, pin.LOCAL_WORLD_ALIGNED)[:, turns]
        arm = data.oMf[frame].rotation @ place
        rows.append(factor * (own[:3] - pin.skew(arm) @ own[3:]))
    return np.concatenate(rows)


def distance(q, target):
    return np.average(np.linalg.norm(positions(q) - target, axis=1), weights=weights)


def optimum(start, target, scale):
    return least_squares(
        lambda q: ((positions(q) - target) * scale[:, None]).ravel(), np.clip(start, low + 1e-6, high - 1e-6),
        jac=lambda q: jacobian(q, scale), bounds=(low - 1e-9, high + 1e-9), max_nfev=40).x


def rms(rows, rate):
    return np.sqrt(np.mean((np.diff(rows, 2, axis=0) * rate * rate) ** 2))


ours, optima, near, far, at = [], [], [], [], 0
for number, clip in enumerate(clips):
    end = at + clip["samples"]
    if number % every == 0:
        best = np.zeros((end - at, len(joints)))
        for index in range(at, end):
            start = best[index - at - 1] if index > at else answers[index]
            best[index - at] = optimum(start, targets[index], np.sqrt(weights))
        ours.append(rms(answers[at:end], clip["rate"]))
        optima.append(rms(best, clip["rate"]))
        far += [distance(q, target) for q, target in zip(answers[at:end], targets[at:end])]
        near += [distance(q, target) for q, target in zip(best, targets[at:end])]
        print(f"{clip['name']}: {ours[-1]:.1f} of {optima[-1]:.1f} rad/s^2", file=sys.stderr, flush=True)
    at = end
print(json.dumps({
    "clips": len(ours), "samples": len(far), "distance_mm": round(1e3 * np.mean(far), 3),
    "optimum_mm": round(1e3 * np.mean(near), 3), "acceleration_rms": round(np.mean(ours), 2),
    "optimum_acceleration_rms": round(np.mean(optima), 2),
    "median_ratio": round(np.median(np.array(ours) / np.array(optima)), 3)}))
