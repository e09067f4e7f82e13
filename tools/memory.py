"""What a process holds in memory, as Linux has it."""

from pathlib import Path


def megabytes(process: int, what: str = "VmRSS") -> float:
    """Megabytes that a process holds, or held at most (VmHWM); 0 where it has ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(what)), 0.0)
