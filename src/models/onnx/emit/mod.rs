//! Operations of a recording as nodes of ONNX.

mod arrange;
mod norm;
mod pool;
mod recurrent;

use super::pair::{Length, Pair, is_fixed};
use super::writer::{Attribute, Writer, data_type};
use crate::error::{Error, Kind, Result};
use crate::tensor::DType;
use crate::tensor::record::{Binary, Fold, Moves, Node, Op, Unary};

/// √2.
const ROOT_2: f64 = std::f64::consts::SQRT_2;

/// All operations of a pair, the inputs called `inputs`. Gives the names of the outputs.
///
/// # Errors
/// What ONNX has no operations for, or what depends on a free length in a way that cannot be told.
pub(super) fn emit(writer: &mut Writer) -> Result<Vec<String>> {
    let pair = writer.pair;
    for (index, node) in pair.first.nodes.iter().enumerate() {
        let one = One { pair, node, index };
        let name = one.node.op.name();
        let made = one.emit(writer).map_err(|error| error.during(format!("export of '{name}'")))?;
        for (output, name) in node.outputs.iter().zip(made) {
            writer.name(*output, name);
        }
    }
    pair.first.outputs.iter().map(|output| writer.value(*output)).collect()
}

/// One operation on its way.
struct One<'a> {
    pair: &'a Pair,
    node: &'a Node,
    index: usize,
}

