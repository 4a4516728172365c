#!/usr/bin/env python3
"""Makes robot-motion-gmr.pkl: GMR's layout as Python and NumPy 2 pickle it, with values of a formula.

    pip install numpy
    ./make_robot_motion.py
"""
import pathlib
import pickle

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
FRAMES, JOINTS = 6, 29
frames, joints = np.arange(FRAMES)[:, None], np.arange(JOINTS)[None, :]
yaw = 1.2 + 0.02 * np.arange(FRAMES)
zero = np.zeros(FRAMES)
motion = {
    "fps": 30,
    "root_pos": np.stack([0.01 * np.arange(FRAMES), zero, zero + 0.78], axis=1),
    # xyzw, turned about z.
    "root_rot": np.stack([zero, zero, np.sin(yaw / 2), np.cos(yaw / 2)], axis=1),
    "dof_pos": 0.002 * (joints + 1) * (1 + 0.1 * frames),
    "local_body_pos": None,
    "link_body_list": None,
}
(HERE / "robot-motion-gmr.pkl").write_bytes(pickle.dumps(motion))
