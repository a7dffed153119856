//! How bindings are written down: a doc comment, a Rust function, nothing else. The comment becomes the
//! function's documentation, the parameters its form in messages.

/// A doc comment, as Rhai's registration takes it.
macro_rules! comments {
    ($(#[doc = $doc:expr])*) => { [$(concat!("///", $doc)),*] };
}
pub(super) use comments;

/// The comment of a property: what it is, and an example.
pub(super) fn property(doc: [&str; 2]) -> [String; 5] {
    let [what, example] = doc;
    [
        format!("/// {what}"),
        "///".to_string(),
        "/// ```rhai".to_string(),
        format!("/// {example}"),
        "/// ```".to_string(),
    ]
}

/// Registers functions that can be called as methods too. Rhai adds the place to their errors.
macro_rules! functions {
    ($module:expr; $(
        $(#[doc = $doc:expr])* fn $name:literal($($argument:ident: $type:ty),* $(,)?) -> $out:ty $body:block
    )*) => { $(
        rhai::FuncRegistration::new($name)
            .in_global_namespace()
            .with_comments([$(concat!("///", $doc)),*])
            .with_params_info([$(concat!(stringify!($argument), ": ", stringify!($type)),)* stringify!($out)])
            .set_into_module($module, move |$($argument: $type),*| -> $crate::script::raise::Raw<$out> {
                let act = || -> $crate::error::Result<$out> { $body };
                $crate::script::raise::raw(act())
            });
    )* };
}
pub(super) use functions;

/// Registers functions of a namespace, which must tell their own place. Each names the call that it is in,
/// `fn "network"[call](…)`: what keeps a function of the script needs it.
macro_rules! keeping {
    ($module:expr; $(
        $(#[doc = $doc:expr])* fn $name:literal[$call:ident]($($argument:ident: $type:ty),* $(,)?) -> $out:ty $body:block
    )*) => { $(
        rhai::FuncRegistration::new($name)
            .with_comments([$(concat!("///", $doc)),*])
            .with_params_info([$(concat!(stringify!($argument), ": ", stringify!($type)),)* stringify!($out)])
            .set_into_module(
                $module,
                move |$call: rhai::NativeCallContext, $($argument: $type),*| -> $crate::script::raise::Raw<$out> {
                    let act = || -> $crate::error::Result<$out> { $body };
                    $crate::script::raise::placed(&$call, act())
                },
            );
    )* };
}
pub(super) use keeping;

/// As `keeping!`, for functions that have no need of the call.
macro_rules! namespaced {
    ($module:expr; $(
        $(#[doc = $doc:expr])* fn $name:literal($($argument:ident: $type:ty),* $(,)?) -> $out:ty $body:block
    )*) => {
        $crate::script::register::keeping! { $module; $(
            $(#[doc = $doc])* fn $name[call]($($argument: $type),*) -> $out $body
        )* }
    };
}
pub(super) use namespaced;
