"""Streams to the vendor's firmware on the emulated board and judges what the motors did.

Called by firmware.sh: firmware.py FOLDER IMAGE..., FOLDER has the built board and compare.py. Prints a
JSON line for each run and one for each image. Exit code 1 unless every run holds: the exit code expected,
no byte lost, no error E2x, at most one abrupt standstill, speed and acceleration of each motor within 1.01
of limits.yaml, path within 0.1 (RMS) and 0.5 degrees (worst).
"""
import csv
import json
import os
import pathlib
import pty
import select
import signal
import subprocess
import sys
import tempfile
import time

import numpy

board = pathlib.Path(sys.argv[1])
project = pathlib.Path(__file__).resolve().parent.parent
motionc = project / ".build/release/motionc"
sys.path.insert(0, str(board))
from compare import Run, compare, path_from_log  # noqa: E402

SPEED, ACCELERATION = 60, 200  # of limits.yaml, degrees
MARGIN = 1.01


def path_error(folder, log):
    """RMS and worst distance of the motors from the commanded path [degrees].

    In each half second the lag that fits best is used, since it drifts; each pose counts by its distance
    from the path around that lag (0.3 s to either side): where the arm creeps, frames are merged.
    """
    run = Run(folder)
    if not len(run.times):
        return 0.0, 0.0
    sent, commanded = path_from_log(log)
    times = sent - run.offset()
    worst, squares, count = 0.0, 0.0, 0
    lags = numpy.arange(0.0, 0.8, 0.005)
    for start in numpy.arange(run.times[0], run.times[-1], 0.5):
        grid = numpy.arange(start, min(start + 0.5, run.times[-1]), 0.01)
        actual = run.positions(grid)
        wanted = numpy.stack(
            [[numpy.interp(grid - lag, times, commanded[:, m]) for m in range(3)] for lag in lags])
        distance = numpy.sqrt(((actual.T[None] - wanted) ** 2).sum(1))  # lag, instant
        best = int((distance ** 2).sum(1).argmin())
        nearest = distance[max(0, best - 60):best + 61].min(0)
        worst = max(worst, float(nearest.max()))
        squares, count = squares + float((nearest ** 2).sum()), count + len(nearest)
    return (squares / max(count, 1)) ** 0.5, worst


