//! Types in the words of those who write recipes.

pub(super) const NOTHING: &str = "nothing";

/// Rust's names for what scripts handle, in their authors' words.
const WORDS: [(&str, &[&str]); 30] = [
    ("integer", &["i64", "INT", "int"]),
    ("float", &["f64", "FLOAT"]),
    ("number", &["number"]),
    ("bool", &["bool"]),
    ("string", &["str", "String", "ImmutableString", "string"]),
    ("char", &["char"]),
    ("array", &["Array", "array"]),
    ("map", &["Map", "map"]),
    ("any", &["Dynamic", "?", ""]),
    ("function", &["FnPtr", "Fn"]),
    (NOTHING, &["()"]),
    ("range", &["range", "range=", "Range<i64>", "RangeInclusive<i64>", "ExclusiveRange"]),
    ("range", &["InclusiveRange"]),
    ("iterator", &["CharsStream", "BitRange", "StepRange<i64>", "StepRange<FLOAT>"]),
    ("tensor", &["Tensor"]),
    ("gradients", &["GradientsHandle"]),
    ("network", &["Net", "Network"]),
    ("parameter", &["Parameter"]),
    ("load_report", &["Report", "LoadReport"]),
    ("front_end", &["FrontEnd"]),
    ("dataset", &["DatasetHandle", "Dataset"]),
    ("batch", &["Batch"]),
    ("batches", &["BatchList"]),
    ("augmentation", &["Step", "Augmentation"]),
    ("model", &["Spec", "Model"]),
    ("optimizer", &["OptimizerHandle"]),
    ("result", &["Trained"]),
    ("stored_logits", &["StoredLogits"]),
    ("context", &["Context"]),
    ("error", &["Error"]),
];

/// A type of Rust's in a user's words: `Raw<Tensor>` is a tensor.
pub fn plain(kind: &str) -> String {
    let own = own_name(kind);
    let known = WORDS.iter().find(|(_, names)| names.contains(&own));
    known.map_or(own, |(word, _)| word).to_string()
}

/// A type without borrows, what it is wrapped in as a result, and its path: `Tensor` of
/// `Raw<stillroom::tensor::Tensor>`.
fn own_name(kind: &str) -> &str {
    let kind = unborrowed(kind.trim());
    for wrapped in ["Raw<", "Result<", "RhaiResultOf<", "core::result::Result<"] {
        if let Some(inner) = kind.strip_prefix(wrapped).and_then(|rest| rest.strip_suffix('>')) {
            return own_name(first_of(inner));
        }
    }
    // `std::ops::Range<i64>`.
    let head = kind.split('<').next().unwrap_or(kind);
    let start = head.rfind("::").map_or(0, |at| at + 2);
    kind.get(start..).unwrap_or(kind)
}

/// The first of several types between angle brackets.
fn first_of(inner: &str) -> &str {
    let mut depth = 0usize;
    for (at, letter) in inner.char_indices() {
        match letter {
            '<' | '(' => depth += 1,
            '>' | ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => return &inner[..at],
            _ => {}
        }
    }
    inner
}

/// Whether a type is one that recipes know.
pub fn is_known(kind: &str) -> bool {
    WORDS.iter().any(|(word, _)| *word == kind)
}

/// A type without what Rust says of how it is handed over.
pub(super) fn unborrowed(kind: &str) -> &str {
    kind.trim_start_matches('&').trim_start_matches("mut ").trim()
}

/// A type in the words of our messages: `Network` for `Raw<Net>`, `integer` for `i64`.
pub fn kind_word(kind: &str) -> &str {
    match own_name(kind) {
        "Net" => "Network",
        "DatasetHandle" => "Dataset",
        "GradientsHandle" => "Gradients",
        "OptimizerHandle" => "Optimizer",
        "Spec" => "Model",
        "Step" => "Augmentation",
        "BatchList" => "Batches",
        "Report" => "LoadReport",
        "i64" | "INT" => "integer",
        "f64" | "FLOAT" => "float",
        "str" | "String" | "ImmutableString" | "string" => "string",
        "Map" => "map",
        "Array" => "array",
        "FnPtr" | "Fn" => "function",
        "Range<i64>" | "RangeInclusive<i64>" => "range",
        "" | "()" => "nothing",
        "Dynamic" | "?" | "_" => "value",
        other => other,
    }
}
