//! Functions of real numbers, of whole ones: Rhai's own take floats alone.

use super::register::functions;
use rhai::Module;

macro_rules! real {
    ($module:expr; $($(#[doc = $doc:expr])* $name:literal => $method:ident, $example:literal;)*) => {
        functions! { $module; $(
            $(#[doc = $doc])*
            ///
            /// ```rhai
            #[doc = $example]
            /// ```
            fn $name(number: i64) -> f64 { Ok((number as f64).$method()) }
        )* }
    };
}

pub(super) fn functions(module: &mut Module) {
    real! { module;
        /// The square root of a whole number.
        "sqrt" => sqrt, " sqrt(9) == 3.0";
        /// e to the power of a whole number.
        "exp" => exp, " exp(0) == 1.0";
        /// The natural logarithm of a whole number.
        "ln" => ln, " ln(1) == 0.0";
        /// The logarithm of a whole number to the base 10, as of floats; `ln` is the natural one.
        "log" => log10, " log(1000) == 3.0";
        /// The sine of a whole number.
        "sin" => sin, " sin(0) == 0.0";
        /// The cosine of a whole number.
        "cos" => cos, " cos(0) == 1.0";
        /// The tangent of a whole number.
        "tan" => tan, " tan(0) == 0.0";
        /// The hyperbolic tangent of a whole number.
        "tanh" => tanh, " tanh(0) == 0.0";
    }
    functions! { module;
        /// A whole number itself.
        ///
        /// ```rhai
        /// floor(3) == 3
        /// ```
        fn "floor"(number: i64) -> i64 { Ok(number) }

        /// A whole number itself.
        ///
        /// ```rhai
        /// round(3) == 3
        /// ```
        fn "round"(number: i64) -> i64 { Ok(number) }
    }
}
