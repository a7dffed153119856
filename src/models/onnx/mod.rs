//! Networks as ONNX: a forward pass is recorded with inputs of two lengths, what both recordings have in common is
//! written as a graph, and the graph is run and compared before it is given away.

mod check;
mod emit;
mod front;
mod pair;
mod writer;

pub use check::Loaded;
pub use front::{Front, Missing};

use crate::error::{Error, Kind, Result};
use crate::tensor::random::Stream;
use crate::tensor::record::record;
use crate::tensor::{Device, Tensor, words};
use pair::{Length, Pair, is_fixed};
use prost::Message;
use tract_onnx::pb::tensor_shape_proto::{Dimension, dimension};
use tract_onnx::pb::type_proto::{Tensor as TensorType, Value};
use tract_onnx::pb::{
    GraphProto, ModelProto, OperatorSetIdProto, StringStringEntryProto, TensorShapeProto,
    TypeProto, ValueInfoProto,
};
use writer::{Writer, data_type};

/// The version of ONNX's operators that is written: the newest one that both ONNX Runtime and tract are tested with.
pub const OPSET: i64 = 18;
/// The version of the file format that goes with it.
const IR_VERSION: i64 = 8;
/// A file of this format cannot be longer.
const LONGEST: usize = i32::MAX as usize;
/// Batches that a network is recorded with. No length of a network is likely to be 2 in one and 3 in the other.
const BATCHES: Length = [2, 3];
/// Batches that the written graph is tried with.
const TRIED: [usize; 2] = [1, 4];
/// The largest difference of outputs, relative to the largest output (or 1), that is taken for rounding.
pub const TOLERANCE: f64 = 1e-3;

/// Something to be written as ONNX: one tensor in, one out.
pub struct Subject<'a> {
    /// What the graph is called.
    pub name: &'a str,
    /// What the input is called.
    pub input: &'a str,
    /// What the output is called.
    pub output: &'a str,
    /// Dimensions of the input after the batch.
    pub dims: Vec<Dim<'a>>,
    /// Parameters by their names.
    pub named: Vec<(String, Tensor)>,
    /// What is done with an input.
    pub forward: Forward<'a>,
    /// How inputs look that it is recorded and tried with: a mean and a deviation.
    pub spread: [f64; 2],
}

/// What is done with an input.
pub type Forward<'a> = Box<dyn Fn(&Tensor) -> Result<Tensor> + 'a>;

/// A dimension of an input.
#[derive(Clone, Copy, Debug)]
pub struct Dim<'a> {
    /// What it is called.
    pub name: &'a str,
    /// Its length, as the network was made for.
    pub length: usize,
    /// Whether other lengths are tried, too.
    pub may_vary: bool,
}

/// A file of ONNX, and what was found out about it.
pub struct Exported {
    /// The file.
    pub bytes: Vec<u8>,
    /// The largest difference of an output from our own.
    pub difference: f64,
    /// The largest output.
    pub largest: f64,
    /// Dimensions, besides the batch, that may have any length.
    pub free: Vec<String>,
    /// Why a dimension that might have varied is fixed.
    pub fixed: Option<Error>,
    /// How many operations the graph has.
    pub operations: usize,
}

/// Writes what `subject` does, with any batch and, where that can be, other lengths that may vary; and runs it.
/// `properties` stand in the file's metadata.
///
/// # Errors
/// An operation that ONNX has not, choices that depend on the input's numbers, a graph that gives something else.
pub fn export(subject: &Subject, properties: &[(String, String)]) -> Result<Exported> {
    let fixed: Vec<Length> = subject.dims.iter().map(|dim| [dim.length; 2]).collect();
    let free: Vec<Length> = subject
        .dims
        .iter()
        // Not one and a half times as long: that would look like the batch.
        .map(|dim| [dim.length, if dim.may_vary { 2 * dim.length + 1 } else { dim.length }])
        .collect();
    let mut why = None;
    if fixed != free {
        match written(subject, &free, properties) {
            Ok(exported) => return Ok(exported),
            Err(error) => why = Some(error),
        }
    }
    let mut exported = written(subject, &fixed, properties)?;
    exported.fixed = why;
    Ok(exported)
}

/// Numbers for a first look: normal, of the subject's spread.
fn example(subject: &Subject, shape: &[usize], purpose: u64) -> Result<Tensor> {
    let mut random = Stream::new(purpose, "an example for an export", &[]);
    let [mean, deviation] = subject.spread;
    Tensor::normal(shape, &mut random, &Device::cpu())?.mul_number(deviation)?.add_number(mean)
}

fn shape_of(batch: usize, dims: &[Length], side: usize) -> Vec<usize> {
    std::iter::once(batch).chain(dims.iter().map(|dim| dim[side])).collect()
}

