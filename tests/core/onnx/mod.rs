//! Networks as ONNX: exported, run by another library, compared. Each test gives what did not work, by name.

mod layers;
mod networks;
mod operations;
mod zoo;

use std::sync::Arc;
use stillroom::error::Result;
use stillroom::models::onnx::{Dim, Exported, Subject, export};
use stillroom::nn::{Mode, Network};
use stillroom::tensor::random::Stream;
use stillroom::tensor::{DType, Device, Tensor};

/// What a case does with its input.
pub(super) type Act = Arc<dyn Fn(&Tensor) -> Result<Tensor>>;

/// Exports `act` for inputs `[batch, …lengths]`; the first length may vary where `varies` says so.
pub fn exported(
    name: &str,
    lengths: &[usize],
    varies: bool,
    named: Vec<(String, Tensor)>,
    act: &dyn Fn(&Tensor) -> Result<Tensor>,
) -> Result<Exported> {
    let dims = lengths.iter().enumerate();
    let dims = dims.map(|(axis, length)| Dim {
        name: ["time", "mels", "depth"][axis.min(2)],
        length: *length,
        may_vary: varies && axis == 0,
    });
    let subject = Subject {
        name,
        input: "features",
        output: "logits",
        dims: dims.collect(),
        named,
        forward: Box::new(act),
        spread: [0.0, 1.0],
    };
    let exported = export(&subject, &[])?;
    kept(name, &exported, lengths, act);
    Ok(exported)
}

pub type Outcome<'a> = (&'a str, Result<Exported>);

pub(super) fn of_network<'a>(
    name: &'a str,
    lengths: &[usize],
    varies: bool,
    net: &dyn Network,
) -> Outcome<'a> {
    let act = |input: &Tensor| net.forward(input, Mode::Eval);
    (name, exported(name, lengths, varies, net.state(), &act))
}

/// Fails with all that went wrong at once.
pub fn all_work(cases: Vec<Outcome>) {
    let mut wrong = Vec::new();
    for (name, outcome) in cases {
        match outcome {
            Ok(exported) if exported.difference > 1e-5 * exported.largest.max(1.0) => {
                wrong.push(format!("{name}: {:e} of {:e}", exported.difference, exported.largest));
            }
            Ok(_) => {}
            Err(error) => wrong.push(format!("{name}: {}", error.render(false))),
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

/// Writes the file and what it should give, for `tests/golden/onnx_check.py`, where `STILL_ONNX` names a folder.
pub(super) fn kept(
    name: &str,
    exported: &Exported,
    lengths: &[usize],
    act: &dyn Fn(&Tensor) -> Result<Tensor>,
) {
    let Some(folder) = std::env::var_os("STILL_ONNX") else { return };
    let folder = std::path::Path::new(&folder);
    let mut cases = Vec::new();
    for batch in [1, 5] {
        let mut shape: Vec<usize> = std::iter::once(batch).chain(lengths.iter().copied()).collect();
        if exported.free.iter().any(|dim| dim == "time") && batch > 1 {
            shape[1] += 3;
        }
        let mut random = Stream::new(5, "inputs for ONNX Runtime", &[batch as u64]);
        let input = Tensor::normal(&shape, &mut random, &Device::cpu()).expect("an input");
        let output = act(&input).expect("an output");
        cases.push(serde_json::json!({
            "input": input.to_values().expect("numbers"), "input_shape": shape,
            "output": output.to(DType::F32).and_then(|o| o.to_values()).expect("numbers"),
            "output_shape": output.shape(),
        }));
    }
    let text = serde_json::to_string(&cases).expect("JSON");
    std::fs::write(folder.join(format!("{name}.json")), text).expect("a folder to write to");
    std::fs::write(folder.join(format!("{name}.onnx")), &exported.bytes).expect("the same folder");
}
