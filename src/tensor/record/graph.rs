//! What a recording gives: values, and the operations that made them.

use crate::tensor::{DType, Tensor};

/// One number in, one number out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "their names are the operations' names")]
pub enum Unary {
    Exp,
    Log,
    Log1p,
    Sqrt,
    Sin,
    Cos,
    Tanh,
    Erf,
    Sigmoid,
    LogSigmoid,
    Gelu,
    Relu,
    Neg,
    Abs,
    Sign,
    Floor,
    Ceil,
    Round,
    HardSwish,
    Softplus,
}

/// Two numbers in, one number out; both are broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "their names are the operations' names")]
pub enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    Pow,
    /// What is left, with the sign of the second one.
    Remainder,
    Max,
    Min,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    And,
    Or,
}

/// Many numbers in, one out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "their names are the operations' names")]
pub enum Fold {
    Sum,
    Mean,
    Product,
    Max,
    Min,
    /// Of bools: whether any is true.
    Any,
    /// Of bools: whether all are true.
    All,
}

/// How a kernel or a window moves over a picture: `[vertical, horizontal]` each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moves {
    /// Length of the kernel or window.
    pub size: [usize; 2],
    /// Steps between two of its places.
    pub stride: [usize; 2],
    /// What is put before and after.
    pub padding: [[usize; 2]; 2],
    /// Distance of two taps.
    pub dilation: [usize; 2],
}

/// An operation with its attributes. Shapes are those of its values.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// One number in, one number out.
    Unary(Unary),
    /// x above 0, this times x else.
    LeakyRelu(f64),
    /// x above 0, this times (e^x − 1) else.
    Elu(f64),
    /// No number outside of these; an infinite limit is none.
    Clip(f64, f64),
    /// Two numbers in, one number out.
    Binary(Binary),
    /// True where a bool was false.
    Not,
    /// To the output's type.
    Cast,
    /// Mask, yes, no, all of one shape.
    Select,
    /// The last two dimensions; those before are broadcast.
    MatMul,
    /// Input, weight `[out, in]`, bias `[out]` where there is one.
    Linear,
    /// To the output's shape.
    Reshape,
    /// To the output's shape.
    Expand,
    /// The dimensions in this order.
    Permute(Vec<usize>),
    /// From where to where along each dimension.
    Slice(Vec<[usize; 2]>),
    /// One after another along this dimension.
    Concat(usize),
    /// Backwards along these dimensions.
    Flip(Vec<usize>),
    /// Table and integers: slices along this dimension.
    Gather(usize),
    /// Values and integers of the output's shape: elements along this dimension.
    GatherElements(usize),
    /// Base, integers and source: adds elements along this dimension.
    ScatterAdd(usize),
    /// Along this dimension, which stays with a length of 1.
    Fold(Fold, usize),
    /// The place of the first largest or smallest one along a dimension, which stays with a length of 1.
    ArgExtreme {
        /// The dimension.
        axis: usize,
        /// Largest or smallest.
        largest: bool,
    },
    /// The places of all elements along a dimension in the order of their values.
    ArgSort {
        /// The dimension.
        axis: usize,
        /// Largest first.
        descending: bool,
    },
    /// Running sums along this dimension.
    CumSum(usize),
    /// e^x over its sum along this dimension.
    Softmax(usize),
    /// The logarithm of that.
    LogSoftmax(usize),
    /// Input, kernel, bias where there is one.
    Conv {
        /// How the kernel moves.
        moves: Moves,
        /// Independent groups of channels.
        groups: usize,
    },
    /// Input, kernel, bias where there is one; the padding is cut off, `extra` is added at the end.
    ConvTranspose {
        /// How the kernel moves.
        moves: Moves,
        /// Independent groups of channels.
        groups: usize,
        /// More at the end.
        extra: [usize; 2],
    },
    /// The largest of each window.
    MaxPool {
        /// How the window moves.
        moves: Moves,
        /// Whether what is left over has a window.
        ceil: bool,
    },
    /// The mean of each window.
    MeanPool {
        /// How the window moves.
        moves: Moves,
        /// Whether what is left over has a window.
        ceil: bool,
        /// Whether the padding counts as zeros.
        count_padding: bool,
    },
    /// The mean of windows of the last two dimensions that cover them, so many of each.
    MeanCover([usize; 2]),
    /// The largest of windows of the last two dimensions that cover them, so many of each.
    MaxCover([usize; 2]),
    /// Input, scale, shift, mean, variance of each channel; eps.
    BatchNorm(f64),
    /// Mean and biased variance of each channel, `[2, channel]`.
    ChannelStatistics,
    /// Input, scale, shift, statistics `[2, channel]`; eps.
    ChannelNorm(f64),
    /// Input, scale, shift of the last dimension; eps.
    LayerNorm(f64),
    /// Input, then scale and shift of each channel where they are.
    GroupNorm {
        /// Groups of channels.
        groups: usize,
        /// Added to the variance.
        eps: f64,
        /// Whether there is a scale.
        scaled: bool,
        /// Whether there is a shift.
        shifted: bool,
    },
    /// Input `[batch, time, width]`, weights of input and state, their biases where there are, the state at the start
    /// and, of a long short-term memory, the memory; gives all outputs `[batch, time, hidden]`, the last state and
    /// memory.
    Recurrent {
        /// A long short-term memory rather than gated recurrent units.
        memory: bool,
        /// Whether the last step comes first.
        backwards: bool,
        /// Whether there are biases.
        biased: bool,
    },
    /// Something that cannot be told, by its name.
    Untold(String),
}

