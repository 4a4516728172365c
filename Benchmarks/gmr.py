"""The algorithm of General Motion Retargeting (GMR) for the Unitree G1, beside our own.

    ./gmr.py CLIPS... -o FOLDER [--index index.csv] [--ground soles] [--velocity-limit on]

Written anew after the paper (Araujo et al., "Retargeting Matters", 2025, arXiv:2510.02252) and the behaviour
of the authors' program (github.com/YanjieZe/GMR); nothing of that program is in here. For each frame:

1. The person's joints are scaled about the pelvis, legs and trunk by 0.9 and arms by 0.8, times the person's
   stature over 1.8 m; so is the path of the pelvis.
2. Differential inverse kinematics by mink in two stages, from the pose of the frame before: first all
   rotations with the places of pelvis and feet, then everything. A stage ends when the error falls by
   less than 0.001, or after eleven steps.
3. In the end the whole motion is moved up or down once, so that its lowest part stands on the ground.

CLIPS are what `motionc import` writes, or folders of that, so both programs see the same person. Written are GMR's pickles
(fps, root_pos, root_rot xyzw, dof_pos), which `motionc evaluate body --robot-motions` measures.

Kinder to GMR than its own program: joint and velocity limits reach the solver (with mink 1.x the program
passes them in the place of another argument), the first frame is repeated until it stands still, and
--velocity-limit off leaves out the 3 pi rad/s within a frame's steps, which hold the robot back.
"""
import argparse
import csv
import json
import pathlib
import pickle
import re
import sys
import time

import mink
import mujoco
import numpy as np
from safetensors import safe_open

PROJECT = pathlib.Path(__file__).resolve().parent.parent

# Of the robot, of the person, scale, weights of place and rotation in the first and in the second stage.
TABLE = [
    ("pelvis", "Pelvis", 0.9, (100, 10), (100, 5)),
    ("torso_link", "Chest", 0.9, (0, 10), (0, 10)),
]
for side, letter in (("left", "L"), ("right", "R")):
    TABLE += [
        (f"{side}_hip_roll_link", f"{letter}_Hip", 0.9, (0, 10), (10, 5)),
        (f"{side}_knee_link", f"{letter}_Knee", 0.9, (0, 10), (10, 5)),
        (f"{side}_ball", f"{letter}_Toe", 0.9, (100, 10), (100, 50)),
        (f"{side}_shoulder_yaw_link", f"{letter}_Shoulder", 0.8, (0, 10), (10, 5)),
        (f"{side}_elbow_link", f"{letter}_Elbow", 0.8, (0, 10), (10, 5)),
        (f"{side}_wrist_yaw_link", f"{letter}_Wrist", 0.8, (0, 10), (10, 5)),
    ]

# The robot in the person's T-pose: arms level, elbows straight (the G1's are bent by 90 degrees at zero).
T_POSE = {"left_shoulder_roll_joint": np.pi / 2, "right_shoulder_roll_joint": -np.pi / 2,
          "left_elbow_joint": np.pi / 2, "right_elbow_joint": np.pi / 2}
# Where the first frame begins: knees and elbows bent, away from their stops.
START = {"left_hip_pitch_joint": -0.4, "right_hip_pitch_joint": -0.4, "left_knee_joint": 0.8,
         "right_knee_joint": 0.8, "left_ankle_pitch_joint": -0.4, "right_ankle_pitch_joint": -0.4,
         "left_shoulder_roll_joint": 0.3, "right_shoulder_roll_joint": -0.3,
         "left_elbow_joint": 0.6, "right_elbow_joint": 0.6}
# The ball of the foot in the frame of the ankle [m]: 15 mm above the sole.
BALL = (0.1, 0, -0.02)
# Feet are asked for this much further outward [m].
FEET_OUTWARD = 0.02
STATURE = 1.8
LEG_OF_STATURE = 0.491  # hip to ankle along the bones
# The person's frame at rest (x left, y up, z forward) in the world (x forward, y left, z up).
WORLD_FROM_REST = np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]])


def load_robot():
    """The G1 of Robots/ with a free base and the balls of its feet as bodies."""
    urdf = (PROJECT / "Robots/unitree_g1/robot.urdf").read_text()
    compiler = '<mujoco><compiler fusestatic="false" discardvisual="true"/></mujoco>'
    spec = mujoco.MjSpec.from_string(re.sub(r"(<robot[^>]*>)", r"\1" + compiler, urdf, count=1))
    spec.body("pelvis").add_freejoint()
    for side in ("left", "right"):
        spec.body(f"{side}_ankle_roll_link").add_body(name=f"{side}_ball", pos=BALL)
    return spec.compile()


