"""Our benchmarks beside those of PyTorch, Pinocchio's inverse kinematics and OSQP, with ratios.

Called by peers.sh; the argument is the folder of reference data. Prints JSON lines.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

shared = pathlib.Path(sys.argv[1]).resolve()
project = pathlib.Path(__file__).resolve().parent.parent
motionc = project / ".build/release/motionc"
urdf = shared / "data/robots/unitree_g1_29dof/g1_29dof.urdf"


def run(*command, **options):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise SystemExit(f"{command}: exit code {done.returncode}\n{done.stderr}")
    return done.stdout


def last_json(text):
    return json.loads([line for line in text.splitlines() if line.startswith("{")][-1])


def peer(script, *arguments):
    return last_json(run(sys.executable, shared / "peers" / script, *arguments))


def training():
    compact = peer("train_step_torch.py", "retargeter", "--batch", 256, "--urdf", urdf, "--compact")
    print(json.dumps(compact), flush=True)
    print(run(motionc, "bench", "--only", "retargeter_step_speedup",
              "--peer-compact-seconds", compact["ms_per_step"] / 1e3), end="", flush=True)
    published = peer("train_step_torch.py", "retargeter", "--batch", 256, "--urdf", urdf, "--steps", 2)
    print(json.dumps(published), flush=True)
    print(run(motionc, "bench", "--only", "retargeter_default_speedup",
              "--peer-published-seconds", published["ms_per_step"] / 1e3), end="", flush=True)


def generator():
    step = peer("train_step_torch.py", "generator", "--batch", 64)
    print(json.dumps(step), flush=True)
    print(run(motionc, "bench", "--only", "generator_step_speedup",
              "--peer-generator-seconds", step["ms_per_step"] / 1e3), end="", flush=True)


def inverse_kinematics(folder):
    for robot in ("unitree_g1", "uarm_swift_pro"):
        dump = folder / f"{robot}.safetensors"
        run(motionc, "evaluate", "retargeter", "--robot", robot, "--motions", shared / "data/motions",
            "--model", project / f"Examples/Models/{robot}.safetensors", "--dump", dump)
        found = peer("ik_optimum.py", dump, "--frames", 400)
        excess = found["mean_distance_mm"] - found["optimum_mm"]
        share, floor = (0.15, 8) if robot == "unitree_g1" else (0.10, 3)
        allowed = max(share * found["optimum_mm"], floor)
        print(json.dumps({"name": f"{robot}_above_ik_optimum_mm", "value": round(excess, 3), "target": f"<= {allowed:.3f}",
                          "met": excess <= allowed, **found}), flush=True)


def limits(folder):
    clips = ["cmu/cmux_train_running_03.bvh", "cmu_daz/135_05_a.bvh", "cmu/cmux_train_jumping_02.bvh"]
    for robot in ("unitree_g1", "uarm_swift_pro"):
        for clip in clips:
            dump = folder / "limits.safetensors"
            run(motionc, "compile", shared / "data/motions" / clip, "--robot", robot, "--speed", 2,
                "--model", project / f"Examples/Models/{robot}.safetensors", "-o", folder / "out", "--dump", dump)
            found = peer("limit_optimum.py", dump)
            print(json.dumps({"name": "limit_objective_ratio", "robot": robot, "clip": clip, "value": found["ratio"],
                              "target": "<= 1.01", "met": found["ratio"] <= 1.01, **found}), flush=True)


with tempfile.TemporaryDirectory() as name:
    what = os.environ.get("PEERS", "training,generator,ik,limits").split(",")
    if "ik" in what:
        inverse_kinematics(pathlib.Path(name))
    if "limits" in what:
        limits(pathlib.Path(name))
    if "training" in what:
        training()
    if "generator" in what:
        generator()
