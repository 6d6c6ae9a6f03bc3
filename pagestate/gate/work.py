"""The process of one job: ``python -m pagestate.gate.work``, a question in, an answer out.

It reads one JSON object from its standard input, writes one line of JSON to its standard output
and ends.  It looks for answers in the cache, has the engines decide the rest, and keeps what they
decided; or it looks at all jobs of a model that were done before.  Who started it watches over its
time; it ends by itself when that process is gone.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pagestate.gate.describe import describe
from pagestate.gate.jobs import job_from
from pagestate.lang.diagnostics import ModelError

_LOOK_EVERY = 0.5


def main() -> None:
    """The whole life of the process."""
    threading.Thread(target=_follow, args=(int(sys.argv[1]),), daemon=True).start()
    out = os.dup(1)
    os.dup2(2, 1)  # whatever a model prints must not get into the answer
    question = json.load(sys.stdin)
    os.chdir(question["root"])
    answer = _answer(question)
    sys.stdout.flush()
    with os.fdopen(out, "wb") as pipe:
        pipe.write(json.dumps(answer).encode() + b"\n")
    os._exit(0)


def _follow(parent: int) -> None:
    """End with the process that asked, however that ends, and take the engines along."""
    while os.getppid() == parent:
        time.sleep(_LOOK_EVERY)
    os.killpg(0, 9)


def _answer(question: Mapping[str, Any]) -> dict[str, Any]:
    root = Path(question["root"])
    try:
        if "model" in question:
            return {"described": describe(question["model"], root).to_json()}
        if "known" in question:
            from pagestate.gate.known import known

            jobs = [job_from(body) for body in question["known"]]
            return {"known": known(jobs, Path(question["cache"]), root).to_json()}
        from pagestate.gate.perform import perform

        job = job_from(question["job"])
        folder = Path(question["cache"]) if question.get("cache") else None
        return {"record": perform(job, folder, root).to_json()}
    except ModelError as error:
        return {"error": str(error)}


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        main()
