//! Recurrent layers as ONNX's GRU and LSTM.

use super::super::writer::{Attribute, Writer};
use super::{One, mirrored};
use crate::error::{Error, Kind, Result};
use crate::tensor::Tensor;

/// PyTorch's gates (reset, update, new; input, forget, cell, output) in ONNX's order (update, reset, new; input,
/// output, forget, cell).
const GRU_ORDER: [i64; 3] = [1, 0, 2];
const LSTM_ORDER: [i64; 4] = [0, 3, 1, 2];

impl One<'_> {
    pub(super) fn recurrent(
        &self,
        writer: &mut Writer,
        memory: bool,
        backwards: bool,
        biased: bool,
    ) -> Result<Vec<String>> {
        let order: &[i64] = if memory { &LSTM_ORDER } else { &GRU_ORDER };
        let biases = if biased { 2 } else { 0 };
        let weights = (1..3).map(|at| self.weight(writer, at, order));
        let weights = weights.collect::<Result<Vec<_>>>()?;
        let bias = match biased {
            true => {
                let parts = (3..5).map(|at| self.gates(writer, at, order));
                let both = Tensor::cat(&parts.collect::<Result<Vec<_>>>()?, 0)?;
                writer.tensor(&both.unsqueeze(0)?)?
            }
            false => String::new(),
        };
        let hidden = self.output_shape().last().map_or(0, |length| length[0]);
        let x = self.input(writer, 0)?;
        let swap = || [Attribute::Ints("perm", vec![1, 0, 2])];
        let mut steps = writer.node("Transpose", &[&x], &swap());
        if backwards {
            // Mirrored rather than by the attribute `direction`, which not every run time heeds.
            steps = mirrored(writer, &steps, &[0]);
        }
        let zero = writer.integers(&[0]);
        let mut states = Vec::new();
        for at in 3 + biases..self.node.inputs.len() {
            let state = self.input(writer, at)?;
            states.push(writer.node("Unsqueeze", &[&state, &zero], &[]));
        }
        let kind = if memory { "LSTM" } else { "GRU" };
        let outputs = writer.fresh_names(&kind.to_lowercase(), if memory { 3 } else { 2 });
        let mut inputs: Vec<&str> = vec![&steps, &weights[0], &weights[1], &bias, ""];
        inputs.extend(states.iter().map(String::as_str));
        let mut attributes = vec![Attribute::Int("hidden_size", hidden as i64)];
        if !memory {
            // The reset gate scales what the state gives, its bias included, as in PyTorch.
            attributes.push(Attribute::Int("linear_before_reset", 1));
        }
        let names: Vec<&str> = outputs.iter().map(String::as_str).collect();
        writer.named_node(kind, &inputs, &attributes, &names);
        // [time, direction, batch, hidden]
        let one = writer.integers(&[1]);
        let mut all = writer.node("Squeeze", &[&outputs[0], &one], &[]);
        if backwards {
            all = mirrored(writer, &all, &[0]);
        }
        let mut made = vec![writer.node("Transpose", &[&all], &swap())];
        for last in outputs.iter().skip(1) {
            made.push(writer.node("Squeeze", &[last, &zero], &[]));
        }
        Ok(made)
    }

    /// A weight's or bias' rows with the gates in another order.
    fn gates(&self, writer: &Writer, at: usize, order: &[i64]) -> Result<Tensor> {
        let constant = self.node.inputs.get(at).map(|value| writer.constant(*value)).transpose()?;
        let Some(whole) = constant.flatten() else {
            return Err(Error::new(
                Kind::Script,
                "export",
                "a recurrent layer has no fixed weights",
            ));
        };
        let hidden = whole.shape()[0] / order.len();
        let gate = |gate: &i64| whole.narrow(0, *gate as usize * hidden, hidden);
        Tensor::cat(&order.iter().map(gate).collect::<Result<Vec<_>>>()?, 0)
    }

    fn weight(&self, writer: &mut Writer, at: usize, order: &[i64]) -> Result<String> {
        let gates = self.gates(writer, at, order)?;
        writer.tensor(&gates.unsqueeze(0)?)
    }
}
