"""Load on the demo: several visitors at once, and the memory of the process that serves them.

    craftlite demo & python -m tools.load_demo --process $! data/samples/images/*.jpg

Each visitor is a session of its own that sends pictures one after another and asks for their words.
Prints as one JSON object: pictures sent, answered and lost (to make room for those of others),
seconds, and the process's memory before, in the middle, at its largest and after.
"""

import argparse
import json
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path

from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from craftlite.demo.shelf import GONE
from tools.memory import megabytes

WEIGHTS, SIDE, LEVELS = "craftlite-small", 1920, (0.6, 0.4, 0.45)


def visit(address: str, pictures: list[str]) -> tuple[int, int, float]:
    """Sends pictures one after another: how many got their words, were lost, and when it ended."""
    # On a busy machine an upload may take longer than the 5 s that httpx waits.
    client = Client(address, verbose=False, httpx_kwargs={"timeout": 120})
    answered, lost = 0, 0
    for picture in pictures:
        client.predict(handle_file(picture), SIDE, WEIGHTS, api_name="/look")
        try:
            *_, text = client.predict(*LEVELS, "word", WEIGHTS, api_name="/words")
        except AppError as error:
            if str(error) != GONE:
                raise
            lost += 1
            continue
        record = json.loads(text)
        answered += record["image"] == Path(picture).name and bool(record["words"])
    return answered, lost, time.monotonic()


def main() -> None:
    """Print what the load did."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pictures", nargs="+")
    parser.add_argument("--address", default="http://127.0.0.1:7860")
    parser.add_argument("--process", type=int, required=True, help="number of the serving process")
    parser.add_argument("--visitors", type=int, default=8)
    parser.add_argument("--count", type=int, default=200, help="pictures in all")
    args = parser.parse_args()
    share = args.count // args.visitors
    lists = [
        list(islice(cycle(args.pictures), visitor, visitor + share))
        for visitor in range(args.visitors)
    ]
    before, start = megabytes(args.process), time.monotonic()
    with ThreadPoolExecutor(args.visitors) as visitors:
        visits = [visitors.submit(visit, args.address, pictures) for pictures in lists]
        middle = None
        while not all(one.done() for one in visits):
            time.sleep(1)
            if middle is None and time.monotonic() - start > 30:
                middle = megabytes(args.process)
        results = [one.result() for one in visits]
    held = {
        "before": before,
        "after 30 s": middle,
        "largest": megabytes(args.process, "VmHWM"),
        "after": megabytes(args.process),
    }
    print(
        json.dumps(
            {
                "visitors": args.visitors,
                "pictures": share * args.visitors,
                "answered": sum(answered for answered, _, _ in results),
                "lost": sum(lost for _, lost, _ in results),
                "seconds": round(max(end for *_, end in results) - start, 1),
                "megabytes": {k: v and round(v) for k, v in held.items()},
            }
        )
    )


if __name__ == "__main__":
    main()