impl One<'_> {
    fn input(&self, writer: &mut Writer, at: usize) -> Result<String> {
        match self.node.inputs.get(at) {
            Some(value) => writer.value(*value),
            None => Err(Error::new(Kind::Internal, "export", "an input is missing")),
        }
    }

    fn inputs(&self, writer: &mut Writer) -> Result<Vec<String>> {
        self.node.inputs.iter().map(|value| writer.value(*value)).collect()
    }

    fn input_shape(&self, at: usize) -> Vec<Length> {
        self.node.inputs.get(at).map(|value| self.pair.shape(*value)).unwrap_or_default()
    }

    fn output_shape(&self) -> Vec<Length> {
        self.node.outputs.first().map(|value| self.pair.shape(*value)).unwrap_or_default()
    }

    fn dtype(&self, at: usize) -> DType {
        self.node.inputs.get(at).map_or(DType::F32, |value| self.pair.dtype(*value))
    }

    fn output_dtype(&self) -> DType {
        self.node.outputs.first().map_or(DType::F32, |value| self.pair.dtype(*value))
    }

    /// The length of an input, which must be fixed for what is done.
    fn fixed(&self, length: Length) -> Result<usize> {
        if is_fixed(length) {
            return Ok(length[0]);
        }
        Err(Error::new(Kind::Shape, "export", "a free length decides what is done")
            .received(format!("{} and {}", length[0], length[1])))
    }

    fn emit(&self, writer: &mut Writer) -> Result<Vec<String>> {
        let made = match &self.node.op {
            Op::Unary(kind) => self.unary(writer, *kind)?,
            Op::LeakyRelu(slope) => {
                let x = self.input(writer, 0)?;
                writer.node("LeakyRelu", &[&x], &[Attribute::Float("alpha", *slope)])
            }
            Op::Elu(alpha) => {
                let x = self.input(writer, 0)?;
                writer.node("Elu", &[&x], &[Attribute::Float("alpha", *alpha)])
            }
            Op::Clip(low, high) => self.clip(writer, *low, *high)?,
            Op::Binary(kind) => self.binary(writer, *kind)?,
            Op::Not => self.plain(writer, "Not", &[])?,
            Op::Cast => {
                let x = self.input(writer, 0)?;
                cast(writer, &x, self.output_dtype())
            }
            Op::Select => self.select(writer)?,
            Op::MatMul => self.plain(writer, "MatMul", &[])?,
            Op::Linear => self.linear(writer)?,
            Op::Reshape => {
                let x = self.input(writer, 0)?;
                writer.reshaped(&x, &self.input_shape(0), &self.output_shape())?
            }
            Op::Expand => self.expand(writer)?,
            Op::Permute(order) => {
                let order = order.iter().map(|axis| *axis as i64).collect();
                self.plain(writer, "Transpose", &[Attribute::Ints("perm", order)])?
            }
            Op::Slice(ranges) => self.slice(writer, ranges)?,
            Op::Concat(axis) => {
                self.plain(writer, "Concat", &[Attribute::Int("axis", *axis as i64)])?
            }
            Op::Flip(axes) => {
                let x = self.input(writer, 0)?;
                mirrored(writer, &x, axes)
            }
            Op::Gather(axis) => {
                self.plain(writer, "Gather", &[Attribute::Int("axis", *axis as i64)])?
            }
            Op::GatherElements(axis) => {
                self.plain(writer, "GatherElements", &[Attribute::Int("axis", *axis as i64)])?
            }
            Op::ScatterAdd(axis) => {
                let how =
                    [Attribute::Int("axis", *axis as i64), Attribute::Text("reduction", "add")];
                self.plain(writer, "ScatterElements", &how)?
            }
            Op::Fold(kind, axis) => self.fold(writer, *kind, *axis)?,
            Op::ArgExtreme { axis, largest } => {
                let kind = if *largest { "ArgMax" } else { "ArgMin" };
                self.plain(writer, kind, &[Attribute::Int("axis", *axis as i64)])?
            }
            Op::ArgSort { axis, descending } => self.sorted(writer, *axis, *descending)?,
            Op::CumSum(axis) => {
                let (x, axis) = (self.input(writer, 0)?, writer.integer(*axis as i64));
                writer.node("CumSum", &[&x, &axis], &[])
            }
            Op::Softmax(axis) => {
                self.plain(writer, "Softmax", &[Attribute::Int("axis", *axis as i64)])?
            }
            Op::LogSoftmax(axis) => {
                self.plain(writer, "LogSoftmax", &[Attribute::Int("axis", *axis as i64)])?
            }
            Op::Conv { moves, groups } => {
                let attributes = convolution(moves, *groups);
                self.plain(writer, "Conv", &attributes)?
            }
            Op::ConvTranspose { moves, groups, extra } => {
                let mut attributes = convolution(moves, *groups);
                attributes.push(Attribute::Ints("output_padding", pair_of(*extra)));
                self.plain(writer, "ConvTranspose", &attributes)?
            }
            Op::MaxPool { moves, ceil } => self.max_pool(writer, moves, *ceil)?,
            Op::MeanPool { moves, ceil, count_padding } => {
                self.mean_pool(writer, moves, *ceil, *count_padding)?
            }
            Op::MeanCover(counts) => self.mean_cover(writer, *counts)?,
            Op::MaxCover(counts) => self.max_cover(writer, *counts)?,
            Op::BatchNorm(eps) => {
                self.plain(writer, "BatchNormalization", &[Attribute::Float("epsilon", *eps)])?
            }
            Op::ChannelStatistics => self.channel_statistics(writer)?,
            Op::ChannelNorm(eps) => self.channel_norm(writer, *eps)?,
            Op::LayerNorm(eps) => self.plain(
                writer,
                "LayerNormalization",
                &[Attribute::Int("axis", -1), Attribute::Float("epsilon", *eps)],
            )?,
            Op::GroupNorm { groups, eps, scaled, shifted } => {
                self.group_norm(writer, *groups, *eps, [*scaled, *shifted])?
            }
            Op::Recurrent { memory, backwards, biased } => {
                return self.recurrent(writer, *memory, *backwards, *biased);
            }
            Op::Untold(name) => {
                let problem = format!("ONNX has no operation for {name}");
                return Err(Error::new(Kind::Script, "export", problem)
                    .hint("`still export` lists what can be exported: the chapter on exporting"));
            }
        };
        Ok(vec![made])
    }

    /// A node that takes all inputs as they are.
    fn plain(&self, writer: &mut Writer, kind: &str, attributes: &[Attribute]) -> Result<String> {
        let inputs = self.inputs(writer)?;
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        Ok(writer.node(kind, &inputs, attributes))
    }

    fn unary(&self, writer: &mut Writer, kind: Unary) -> Result<String> {
        let x = self.input(writer, 0)?;
        let name = match kind {
            Unary::Log1p => {
                let one = writer.float(1.0);
                let more = writer.node("Add", &[&x, &one], &[]);
                return Ok(writer.node("Log", &[&more], &[]));
            }
            Unary::LogSigmoid => {
                let turned = writer.node("Neg", &[&x], &[]);
                let soft = writer.node("Softplus", &[&turned], &[]);
                return Ok(writer.node("Neg", &[&soft], &[]));
            }
            Unary::Gelu => {
                let [root, one, half] = [ROOT_2, 1.0, 0.5].map(|number| writer.float(number));
                let scaled = writer.node("Div", &[&x, &root], &[]);
                let error = writer.node("Erf", &[&scaled], &[]);
                let gate = writer.node("Add", &[&error, &one], &[]);
                let product = writer.node("Mul", &[&x, &gate], &[]);
                return Ok(writer.node("Mul", &[&product, &half], &[]));
            }
            other => format!("{other:?}"),
        };
        Ok(writer.node(&name, &[&x], &[]))
    }

    fn clip(&self, writer: &mut Writer, low: f64, high: f64) -> Result<String> {
        let mut made = self.input(writer, 0)?;
        let whole = self.dtype(0) == DType::I64;
        for (limit, kind) in [(low, "Max"), (high, "Min")] {
            if limit.is_infinite() {
                continue;
            }
            let limit = if whole { writer.integer(limit as i64) } else { writer.float(limit) };
            made = writer.node(kind, &[&made, &limit], &[]);
        }
        Ok(match low.is_infinite() && high.is_infinite() {
            true => writer.node("Identity", &[&made], &[]),
            false => made,
        })
    }

    fn binary(&self, writer: &mut Writer, kind: Binary) -> Result<String> {
        let (a, b) = (self.input(writer, 0)?, self.input(writer, 1)?);
        let name = match kind {
            Binary::Remainder if self.dtype(0) == DType::F32 => {
                let share = writer.node("Div", &[&a, &b], &[]);
                let whole = writer.node("Floor", &[&share], &[]);
                let taken = writer.node("Mul", &[&whole, &b], &[]);
                return Ok(writer.node("Sub", &[&a, &taken], &[]));
            }
            Binary::NotEqual => {
                let equal = writer.node("Equal", &[&a, &b], &[]);
                return Ok(writer.node("Not", &[&equal], &[]));
            }
            Binary::Remainder => return Ok(whole_remainder(writer, &a, &b)),
            other => format!("{other:?}"),
        };
        Ok(writer.node(&name, &[&a, &b], &[]))
    }

    fn select(&self, writer: &mut Writer) -> Result<String> {
        let inputs = self.inputs(writer)?;
        let [mask, yes, no] = inputs.as_slice() else {
            return Err(Error::new(Kind::Internal, "export", "a choice has three inputs"));
        };
        if self.dtype(1) != DType::Bool {
            return Ok(writer.node("Where", &[mask, yes, no], &[]));
        }
        // ONNX Runtime chooses no bools.
        let others = writer.node("Not", &[mask], &[]);
        let left = writer.node("And", &[mask, yes], &[]);
        let right = writer.node("And", &[&others, no], &[]);
        Ok(writer.node("Or", &[&left, &right], &[]))
    }

    fn linear(&self, writer: &mut Writer) -> Result<String> {
        let inputs = self.inputs(writer)?;
        let all: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let [x, weight, bias @ ..] = all.as_slice() else {
            return Err(Error::new(Kind::Internal, "export", "a linear layer has a weight"));
        };
        if self.input_shape(0).len() == 2 {
            return Ok(writer.node("Gemm", &all, &[Attribute::Int("transB", 1)]));
        }
        let turned = writer.node("Transpose", &[weight], &[Attribute::Ints("perm", vec![1, 0])]);
        let product = writer.node("MatMul", &[x, &turned], &[]);
        Ok(match bias {
            [bias] => writer.node("Add", &[&product, bias], &[]),
            _ => product,
        })
    }

    fn fold(&self, writer: &mut Writer, kind: Fold, axis: usize) -> Result<String> {
        let x = self.input(writer, 0)?;
        let name = match kind {
            Fold::Sum => "ReduceSum",
            Fold::Mean => "ReduceMean",
            Fold::Product => "ReduceProd",
            Fold::Max => "ReduceMax",
            Fold::Min => "ReduceMin",
            Fold::Any | Fold::All => {
                let name = if kind == Fold::Any { "ReduceMax" } else { "ReduceMin" };
                let numbers = cast(writer, &x, DType::F32);
                let found = reduced(writer, name, &numbers, &[axis as i64]);
                return Ok(cast(writer, &found, DType::Bool));
            }
        };
        Ok(reduced(writer, name, &x, &[axis as i64]))
    }

    fn sorted(&self, writer: &mut Writer, axis: usize, descending: bool) -> Result<String> {
        let mut x = self.input(writer, 0)?;
        if self.dtype(0) == DType::Bool {
            x = cast(writer, &x, DType::I64);
        }
        let count = writer.length(self.input_shape(0)[axis])?;
        let outputs = writer.fresh_names("topk", 2);
        let attributes = [
            Attribute::Int("axis", axis as i64),
            Attribute::Int("largest", i64::from(descending)),
            Attribute::Int("sorted", 1),
        ];
        let [values, places] = [&outputs[0], &outputs[1]];
        writer.named_node("TopK", &[&x, &count], &attributes, &[values, places]);
        Ok(places.clone())
    }
}

