//! Nodes and constants of an ONNX graph in the making.

use super::pair::{Length, Pair, is_fixed};
use crate::error::{Error, Kind, Result};
use crate::tensor::{DType, Tensor};
use std::collections::{BTreeSet, HashMap};
use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::{AttributeProto, NodeProto, TensorProto};

/// ONNX's number of a type of elements.
pub(super) fn data_type(dtype: DType) -> i32 {
    match dtype {
        DType::F32 => 1,
        DType::I64 => 7,
        DType::Bool => 9,
    }
}

/// An attribute of a node.
pub(super) enum Attribute<'a> {
    Int(&'a str, i64),
    Float(&'a str, f64),
    Ints(&'a str, Vec<i64>),
    Text(&'a str, &'a str),
}

impl Attribute<'_> {
    fn proto(&self) -> AttributeProto {
        let named = |name: &str, kind: AttributeType| AttributeProto {
            name: name.to_string(),
            r#type: kind as i32,
            ..AttributeProto::default()
        };
        match self {
            Attribute::Int(name, i) => AttributeProto { i: *i, ..named(name, AttributeType::Int) },
            Attribute::Float(name, f) => {
                AttributeProto { f: *f as f32, ..named(name, AttributeType::Float) }
            }
            Attribute::Ints(name, ints) => {
                AttributeProto { ints: ints.clone(), ..named(name, AttributeType::Ints) }
            }
            Attribute::Text(name, text) => {
                AttributeProto { s: text.as_bytes().to_vec(), ..named(name, AttributeType::String) }
            }
        }
    }
}

/// A constant as ONNX keeps it.
pub(super) fn tensor_proto(name: &str, tensor: &Tensor) -> Result<TensorProto> {
    let raw_data = match tensor.dtype() {
        DType::F32 => tensor.to_values()?.iter().flat_map(|value| value.to_le_bytes()).collect(),
        DType::I64 => tensor.to_integers()?.iter().flat_map(|value| value.to_le_bytes()).collect(),
        DType::Bool => tensor.to_integers()?.iter().map(|value| *value as u8).collect(),
    };
    Ok(TensorProto {
        name: name.to_string(),
        dims: tensor.shape().iter().map(|n| *n as i64).collect(),
        data_type: data_type(tensor.dtype()),
        raw_data,
        ..TensorProto::default()
    })
}

/// A graph in the making.
pub(super) struct Writer<'a> {
    pub pair: &'a Pair,
    pub nodes: Vec<NodeProto>,
    pub constants: Vec<TensorProto>,
    /// Names by values of the pair.
    names: HashMap<usize, String>,
    taken: BTreeSet<String>,
    counts: HashMap<String, usize>,
    integers: HashMap<(Vec<i64>, bool), String>,
    floats: HashMap<u32, String>,
    /// Where each free length can be read: a value and its dimension.
    free: Vec<(Length, usize, usize)>,
    lengths: HashMap<Length, String>,
}

impl<'a> Writer<'a> {
    pub fn new(pair: &'a Pair) -> Self {
        Writer {
            pair,
            nodes: Vec::new(),
            constants: Vec::new(),
            names: HashMap::new(),
            taken: BTreeSet::new(),
            counts: HashMap::new(),
            integers: HashMap::new(),
            floats: HashMap::new(),
            free: Vec::new(),
            lengths: HashMap::new(),
        }
    }

