"""Writes events.tfevents with TensorBoard's own writer: what Stillroom writes of the same numbers must be the same bytes."""
from oracle import HERE
from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, tensor_shape_pb2, types_pb2
from tensorboard.summary.writer.record_writer import RecordWriter

path = HERE / "events.tfevents"
with open(path, "wb") as file:
    writer = RecordWriter(file)

    def add(**fields):
        writer.write(event_pb2.Event(**fields).SerializeToString(deterministic=True))

    add(wall_time=1_764_000_000.25, file_version="brain.Event:2")
    text = tensor_pb2.TensorProto(
        dtype=types_pb2.DT_STRING,
        tensor_shape=tensor_shape_pb2.TensorShapeProto(dim=[tensor_shape_pb2.TensorShapeProto.Dim(size=1)]),
        string_val=["| λ | 0.5 |".encode()],
    )
    metadata = summary_pb2.SummaryMetadata(plugin_data=summary_pb2.SummaryMetadata.PluginData(plugin_name="text"))
    value = summary_pb2.Summary.Value(tag="hparams/text_summary", metadata=metadata, tensor=text)
    add(wall_time=1_764_000_000.25, summary=summary_pb2.Summary(value=[value]))
    for step, tag, number in [(25, "loss/train", 2.25), (25, "score/accuracy", 0.0), (300, "loss/train", float("nan")), (70_000, "settings/lr", 5e-5)]:
        value = summary_pb2.Summary.Value(tag=tag, simple_value=number)
        add(wall_time=1_764_000_001.5 + step, step=step, summary=summary_pb2.Summary(value=[value]))
    writer.flush()
print(f"{path.name}: {path.stat().st_size} bytes")