class Terminal:
    """A command on a terminal: keys at instants, or answers to prompts; its exit code and text."""

    def __init__(self, command, folder):
        self.text = ""
        self.process, self.fd = pty.fork()
        if self.process == 0:
            os.chdir(folder)
            os.execv(str(command[0]), [str(c) for c in command])

    def pump(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not select.select([self.fd], [], [], 0.01)[0]:
                continue
            try:
                data = os.read(self.fd, 4096)
            except OSError:
                return False
            if not data:
                return False
            self.text += data.decode(errors="replace")
        return True

    def wait_for(self, prompt, seconds):
        end = time.monotonic() + seconds
        while prompt not in self.text and time.monotonic() < end:
            if not self.pump(0.05):
                break
        found = prompt in self.text
        self.text = self.text.split(prompt, 1)[-1]
        return found

    def say(self, text):
        os.write(self.fd, text.encode())

    def exit_code(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.pump(0.05)
            done, status = os.waitpid(self.process, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        return None


def run(image, name, arguments, expected=0, interrupts=(), keys=(), pose="90,90,30", options=()):
    """One run of a verb against a fresh board; its row."""
    with tempfile.TemporaryDirectory() as folder:
        link, log = f"{folder}/arm", f"{folder}/stream.csv"
        emulated = subprocess.Popen(
            [board / "board", "--firmware", image, "--link", link, "--logs", folder, "--pose", pose,
             "--priority", "30", *options], stderr=subprocess.DEVNULL)
        while not os.path.islink(link):
            time.sleep(0.02)
        command = [motionc, *arguments, "--port", link, "--log", log]
        tool = Terminal(command, folder)
        begun = time.monotonic()
        for moment, what in sorted([(t, signal.SIGINT) for t in interrupts] + list(keys), key=lambda x: x[0]):
            tool.pump(max(0, moment - (time.monotonic() - begun)))
            if isinstance(what, str):
                tool.say(what)
            else:
                os.kill(tool.process, what)
        code = tool.exit_code(600)
        emulated.send_signal(signal.SIGINT)
        emulated.wait()
        found = compare(folder, limits=(SPEED, ACCELERATION))
        rms, worst = path_error(folder, log)
        wire = pathlib.Path(folder, "wire.csv").read_text()
        row = {
            "image": pathlib.Path(image).stem, "run": name, "exit": code, "bytes_lost": found["bytes_lost"],
            "errors": wire.count(" E2"), "standstills": found["standstills"],
            "speed": max(found["speed"]), "acceleration": max(found["acceleration_100ms"]),
            "path_rms": round(rms, 3), "path_worst": round(worst, 3), "late_slices": found["late_slices"],
        }
        # A second Ctrl-C stops at once, by the firmware's own brake.
        is_braked = len(interrupts) > 1
        row["holds"] = bool(
            code == expected and row["bytes_lost"] == 0 and row["errors"] == 0 and row["standstills"] <= 1
            and (is_braked or (row["speed"] <= SPEED * MARGIN and row["acceleration"] <= ACCELERATION * MARGIN))
            and rms <= 0.1 and worst <= 0.5)
        if not row["holds"]:
            row["said"] = tool.text[-300:]
        return row


def calibrate(image):
    """'calibrate' with an arm that nobody moves: each reading must come at once, the wrist be left out.

    Nobody moves the emulated arm, so the ends of a joint are read in one place and asked for again:
    what is looked at is that each of three readings comes, and how long it takes.
    """
    with tempfile.TemporaryDirectory() as folder:
        link, control = f"{folder}/arm", f"{folder}/control"
        emulated = subprocess.Popen(
            [board / "board", "--firmware", image, "--link", link, "--control", control, "--pose", "90,60,40",
             "--priority", "30"], stderr=subprocess.DEVNULL)
        while not os.path.islink(link):
            time.sleep(0.02)
        tool = Terminal([motionc, "calibrate", "uarm_swift_pro", "--port", link, "-o", "mine.yaml"], folder)
        hands = open(control, "w")
        slowest, good = 0.0, tool.wait_for("Type 'release'", 20)
        tool.say("release\n")
        where = {"base": 90.0, "left": 60.0, "right": 40.0}
        for joint, places in {"base": (90, 10, 170), "left": (0, 5, 120), "right": (0, 5, 110)}.items():
            for place in places:
                good = good and tool.wait_for("to its" if place != places[0] else "its reference", 10)
                hands.write(f"slip {joint} {place - where[joint]}\n")
                hands.flush()
                where[joint] = place
                time.sleep(0.1)
                begun = time.monotonic()
                tool.say("\n")
                good = good and tool.wait_for("read at", 10)
                slowest = max(slowest, time.monotonic() - begun)
        good = good and tool.wait_for("no sensor", 10)
        code = tool.exit_code(20)
        emulated.send_signal(signal.SIGINT)
        emulated.wait()
        written = pathlib.Path(folder, "mine.yaml").exists()
    return {"image": pathlib.Path(image).stem, "run": "calibrate", "exit": code, "reading_s": round(slowest, 3),
            "holds": bool(good and code == 0 and written and slowest < 0.5),
            **({} if good else {"said": tool.text[-300:]})}


def trajectories(folder):
    """wave, reach and a sampled motion, compiled for the arm."""
    compiled = [motionc, "compile", "--robot", "uarm_swift_pro", "--model",
                project / "Examples/Models/uarm_swift_pro.safetensors", "-o", folder]
    subprocess.run([*compiled, project / "Examples/Motions/wave.bvh", project / "Examples/Motions/reach.bvh"],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    subprocess.run([motionc, "sample", "-o", f"{folder}/samples", "--count", "1", "--action", "walk", "--seed", "5"],
                   check=True, cwd=project, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    subprocess.run([*compiled, f"{folder}/samples"], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    found = {p.name.split(".")[0]: p for p in sorted(pathlib.Path(folder).glob("*.trajectory.safetensors"))}
    return {("sampled" if n not in ("wave", "reach") else n): p for n, p in found.items()}


def stream(trajectory, *further):
    return ["stream", trajectory, "--robot", "uarm_swift_pro", "--go", *further]


def main():
    only = os.environ.get("RUNS", "").split()
    holds = True
    with tempfile.TemporaryDirectory() as folder:
        motion = trajectories(folder)
        for image in map(os.path.abspath, sys.argv[2:]):
            runs = {
                **{n: lambda n=n: run(image, n, stream(motion[n])) for n in motion},
                "jog": lambda: run(image, "jog", ["jog", "uarm_swift_pro", "base=20", "left=100", "--go"]),
                "park": lambda: run(image, "park", ["park", "uarm_swift_pro", "--go"]),
                "calibrate": lambda: calibrate(image),
                "loop": lambda: run(image, "loop", stream(motion["reach"], "--loop", "3")),
                "ctrl-c": lambda: run(image, "ctrl-c", stream(motion["wave"]), 130, [9.0]),
                "ctrl-c twice": lambda: run(image, "ctrl-c twice", stream(motion["wave"]), 130, [9.3, 9.36]),
                # Behind a pause frames fall on other instants of the path.
                **{f"pause at {t}": lambda t=t: run(image, f"pause at {t}", stream(motion["wave"]), 0,
                                                    keys=[(t, " "), (t + 2.5, " ")])
                   for t in (8.7, 9.5, 10.2, 11.2)},
            }
            rows = []
            for name, make in runs.items():
                if only and name not in only:
                    continue
                rows.append(make())
                print(json.dumps(rows[-1]), flush=True)
            bad = [r["run"] for r in rows if not r["holds"]]
            holds = holds and not bad
            print(json.dumps({"image": pathlib.Path(image).stem, "runs": len(rows), "fail": bad}), flush=True)
    sys.exit(0 if holds else 1)


if __name__ == "__main__":
    main()
