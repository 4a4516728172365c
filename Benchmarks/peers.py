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


def processor_time(script, *arguments):
    """Runs a script that measures by time.perf_counter so that it measures the processor's time instead."""
    text = ("import runpy, sys, time; time.perf_counter = time.process_time; sys.argv = sys.argv[1:]; "
            "runpy.run_path(sys.argv[0], run_name='__main__')")
    return last_json(run(sys.executable, "-c", text, script, *arguments))


def ours(measure):
    return {line["name"]: line["value"] for line in map(json.loads, run(motionc, "bench", "--only", measure).splitlines())}


def in_turns(measure, peers, rounds=3):
    """The least processor time of one thread of ours and of each peer, in turns [ms]: what the machine does besides
    does not count, and both meet the same of it."""
    mine, theirs = {}, {}
    for _ in range(rounds):
        for name, value in ours(measure).items():
            mine[name] = min(value, mine.get(name, value))
        for name, measured in peers.items():
            value = measured()
            theirs[name] = min(value, theirs.get(name, value))
    return mine, theirs


def speed_up(name, our, theirs, target):
    """One line: the ratio to the best of the peers, and to each."""
    ratio = min(theirs.values()) / our
    print(json.dumps({"name": name, "value": round(ratio, 2), "target": f">= {target}", "met": ratio >= target,
                      "our_ms": round(our, 3), "peer_ms": {kind: round(value, 3) for kind, value in theirs.items()}}), flush=True)


KINDS = {"float32": (), "bfloat16": ("--bfloat16",), "compiled": ("--compile",),
         "compiled bfloat16": ("--compile", "--bfloat16")}
WITHOUT_CACHE = ("float32", "bfloat16")


def torch_ms(*arguments):
    script = project / "Benchmarks/models_torch.py"
    return 1e3 * last_json(run(sys.executable, script, *arguments))["processor_seconds"]


def models():
    for what, measure in (("autoencoder", "autoencoder_step_ms"), ("gpt", "gpt_step"), ("hgvae", "hgvae_step")):
        mine, theirs = in_turns(measure, {kind: lambda o=o: torch_ms(what, *o) for kind, o in KINDS.items()})
        # A step of ours may have parts that the other side is spared; then there is a line for the rest as well.
        for name, our in mine.items():
            speed_up(name.replace("_ms", "_speedup"), our, theirs, 1.5)


def sampling():
    for batch, measure in ((1, "gpt_sample_ms"), (16, "gpt_sample_batch_ms")):
        def with_cache(options):
            return torch_ms("sample", "--cache", "--batch", batch, *options) / batch

        def without(options):
            return torch_ms("sample", "--batch", batch, "--rounds", 8, *options) / batch
        mine, theirs = in_turns("gpt_sample", {kind: lambda o=o: with_cache(o) for kind, o in KINDS.items()})
        speed_up(measure.replace("_ms", "_speedup"), mine[measure], theirs, 2)
        mine, theirs = in_turns("gpt_sample", {kind: lambda o=KINDS[kind]: without(o) for kind in WITHOUT_CACHE})
        speed_up(measure.replace("_ms", "_speedup_without_cache"), mine[measure], theirs, 5)


def generator_processor():
    script = shared / "peers/train_step_torch.py"
    kinds = {"float32": (), "bfloat16": ("--bfloat16",)}
    mine, theirs = in_turns("generator_step_ms", {
        kind: lambda o=o: processor_time(script, "generator", "--batch", 64, "--threads", 1, *o)["ms_per_step"]
        for kind, o in kinds.items()})
    speed_up("generator_processor_speedup", mine["generator_step_ms"], theirs, 2)


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
    what = os.environ.get("PEERS", "training,generator,generator-processor,models,sampling,ik,limits").split(",")
    if "ik" in what:
        inverse_kinematics(pathlib.Path(name))
    if "limits" in what:
        limits(pathlib.Path(name))
    if "training" in what:
        training()
    if "generator" in what:
        generator()
    if "generator-processor" in what:
        generator_processor()
    if "models" in what:
        models()
    if "sampling" in what:
        sampling()
