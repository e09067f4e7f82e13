"""That a server's memory shrinks again after large pictures."""

import subprocess
import sys

import pytest

THREADS = 8
PROGRAM = f"""
import threading
from PIL import Image
from craftlite.demo.page import return_freed_memory

def megabytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 2**20

def answer():
    for _ in range(3):
        picture = Image.new("RGB", (4000, 4000), "red")
        kept.append(bytearray(100_000))  # lies behind the picture, where both are of one heap
        del picture

kept = []
return_freed_memory()
before = megabytes()
threads = [threading.Thread(target=answer) for _ in range({THREADS})]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(megabytes() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="sets what glibc does")
def test_freed_pictures_are_given_back() -> None:
    """A picture takes 61 MB; left to itself the C library keeps one for each thread."""
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert float(run.stdout) < 61
