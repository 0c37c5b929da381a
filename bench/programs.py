"""The programs of the benchmark, built into build/bench."""

import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "bench"
PROGRAMS = ["limpet_bench_echo", "limpet_bench_load", "limpet_bench_relay"]


def build(wanted=PROGRAMS):
    """None, or what the compiler said."""
    steps = [["cmake", "-S", ROOT, "-B", BUILD, "-DLIMPET_BUILD_TESTS=OFF", "-DLIMPET_BUILD_BENCH=ON"],
             ["cmake", "--build", BUILD, "--target", *wanted]]
    if not (BUILD / "CMakeCache.txt").exists():
        steps[0] += ["-G", "Ninja"]
    for step in steps:
        done = subprocess.run(step, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            return done.stdout
    return None
