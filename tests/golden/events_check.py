"""Reads event files that Stillroom wrote with TensorBoard itself: a check by hand, not one of CI. Prints what it finds as JSON.

    python tests/golden/events_check.py FOLDER
"""
import json
import sys
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

found = {}
for file in sorted(Path(sys.argv[1]).rglob("*tfevents*")):
    events = EventAccumulator(str(file.parent), size_guidance={"scalars": 0, "tensors": 0})
    events.Reload()
    tags = events.Tags()
    scalars = {tag: [[one.wall_time, one.step, one.value] for one in events.Scalars(tag)] for tag in tags["scalars"]}
    texts = {tag: events.Tensors(tag)[0].tensor_proto.string_val[0].decode() for tag in tags["tensors"]}
    found[str(file.parent.relative_to(sys.argv[1]))] = {"scalars": scalars, "texts": texts}
print(json.dumps(found))
