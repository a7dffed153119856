"""Runs exported networks in ONNX Runtime and compares: a check by hand, not one of CI.

    mkdir /tmp/onnx && STILL_ONNX=/tmp/onnx cargo test --release -- core::onnx golden::layers
    python tests/golden/onnx_check.py /tmp/onnx

Each `NAME.onnx` has a `NAME.json` beside it: inputs and the outputs that Stillroom gave for them. Needs onnx,
onnxruntime and numpy.
"""

import json
import pathlib
import sys

import numpy
import onnx
import onnxruntime

TOLERANCE = 1e-4


def check(path):
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    (given,), worst = session.get_inputs(), 0.0
    for case in json.loads(path.with_suffix(".json").read_text()):
        values = numpy.array(case["input"], dtype=numpy.float32).reshape(case["input_shape"])
        (output,) = session.run(None, {given.name: values})
        expected = numpy.array(case["output"], dtype=numpy.float64).reshape(case["output_shape"])
        assert list(output.shape) == case["output_shape"], (output.shape, case["output_shape"])
        # Relative to what comes out, however small: a network as it begins may give thousandths.
        scale = max(1e-6, numpy.abs(expected).max())
        worst = max(worst, numpy.abs(output.astype(numpy.float64) - expected).max() / scale)
    return worst


def main(folder):
    failures, worst = 0, 0.0
    files = sorted(pathlib.Path(folder).glob("*.onnx"))
    for path in files:
        try:
            difference = check(path)
        except Exception as error:  # what an exported file does there is what is asked
            print(f"{path.stem}: {type(error).__name__}: {str(error)[:300]}")
            failures += 1
            continue
        worst = max(worst, difference)
        if difference > TOLERANCE:
            print(f"{path.stem}: differs by {difference:.3e}")
            failures += 1
    print(f"{len(files)} networks, {failures} wrong, largest difference of the others {worst:.3e}")
    return failures > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