impl Op {
    /// What it is called in messages and in names of values.
    pub fn name(&self) -> String {
        let text = match self {
            Op::Unary(own) => format!("{own:?}"),
            Op::Binary(own) => format!("{own:?}"),
            Op::Fold(own, _) => format!("{own:?}"),
            Op::Untold(name) => return name.clone(),
            other => format!("{other:?}"),
        };
        let name: String = text.chars().take_while(|c| c.is_alphanumeric()).collect();
        name.to_lowercase()
    }
}

/// An operation that took place.
#[derive(Clone, Debug)]
pub struct Node {
    /// What was done.
    pub op: Op,
    /// What with: numbers of values.
    pub inputs: Vec<usize>,
    /// What came of it: numbers of values.
    pub outputs: Vec<usize>,
}

/// Where a value comes from.
#[derive(Clone, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "there are few, and a tensor of a card is large anywhere"
)]
pub enum Source {
    /// The recording was begun with it, under this name.
    Input(String),
    /// It depends on no input; parameters have names.
    Constant(Tensor, Option<String>),
    /// An operation made it.
    Made,
}

/// A tensor that took part.
#[derive(Clone, Debug)]
pub struct Value {
    /// What its elements are.
    pub dtype: DType,
    /// Its lengths.
    pub shape: Vec<usize>,
    /// Where it comes from.
    pub source: Source,
}

/// A forward pass as a graph; the operations stand in the order in which they took place.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// All tensors.
    pub values: Vec<Value>,
    /// All operations that an input took part in.
    pub nodes: Vec<Node>,
    /// What was asked for.
    pub outputs: Vec<usize>,
}

impl Graph {
    /// Without what the outputs do not depend on.
    pub(super) fn pruned(mut self) -> Self {
        let mut needed = vec![false; self.values.len()];
        for output in &self.outputs {
            needed[*output] = true;
        }
        let mut kept = Vec::new();
        for node in self.nodes.into_iter().rev() {
            if node.outputs.iter().any(|output| needed[*output]) {
                node.inputs.iter().for_each(|input| needed[*input] = true);
                kept.push(node);
            }
        }
        kept.reverse();
        self.nodes = kept;
        self
    }
}