    /// A name that nothing has, which begins with `wanted`.
    fn fresh(&mut self, wanted: &str) -> String {
        loop {
            let count = self.counts.entry(wanted.to_string()).or_default();
            let name = format!("{wanted}_{count}");
            *count += 1;
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
    }

    /// Says what a value is called; its free lengths can be read from now on.
    pub fn name(&mut self, value: usize, name: String) {
        for (axis, length) in self.pair.shape(value).into_iter().enumerate() {
            let known = self.free.iter().any(|(known, ..)| *known == length);
            if !is_fixed(length) && !known {
                self.free.push((length, value, axis));
            }
        }
        self.taken.insert(name.clone());
        self.names.insert(value, name);
    }

    /// A node with one output, whose name is given.
    pub fn node(&mut self, kind: &str, inputs: &[&str], attributes: &[Attribute]) -> String {
        let output = self.fresh(&kind.to_lowercase());
        self.named_node(kind, inputs, attributes, &[&output]);
        output
    }

    /// A node with these outputs.
    pub fn named_node(
        &mut self,
        kind: &str,
        inputs: &[&str],
        attributes: &[Attribute],
        outputs: &[&str],
    ) {
        let strings = |all: &[&str]| all.iter().map(|name| name.to_string()).collect();
        self.nodes.push(NodeProto {
            name: outputs.first().map(|name| name.to_string()).unwrap_or_default(),
            op_type: kind.to_string(),
            input: strings(inputs),
            output: strings(outputs),
            attribute: attributes.iter().map(Attribute::proto).collect(),
            ..NodeProto::default()
        });
    }

    /// Names for several outputs of one node.
    pub fn fresh_names(&mut self, wanted: &str, count: usize) -> Vec<String> {
        (0..count).map(|_| self.fresh(wanted)).collect()
    }

    /// Integers `[n]`.
    pub fn integers(&mut self, values: &[i64]) -> String {
        self.integers_of(values, false)
    }

    /// One integer without dimensions.
    pub fn integer(&mut self, value: i64) -> String {
        self.integers_of(&[value], true)
    }

    fn integers_of(&mut self, values: &[i64], scalar: bool) -> String {
        if let Some(known) = self.integers.get(&(values.to_vec(), scalar)) {
            return known.clone();
        }
        let name = self.fresh("integers");
        self.constants.push(TensorProto {
            name: name.clone(),
            dims: if scalar { Vec::new() } else { vec![values.len() as i64] },
            data_type: data_type(DType::I64),
            raw_data: values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            ..TensorProto::default()
        });
        self.integers.insert((values.to_vec(), scalar), name.clone());
        name
    }

    /// One float without dimensions.
    pub fn float(&mut self, value: f64) -> String {
        let value = value as f32;
        if let Some(known) = self.floats.get(&value.to_bits()) {
            return known.clone();
        }
        let name = self.fresh("number");
        self.constants.push(TensorProto {
            name: name.clone(),
            data_type: data_type(DType::F32),
            raw_data: value.to_le_bytes().to_vec(),
            ..TensorProto::default()
        });
        self.floats.insert(value.to_bits(), name.clone());
        name
    }

    /// A constant that export makes itself.
    pub fn tensor(&mut self, tensor: &Tensor) -> Result<String> {
        let name = self.fresh("constant");
        self.constants.push(tensor_proto(&name, tensor)?);
        Ok(name)
    }

    /// What a value is called; a constant is written when it is first asked for.
    pub fn value(&mut self, value: usize) -> Result<String> {
        if let Some(name) = self.names.get(&value) {
            return Ok(name.clone());
        }
        if let Some(number) = self.pair.whole_number(value)?
            && let Ok(length) = self.length(number)
        {
            // A number that is a length: what a recipe divides a sum by, say.
            let to = i64::from(data_type(self.pair.dtype(value)));
            let number = self.node("Cast", &[&length], &[Attribute::Int("to", to)]);
            let ones = self.integers(&vec![1; self.pair.shape(value).len()]);
            let made = self.node("Reshape", &[&number, &ones], &[]);
            self.names.insert(value, made.clone());
            return Ok(made);
        }
        let Some((tensor, name)) = self.pair.constant(value)? else {
            return Err(Error::new(Kind::Internal, "export", "a value is used before it is made"));
        };
        let name = match name.filter(|name| !self.taken.contains(name)) {
            Some(name) => name,
            None => self.fresh("constant"),
        };
        self.taken.insert(name.clone());
        self.constants.push(tensor_proto(&name, &tensor)?);
        let shape = self.pair.shape(value);
        let full = match shape.iter().all(|length| is_fixed(*length)) {
            true => name,
            false => {
                let target = self.shape(&shape)?;
                self.node("Expand", &[&name, &target], &[])
            }
        };
        self.names.insert(value, full.clone());
        Ok(full)
    }

    /// The tensor behind a constant value, where it is one and no free length stretches it.
    pub fn constant(&self, value: usize) -> Result<Option<Tensor>> {
        let fixed = self.pair.shape(value).iter().all(|length| is_fixed(*length));
        Ok(self.pair.constant(value)?.map(|(tensor, _)| tensor).filter(|_| fixed))
    }

    /// A length as a tensor `[1]` of integers.
    pub fn length(&mut self, length: Length) -> Result<String> {
        if is_fixed(length) {
            return Ok(self.integers(&[length[0] as i64]));
        }
        if let Some(known) = self.lengths.get(&length) {
            return Ok(known.clone());
        }
        let name = match self.source(length) {
            Some(name) => name?,
            None => {
                let text = format!("{} and {}", length[0], length[1]);
                return Err(Error::new(
                    Kind::Shape,
                    "export",
                    "it is not seen how a length depends on those of the input",
                )
                .received(text));
            }
        };
        self.lengths.insert(length, name.clone());
        Ok(name)
    }

    /// How to come by a free length: one that can be read, or a product of two, times a fixed number.
    fn source(&mut self, length: Length) -> Option<Result<String>> {
        let times = |part: Length| -> Option<usize> {
            let [a, b] =
                [0, 1].map(|at| (length[at] % part[at].max(1), length[at] / part[at].max(1)));
            (a.0 == 0 && b.0 == 0 && a.1 == b.1).then_some(a.1)
        };
        let known = self.free.clone();
        let mut found = known
            .iter()
            .filter_map(|(one, value, axis)| Some((times(*one)?, vec![(*value, *axis)])));
        let single = found.by_ref().min_by_key(|(factor, _)| *factor);
        let product = || {
            let pairs = known
                .iter()
                .enumerate()
                .flat_map(|(at, one)| known[at..].iter().map(move |other| (one, other)));
            let mut all = pairs.filter_map(|((a, va, aa), (b, vb, ab))| {
                let both = [a[0] * b[0], a[1] * b[1]];
                Some((times(both)?, vec![(*va, *aa), (*vb, *ab)]))
            });
            all.next()
        };
        let (factor, parts) = match single {
            Some(single) => single,
            None => product()?,
        };
        Some(self.product(factor, &parts))
    }

    fn product(&mut self, factor: usize, parts: &[(usize, usize)]) -> Result<String> {
        let mut all = Vec::new();
        for (value, axis) in parts {
            all.push(self.read(*value, *axis)?);
        }
        if factor != 1 {
            all.push(self.integers(&[factor as i64]));
        }
        let mut product = all.remove(0);
        for part in all {
            product = self.node("Mul", &[&product, &part], &[]);
        }
        Ok(product)
    }

    /// The length of a value along a dimension, `[1]`.
    fn read(&mut self, value: usize, axis: usize) -> Result<String> {
        let name = self.value(value)?;
        let axis = axis as i64;
        let cut = [Attribute::Int("start", axis), Attribute::Int("end", axis + 1)];
        Ok(self.node("Shape", &[&name], &cut))
    }

    /// A shape as a tensor of integers.
    pub fn shape(&mut self, shape: &[Length]) -> Result<String> {
        let fixed = shape.iter().map(|length| is_fixed(*length).then_some(length[0] as i64));
        let entries: Vec<Entry> =
            fixed.zip(shape).map(|(n, length)| n.map_or(Entry::Of(*length), Entry::Is)).collect();
        self.entries(&entries)
    }

    /// A list of integers, some of which are free lengths.
    pub fn entries(&mut self, entries: &[Entry]) -> Result<String> {
        let plain: Option<Vec<i64>> = entries
            .iter()
            .map(|entry| match entry {
                Entry::Is(number) => Some(*number),
                Entry::Of(_) => None,
            })
            .collect();
        if let Some(plain) = plain {
            return Ok(self.integers(&plain));
        }
        let mut parts = Vec::new();
        for entry in entries {
            parts.push(match entry {
                Entry::Is(number) => self.integers(&[*number]),
                Entry::Of(length) => self.length(*length)?,
            });
        }
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        Ok(self.node("Concat", &parts, &[Attribute::Int("axis", 0)]))
    }

    /// `name`, whose lengths are `from`, in the shape `to`.
    pub fn reshaped(&mut self, name: &str, from: &[Length], to: &[Length]) -> Result<String> {
        let mut entries: Vec<Entry> = Vec::new();
        for (axis, length) in to.iter().enumerate() {
            entries.push(match is_fixed(*length) {
                true => Entry::Is(length[0] as i64),
                // 0 is the input's own length.
                false if from.get(axis) == Some(length) => Entry::Is(0),
                false => Entry::Of(*length),
            });
        }
        // Whatever is left needs not be told once.
        if let Some(last) = entries.iter_mut().rev().find(|entry| matches!(entry, Entry::Of(_))) {
            *last = Entry::Is(-1);
        }
        let target = self.entries(&entries)?;
        Ok(self.node("Reshape", &[name, &target], &[]))
    }
}

/// An integer of a list: a number, or a free length.
#[derive(Clone, Copy)]
pub(super) enum Entry {
    Is(i64),
    Of(Length),
}