fn written(
    subject: &Subject,
    dims: &[Length],
    properties: &[(String, String)],
) -> Result<Exported> {
    let recorded = |side: usize| {
        let input = example(subject, &shape_of(BATCHES[side], dims, side), side as u64)?;
        record(&[(subject.input, &input)], &subject.named, || Ok(vec![(subject.forward)(&input)?]))
    };
    let pair = Pair::of(recorded(0)?, recorded(1)?)?;
    let mut writer = Writer::new(&pair);
    // The input is the first value.
    writer.name(0, subject.input.to_string());
    let outputs = emit::emit(&mut writer)?;
    let (Some(last), Some(value)) = (outputs.first(), pair.first.outputs.first()) else {
        return Err(Error::new(Kind::Internal, "export", "there is no output"));
    };
    writer.named_node("Identity", &[last], &[], &[subject.output]);
    let names: Vec<&str> = subject.dims.iter().map(|dim| dim.name).collect();
    let output = info(subject.output, &pair, *value, &names, dims);
    let input = info(subject.input, &pair, 0, &names, dims);
    let (nodes, constants) = (writer.nodes, writer.constants);
    let operations = nodes.len();
    let model = ModelProto {
        ir_version: IR_VERSION,
        opset_import: vec![OperatorSetIdProto { domain: String::new(), version: OPSET }],
        producer_name: "stillroom".to_string(),
        producer_version: env!("CARGO_PKG_VERSION").to_string(),
        graph: Some(GraphProto {
            name: subject.name.to_string(),
            node: nodes,
            initializer: constants,
            input: vec![input],
            output: vec![output],
            ..GraphProto::default()
        }),
        metadata_props: properties
            .iter()
            .map(|(key, value)| StringStringEntryProto { key: key.clone(), value: value.clone() })
            .collect(),
        ..ModelProto::default()
    };
    if model.encoded_len() > LONGEST {
        return Err(Error::new(Kind::Range, "export", "the network is too large for one file")
            .expected(format!("{LONGEST} bytes at most"))
            .received(format!("{} bytes", model.encoded_len())));
    }
    let bytes = model.encode_to_vec();
    drop(model);
    let (difference, largest) = tried(subject, dims, &bytes)?;
    let free = dims.iter().zip(&subject.dims).filter(|(length, _)| !is_fixed(**length));
    let free = free.map(|(_, dim)| dim.name.to_string()).collect();
    Ok(Exported { bytes, difference, largest, free, fixed: None, operations })
}

/// An input or output: lengths that are free have names.
fn info(name: &str, pair: &Pair, value: usize, names: &[&str], dims: &[Length]) -> ValueInfoProto {
    let dim = |(axis, length): (usize, Length)| {
        let known = dims.iter().zip(names).find(|(dim, _)| **dim == length);
        let text = match known {
            _ if length == BATCHES => "batch".to_string(),
            Some((_, name)) => (*name).to_string(),
            None => format!("{name}_{axis}"),
        };
        let value = match is_fixed(length) {
            true => dimension::Value::DimValue(length[0] as i64),
            false => dimension::Value::DimParam(text),
        };
        Dimension { value: Some(value), ..Dimension::default() }
    };
    let dim = pair.shape(value).into_iter().enumerate().map(dim).collect();
    let tensor = TensorType {
        elem_type: data_type(pair.dtype(value)),
        shape: Some(TensorShapeProto { dim }),
    };
    let r#type = Some(TypeProto { value: Some(Value::TensorType(tensor)), ..TypeProto::default() });
    ValueInfoProto { name: name.to_string(), r#type, ..ValueInfoProto::default() }
}

/// Runs the file on new inputs of other batches, and gives the largest difference and the largest output.
fn tried(subject: &Subject, dims: &[Length], bytes: &[u8]) -> Result<(f64, f64)> {
    let loaded = Loaded::new(bytes)?;
    let (mut difference, mut largest) = (0.0f64, 0.0f64);
    for (round, batch) in TRIED.into_iter().enumerate() {
        let mut shape = shape_of(batch, dims, round);
        for (length, dim) in shape.iter_mut().skip(1).zip(dims) {
            // A length that it was not recorded with.
            if round == 1 && !is_fixed(*dim) {
                *length = dim[0] + dim[0] / 3 + 1;
            }
        }
        let input = example(subject, &shape, 2 + round as u64)?;
        let own = (subject.forward)(&input)?;
        let theirs = loaded.run(&input)?;
        let wrong = |problem: &str| Error::new(Kind::Internal, "checking the export", problem);
        if own.shape() != theirs.shape() {
            return Err(wrong("the graph gives another shape")
                .expected(words(&own.shape()))
                .received(words(&theirs.shape())));
        }
        let (own, theirs) = (own.float()?.to_values()?, theirs.float()?.to_values()?);
        for (a, b) in own.iter().zip(&theirs) {
            let gap = match (a.is_finite(), b.is_finite()) {
                (true, true) => f64::from((a - b).abs()),
                _ if a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan() => 0.0,
                _ => f64::INFINITY,
            };
            difference = difference.max(gap);
            largest = largest.max(if a.is_finite() { f64::from(a.abs()) } else { 0.0 });
        }
        if difference > TOLERANCE * largest.max(1.0) {
            return Err(wrong("the graph gives other numbers")
                .expected(format!("within {TOLERANCE} of the largest output"))
                .received(format!(
                    "a difference of {difference:.3e} where the largest is {largest:.3e}"
                )));
        }
    }
    Ok((difference, largest))
}