def hinges(model):
    """(name, place in qpos) of the joints, in the order of the URDF."""
    return [(mujoco.mj_id2name(model, mujoco.mjtObj.mjOBJ_JOINT, j), model.jnt_qposadr[j])
            for j in range(model.njnt) if model.jnt_type[j] == mujoco.mjtJoint.mjJNT_HINGE]


def configuration(model, angles):
    q = model.qpos0.copy()
    q[:7] = [0, 0, 0.8, 1, 0, 0, 0]
    for name, place in hinges(model):
        q[place] = angles.get(name, 0)
    return q


def matrix(q):
    """Rotation matrices of quaternions wxyz [..., 4]."""
    w, x, y, z = np.moveaxis(q / np.linalg.norm(q, axis=-1, keepdims=True), -1, 0)
    return np.stack([
        np.stack([1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)], -1),
        np.stack([2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)], -1),
        np.stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)], -1)], -2)


def load_person(path):
    """Places [frame, joint, 3] m and rotations [frame, joint, 3, 3] in the world, rate, names, stature."""
    with safe_open(path, "np") as file:
        meta = file.metadata()
        offsets, root = file.get_tensor("rest_offsets"), file.get_tensor("root_translation")
        turns = matrix(file.get_tensor("rotations"))
    names = meta["joints"].split(",")
    # Faster recordings are thinned out to about 30 Hz, as by GMR's programs.
    rate = float(meta["frame_rate"])
    thin = max(1, round(rate / 30))
    root, turns, rate = root[::thin], turns[::thin], rate / thin
    parents = [-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19]
    places = np.zeros(turns.shape[:2] + (3,))
    world = turns.copy()
    for joint, parent in enumerate(parents):
        if parent < 0:
            places[:, joint] = root
        else:
            world[:, joint] = world[:, parent] @ turns[:, joint]
            places[:, joint] = places[:, parent] + world[:, parent] @ offsets[joint]
    leg = sum(np.linalg.norm(offsets[names.index(n)]) for n in ("L_Knee", "L_Ankle", "R_Knee", "R_Ankle")) / 2
    return places, world, rate, names, leg / LEG_OF_STATURE