/// What is left of integers, with the sign of the second one. ONNX's own has it, too; tract's has the first one's.
fn whole_remainder(writer: &mut Writer, a: &str, b: &str) -> String {
    let zero = writer.integer(0);
    let rest = writer.node("Mod", &[a, b], &[]);
    let (low, below) =
        (writer.node("Less", &[&rest, &zero], &[]), writer.node("Less", &[b, &zero], &[]));
    let other = writer.node("Xor", &[&low, &below], &[]);
    let none = writer.node("Equal", &[&rest, &zero], &[]);
    let some = writer.node("Not", &[&none], &[]);
    let wrong = writer.node("And", &[&other, &some], &[]);
    let more = writer.node("Add", &[&rest, b], &[]);
    writer.node("Where", &[&wrong, &more, &rest], &[])
}

/// A reduction along dimensions, which stay.
fn reduced(writer: &mut Writer, kind: &str, x: &str, axes: &[i64]) -> String {
    let axes = writer.integers(axes);
    writer.node(kind, &[x, &axes], &[Attribute::Int("keepdims", 1)])
}

fn cast(writer: &mut Writer, x: &str, to: DType) -> String {
    writer.node("Cast", &[x], &[Attribute::Int("to", i64::from(data_type(to)))])
}

/// Backwards along these dimensions.
fn mirrored(writer: &mut Writer, x: &str, axes: &[usize]) -> String {
    let list = |value: i64| vec![value; axes.len()];
    let axes: Vec<i64> = axes.iter().map(|axis| *axis as i64).collect();
    let all = [list(-1), list(i64::MIN), axes.clone(), list(-1)];
    let [starts, ends, axes, steps] = all.map(|list| writer.integers(&list));
    writer.node("Slice", &[x, &starts, &ends, &axes, &steps], &[])
}

fn pair_of(values: [usize; 2]) -> Vec<i64> {
    values.iter().map(|value| *value as i64).collect()
}

/// What is put before all sides, then after them.
fn pads(padding: [[usize; 2]; 2]) -> Vec<i64> {
    [padding[0][0], padding[1][0], padding[0][1], padding[1][1]].map(|n| n as i64).to_vec()
}

fn convolution(moves: &Moves, groups: usize) -> Vec<Attribute<'static>> {
    vec![
        Attribute::Ints("kernel_shape", pair_of(moves.size)),
        Attribute::Ints("strides", pair_of(moves.stride)),
        Attribute::Ints("pads", pads(moves.padding)),
        Attribute::Ints("dilations", pair_of(moves.dilation)),
        Attribute::Int("group", groups as i64),
    ]
}
