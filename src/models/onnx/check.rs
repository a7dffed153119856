//! Runs a file of ONNX.

use crate::error::{Error, Kind, Result, guarded};
use crate::tensor::{DType, Device, Tensor};
use tract_onnx::pb::ModelProto;
use tract_onnx::prelude::{
    Datum, DatumType, Framework, InferenceFact, InferenceModel, InferenceModelExt, IntoRunnable,
    IntoTValue, Tensor as Foreign, tvec,
};

/// A graph that was read from a file.
pub struct Loaded {
    model: InferenceModel,
    properties: Vec<(String, String)>,
}

/// The whole chain of causes, which a plain text of the error leaves out.
fn failed(cause: impl std::fmt::Debug) -> Error {
    let text = format!("{cause:?}");
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let told: Vec<&str> = lines.take_while(|line| !line.starts_with("Stack backtrace")).collect();
    Error::new(Kind::Data, "running the graph", "the graph cannot be run").received(told.join(" "))
}

impl Loaded {
    /// Reads a file.
    ///
    /// # Errors
    /// Bytes that are no such file, or need what is not known.
    pub fn new(bytes: &[u8]) -> Result<Self> {
        guarded("reading a graph of ONNX", || {
            let onnx = tract_onnx::onnx();
            let proto: ModelProto = onnx.proto_model_for_read(&mut &*bytes).map_err(failed)?;
            let pairs = proto.metadata_props.iter();
            let properties = pairs.map(|pair| (pair.key.clone(), pair.value.clone())).collect();
            let model = onnx.model_for_proto_model(&proto).map_err(failed)?;
            Ok(Loaded { model, properties })
        })
    }

    /// What the file says of itself.
    pub fn properties(&self) -> &[(String, String)] {
        &self.properties
    }

    /// What the graph gives for an input of floats.
    ///
    /// # Errors
    /// An input that does not fit, an operation that cannot be run.
    pub fn run(&self, input: &Tensor) -> Result<Tensor> {
        guarded("running the graph", || {
            let (shape, values) = (input.shape(), input.to_values()?);
            let fact = InferenceFact::dt_shape(f32::datum_type(), &shape);
            let input = Foreign::from_shape(&shape, &values).map_err(failed)?;
            let model = self.model.clone().with_input_fact(0, fact).map_err(failed)?;
            let plan = model.into_optimized().and_then(|model| model.into_runnable());
            let outputs = plan.map_err(failed)?.run(tvec!(input.into_tvalue())).map_err(failed)?;
            match outputs.first() {
                Some(output) => taken(output),
                None => Err(failed("it gives nothing")),
            }
        })
    }
}

/// The graph's numbers as a tensor of ours; a scalar has the shape `[1]`.
fn taken(output: &Foreign) -> Result<Tensor> {
    let shape = if output.rank() == 0 { vec![1] } else { output.shape().to_vec() };
    let device = Device::cpu();
    let kind = output.datum_type();
    if kind == f32::datum_type() {
        let view = output.to_plain_array_view::<f32>().map_err(failed)?;
        return Tensor::from_values(view.iter().copied().collect(), &shape, &device);
    }
    let whole = output.cast_to::<i64>().map_err(failed)?;
    let view = whole.to_plain_array_view::<i64>().map_err(failed)?;
    let integers = Tensor::from_integers(view.iter().copied().collect(), &shape, &device)?;
    if kind == DatumType::Bool { integers.to(DType::Bool) } else { Ok(integers) }
}