class Retargeter:
    def __init__(self, velocity_limit):
        self.model = load_robot()
        self.period = self.model.opt.timestep
        self.limits = [mink.ConfigurationLimit(self.model)]
        if velocity_limit:
            self.limits.append(
                mink.VelocityLimit(self.model, {name: 3 * np.pi for name, _ in hinges(self.model)}))
        reference = mink.Configuration(self.model, q=configuration(self.model, T_POSE))
        self.rows = []
        for body, joint, scale, *stages in TABLE:
            turn = reference.get_transform_frame_to_world(body, "body").rotation().as_matrix()
            shift = np.array([0, FEET_OUTWARD * (1 if body.startswith("left") else -1) * ("ball" in body), 0])
            tasks = [mink.FrameTask(body, "body", position_cost=place, orientation_cost=rotation, lm_damping=1)
                     for place, rotation in stages]
            self.rows.append((joint, scale, WORLD_FROM_REST.T @ turn, shift, tasks))
        self.stages = [[row[4][stage] for row in self.rows] for stage in range(2)]

    def targets(self, places, turns, names, factor):
        root = names.index("Pelvis")
        for joint, scale, offset, shift, tasks in self.rows:
            index = names.index(joint)
            rotation = turns[index] @ offset
            place = factor * (0.9 * places[root] + scale * (places[index] - places[root])) + rotation @ shift
            target = mink.SE3.from_rotation_and_translation(mink.SO3.from_matrix(rotation), place)
            for task in tasks:
                task.set_target(target)

    def error(self, tasks):
        return np.linalg.norm(np.concatenate([task.compute_error(self.now) for task in tasks]))

    def step(self, tasks):
        velocity = mink.solve_ik(self.now, tasks, self.period, "daqp", damping=0.5, limits=self.limits)
        self.now.integrate_inplace(velocity, self.period)

    def frame(self):
        for tasks in self.stages:
            before = self.error(tasks)
            for _ in range(11):
                self.step(tasks)
                after = self.error(tasks)
                if before - after <= 0.001:
                    break
                before = after
        return self.now.data.qpos.copy()

    def retarget(self, person):
        places, turns, _, names, stature = person
        q = configuration(self.model, START)
        # The base begins where the person is and looks where the person looks.
        ahead = turns[0, 0] @ [0, 0, 1]
        heading = np.arctan2(ahead[1], ahead[0])
        q[:7] = [*(0.9 * stature / STATURE * places[0, 0]), np.cos(heading / 2), 0, 0, np.sin(heading / 2)]
        self.now = mink.Configuration(self.model, q=q)
        motion = []
        for index in range(len(places)):
            self.targets(places[index], turns[index], names, stature / STATURE)
            if index == 0:
                last = q
                for _ in range(200):
                    still, last = last, self.frame()
                    if np.abs(still - last).max() < 1e-4:
                        break
            motion.append(self.frame())
        return np.array(motion)

    def lowest(self, motion, of_soles):
        """The height of the lowest origin of a body, or of the lowest shape, over a motion [m]."""
        model, data, lowest = self.model, mujoco.MjData(self.model), np.inf
        for q in motion:
            data.qpos[:] = q
            mujoco.mj_kinematics(model, data)
            if not of_soles:
                lowest = min(lowest, data.xpos[1:, 2].min())
                continue
            for shape in range(model.ngeom):
                up = data.geom_xmat[shape].reshape(3, 3)[2]
                size, kind = model.geom_size[shape], model.geom_type[shape]
                if kind == mujoco.mjtGeom.mjGEOM_SPHERE:
                    reach = size[0]
                elif kind == mujoco.mjtGeom.mjGEOM_CYLINDER:
                    reach = size[0] * np.hypot(up[0], up[1]) + size[1] * abs(up[2])
                elif kind == mujoco.mjtGeom.mjGEOM_CAPSULE:
                    reach = size[0] + size[1] * abs(up[2])
                else:
                    reach = size @ abs(up)
                lowest = min(lowest, data.geom_xpos[shape][2] - reach)
        return lowest


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", nargs="+")
    parser.add_argument("-o", "--output", required=True)
    parser.add_argument("--index", help="a table whose columns file and split say which clips are held out (val): "
                        "the others are left out")
    parser.add_argument("--ground", choices=["origins", "soles"], default="origins",
                        help="what stands on the ground at the motion's lowest instant: the lowest origin of a "
                        "body, as in GMR, or the lowest shape")
    parser.add_argument("--velocity-limit", choices=["on", "off"], default="off")
    arguments = parser.parse_args()
    paths = [pathlib.Path(clip) for clip in arguments.clips]
    paths = [file for path in paths for file in (sorted(path.glob("*.clip.safetensors")) if path.is_dir() else [path])]
    if arguments.index:
        with open(arguments.index, newline="") as table:
            held = {pathlib.Path(row["file"]).stem for row in csv.DictReader(table) if row["split"] == "val"}
        paths = [path for path in paths if path.name.removesuffix(".clip.safetensors") in held]
    output = pathlib.Path(arguments.output)
    output.mkdir(parents=True, exist_ok=True)
    retargeter = Retargeter(arguments.velocity_limit == "on")
    places = [place for _, place in hinges(retargeter.model)]
    frames, seconds = 0, 0.0
    for path in paths:
        person = load_person(path)
        start = time.process_time()
        motion = retargeter.retarget(person)
        seconds += time.process_time() - start
        frames += len(motion)
        motion[:, 2] -= retargeter.lowest(motion, arguments.ground == "soles")
        name = path.name.removesuffix(".clip.safetensors")
        with open(output / f"{name}.pkl", "wb") as file:
            pickle.dump({"fps": person[2], "root_pos": motion[:, :3], "root_rot": motion[:, [4, 5, 6, 3]],
                         "dof_pos": motion[:, places]}, file)
        print(f"{name}: {len(motion)} frames, {frames / seconds:.1f} frames/s so far", file=sys.stderr)
    print(json.dumps({"name": "gmr_frames_per_second", "clips": len(paths), "frames": frames,
                      "value": round(frames / seconds, 1), "ground": arguments.ground,
                      "velocity_limit": arguments.velocity_limit}))


if __name__ == "__main__":
    main()
