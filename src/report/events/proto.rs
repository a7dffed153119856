//! The few messages of TensorFlow's protocol buffers that event files have, written by hand: `Event` (event.proto),
//! `Summary` (summary.proto), and a `TensorProto` of strings (tensor.proto).

/// Bytes of a message.
#[derive(Default)]
pub struct Message(Vec<u8>);

const VARINT: u64 = 0;
const FIXED64: u64 = 1;
const BYTES: u64 = 2;
const FIXED32: u64 = 5;
/// `DT_STRING` of types.proto.
const STRING: u64 = 7;

impl Message {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push((value as u8 & 0x7f) | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn tag(&mut self, field: u64, kind: u64) {
        self.varint(field << 3 | kind);
    }

    fn number(mut self, field: u64, value: u64) -> Self {
        // What is zero is not written, as in all of proto3.
        if value != 0 {
            self.tag(field, VARINT);
            self.varint(value);
        }
        self
    }

    fn bytes(mut self, field: u64, value: &[u8]) -> Self {
        self.tag(field, BYTES);
        self.varint(value.len() as u64);
        self.0.extend_from_slice(value);
        self
    }

    fn double(mut self, field: u64, value: f64) -> Self {
        if value.to_bits() != 0 {
            self.tag(field, FIXED64);
            self.0.extend_from_slice(&value.to_le_bytes());
        }
        self
    }

    /// One of several of which exactly one is there: it is written even where it is zero.
    fn float(mut self, field: u64, value: f32) -> Self {
        self.tag(field, FIXED32);
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }
}

/// `Event { wall_time, file_version }`: the first one of a file.
pub fn version(wall_time: f64) -> Vec<u8> {
    Message::default().double(1, wall_time).bytes(3, b"brain.Event:2").0
}

/// `Event { wall_time, step, summary: { value: [{ tag, simple_value }] } }`.
pub fn scalar(wall_time: f64, step: u64, tag: &str, value: f32) -> Vec<u8> {
    let value = Message::default().bytes(1, tag.as_bytes()).float(2, value);
    summary(wall_time, step, value)
}

/// A text, as TensorBoard's plugin `text` takes it: Markdown.
pub fn text(wall_time: f64, step: u64, tag: &str, text: &str) -> Vec<u8> {
    let dimension = Message::default().number(1, 1);
    let shape = Message::default().bytes(2, &dimension.0);
    let tensor = Message::default().number(1, STRING).bytes(2, &shape.0).bytes(8, text.as_bytes());
    let plugin = Message::default().bytes(1, b"text");
    let metadata = Message::default().bytes(1, &plugin.0);
    let tag = format!("{tag}/text_summary");
    let value =
        Message::default().bytes(1, tag.as_bytes()).bytes(8, &tensor.0).bytes(9, &metadata.0);
    summary(wall_time, step, value)
}

fn summary(wall_time: f64, step: u64, value: Message) -> Vec<u8> {
    let summary = Message::default().bytes(1, &value.0);
    Message::default().double(1, wall_time).number(2, step).bytes(5, &summary.0).0
}
