//! Where a stage's time went, as a file that the trace viewers of browsers open.

use crate::tensor::trace::Trace;
use serde_json::{Value, json};
use std::time::Duration;

fn microseconds(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1e3
}

/// Events of the Trace Event Format, as `about:tracing` and Perfetto read it: a complete event (`X`) for each span, a
/// counter (`C`) for the memory, and the sums of all parts beside them.
pub(super) fn events_of(traced: &Trace) -> Vec<u8> {
    let mut events: Vec<Value> = Vec::with_capacity(traced.spans.len() + traced.memory.len() + 4);
    events.push(json!({
        "ph": "M", "pid": 1, "name": "process_name", "args": { "name": "still run" },
    }));
    let mut threads: Vec<(u64, bool)> =
        traced.spans.iter().map(|span| (span.thread, span.part.is_of_the_loader())).collect();
    threads.sort_unstable();
    threads.dedup_by_key(|(thread, _)| *thread);
    for (thread, loads) in threads {
        let name = if loads { "loader" } else { "stage" };
        events.push(json!({
            "ph": "M", "pid": 1, "tid": thread, "name": "thread_name", "args": { "name": name },
        }));
    }
    for span in &traced.spans {
        events.push(json!({
            "ph": "X", "pid": 1, "tid": span.thread, "name": span.part.name(),
            "cat": if span.part.is_of_the_loader() { "loader" } else { "stage" },
            "ts": microseconds(span.start), "dur": microseconds(span.length),
        }));
    }
    for (at, bytes) in &traced.memory {
        events.push(json!({
            "ph": "C", "pid": 1, "name": "memory", "ts": microseconds(*at),
            "args": { "MB": *bytes as f64 / 1e6 },
        }));
    }
    let sums = traced.sums.iter().map(|sum| {
        json!({
            "part": sum.part.name(),
            "count": sum.count,
            "seconds": sum.own.as_secs_f64(),
            "tensor_bytes": sum.made,
            "host_reads": sum.reads,
            "resident_bytes": sum.resident,
        })
    });
    let file = json!({
        "displayTimeUnit": "ms",
        "otherData": {
            "still": env!("CARGO_PKG_VERSION"),
            "seconds": traced.length.as_secs_f64(),
            "spans_left_out": traced.dropped,
            "parts": sums.collect::<Vec<_>>(),
        },
        "traceEvents": events,
    });
    file.to_string().into_bytes()
}
