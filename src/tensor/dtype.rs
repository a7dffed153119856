//! What a tensor's elements are, and how they become something else.

use super::Tensor;
use super::record::Dispatch;
use crate::error::{Error, Kind, Result};
use burn::backend::TensorMetadata;
use burn::tensor::FloatDType;

/// What a tensor's elements are. In an operation of two tensors the one that comes later here wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DType {
    /// true or false.
    Bool,
    /// Integers of 64 bits; of 32 on devices that have no longer ones.
    I64,
    /// Floats of 32 bits; only they carry gradients.
    F32,
}

impl DType {
    /// All of them.
    pub const ALL: [DType; 3] = [DType::Bool, DType::I64, DType::F32];

    /// Its name in recipes and messages.
    pub fn name(self) -> &'static str {
        match self {
            DType::Bool => "bool",
            DType::I64 => "i64",
            DType::F32 => "f32",
        }
    }

    /// The type called `name`.
    pub fn named(operation: &str, name: &str) -> Result<Self> {
        let found = DType::ALL.into_iter().find(|dtype| dtype.name() == name);
        found.ok_or_else(|| {
            let names = DType::ALL.map(DType::name);
            let error = crate::error::unknown(operation, "dtype", name, &names);
            match name {
                "f64" | "f16" | "bf16" | "float" | "float16" | "float32" | "float64" | "double"
                | "half" => error.hint("numbers have single precision: \"f32\""),
                "int" | "int32" | "int64" | "i32" | "long" => {
                    error.hint("whole numbers are \"i64\"")
                }
                _ => error,
            }
        })
    }
}

/// Calls one operation of Burn's three, by the tensor's type.
macro_rules! by_dtype {
    ($tensor:expr, $float:ident | $int:ident | $bool:ident, $($argument:expr),*) => {{
        let tensor: &$crate::tensor::Tensor = &$tensor;
        let primitive = tensor.0.clone();
        $crate::tensor::Tensor(match tensor.dtype() {
            $crate::tensor::DType::F32 => $crate::tensor::record::Dispatch::$float(primitive, $($argument),*),
            $crate::tensor::DType::I64 => $crate::tensor::record::Dispatch::$int(primitive, $($argument),*),
            $crate::tensor::DType::Bool => $crate::tensor::record::Dispatch::$bool(primitive, $($argument),*),
        })
    }};
}
pub(super) use by_dtype;

impl Tensor {
    /// What its elements are.
    pub fn dtype(&self) -> DType {
        let dtype = self.0.dtype();
        match (dtype.is_float(), dtype.is_bool()) {
            (true, _) => DType::F32,
            (_, true) => DType::Bool,
            _ => DType::I64,
        }
    }

    /// Whether it holds floats.
    pub fn is_float(&self) -> bool {
        self.dtype() == DType::F32
    }

    /// The same elements as another type: floats lose their fraction as integers, and are true as bools
    /// where they are not 0. No gradient flows through a change of type.
    pub fn to(&self, dtype: DType) -> Result<Tensor> {
        let own = self.dtype();
        if own == dtype {
            return Ok(self.clone());
        }
        if self.count() == 0 {
            return Tensor::empty(dtype, &self.shape());
        }
        let integers = self.device().integers();
        let from = self.detached()?.0;
        Ok(Tensor(match (own, dtype) {
            (DType::Bool, DType::I64) => Dispatch::bool_into_int(from, integers),
            (DType::Bool, _) => Dispatch::bool_into_float(from, FloatDType::F32),
            (DType::I64, DType::F32) => Dispatch::int_into_float(from, FloatDType::F32),
            (DType::F32, DType::I64) => Dispatch::float_into_int(from, integers),
            _ => return self.not_equal(&Tensor::scalar(DType::I64, 0.0)?),
        }))
    }

    /// Itself where it holds floats, its elements as floats else.
    pub(crate) fn float(&self) -> Result<Tensor> {
        // Nearly every operation begins here, and gives about as much as it takes.
        super::memory::check("an operation on a tensor", self.count())?;
        self.to(DType::F32)
    }

    /// Refuses anything but integers: they name places.
    pub(super) fn need_integers(&self, operation: &str, what: &str) -> Result<()> {
        if self.dtype() == DType::I64 {
            return Ok(());
        }
        Err(Error::new(Kind::Type, operation, format!("{what} must hold integers"))
            .expected("tensor i64")
            .received(self.describe())
            .hint("write integers, as in tensor([0, 2]), or convert with .to(\"i64\"); labels [batch, class] become numbers of classes by target.argmax(1, true)"))
    }

    /// Refuses anything but bools.
    pub(super) fn need_bools(&self, operation: &str, what: &str) -> Result<()> {
        if self.dtype() == DType::Bool {
            return Ok(());
        }
        Err(Error::new(Kind::Type, operation, format!("{what} must hold bools"))
            .expected("tensor bool")
            .received(self.describe())
            .hint("compare, as in t > 0, or convert with .to(\"bool\")"))
    }
}
