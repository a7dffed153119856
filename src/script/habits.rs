//! What people write who come from Python, or from Rust, and what it is here.

use super::{foreign, pytorch};
use std::borrow::Cow;

const IMPORT: &str = "imports are written import \"std/hinton\" as hinton;";
const KEPT: &str = "the language keeps this word for itself: choose another name";
/// What names are made of.
pub(super) const LETTERS: &str =
    "names have the letters a to z, digits and _; texts and comments may have any";
/// What `//` between numbers is.
pub(super) const DIVISION: &str =
    "// begins a comment: whole numbers are divided by /, which drops the rest";

/// A name that has no meaning here: what is meant by it.
pub(super) fn name(name: &str) -> Option<String> {
    let hint = match name {
        "True" => "write true",
        "False" => "write false",
        "None" | "null" | "nil" | "undefined" => "nothing is written ()",
        "pass" => "an empty block is written { }",
        "self" => "a function gets its network as a parameter: fn forward(self, x)",
        "ctx" => {
            "hooks are given it: fn lr(ctx) { … }; what a hook calls has it handed on: mine(ctx, x)"
        }
        "torch" | "np" | "numpy" | "jnp" | "tf" => {
            "tensors are made by tensor(…) and tensor::, layers by nn::, losses are functions"
        }
        "math" | "Math" => "functions of numbers have no namespace: sqrt(2.0), exp(1.0), PI()",
        "PI" | "pi" | "M_PI" => "write PI()",
        "E" => "write E()",
        "F" | "functional" => {
            "functions stand alone, without a namespace: relu(x), softmax(x, 1), cross_entropy(x, y)"
        }
        "inf" | "nan" => "write 1.0 / 0.0 or 0.0 / 0.0",
        "range" => "a range is written 0..10",
        "len" => "write x.len()",
        "and" => "write &&",
        "or" => "write ||",
        "not" => "write !",
        "elif" => "write else if",
        "def" => "functions are written fn name(a, b) { … }",
        "assert" => "write assert(condition, \"what should hold\")",
        "raise" => "write throw \"what is wrong\"",
        "except" | "finally" => "write try { … } catch (error) { … }",
        "global" | "nonlocal" => {
            "a function changes nothing outside of it: it gives a value back, or keeps one in ctx.state"
        }
        "match" | "case" => "write switch x { 1 => a, _ => b }",
        "var" => "write let",
        "is" => "write ==",
        "__name__" => "leave it out: statements run from top to bottom, and imports run no others",
        "lambda" => "a closure is written |x| x + 1",
        "elsif" | "elseif" => "write else if",
        "function" | "func" | "fun" => "functions are written fn name(a, b) { … }",
        "console" => "write print(x)",
        "del" | "delete" => "write map.remove(\"key\"), array.remove(0)",
        "json" => "write parse_json(text), and x.to_json()",
        _ => return None,
    };
    Some(hint.to_string())
}

/// Whether the text goes on with an assignment.
fn assigns(text: &str) -> bool {
    text.starts_with('=') && !text.starts_with("==") && !text.starts_with("=>")
}

/// Whether the row is a whole line of Python, whatever else is wrong with it.
pub(super) fn is_foreign(row: &str) -> bool {
    let bare = row.trim();
    bare.starts_with("def ") || bare.starts_with("class ") || imports(row)
}

/// Whether the row imports as Python does.
pub fn imports(row: &str) -> bool {
    let row = row.trim();
    row.starts_with("from ") || row.starts_with("import ") && !row.contains('"')
}

/// Whether the row divides as Python does, by what begins a comment here.
pub(super) fn divides(row: &str) -> bool {
    let (before, after) = row.split_once("//").unwrap_or((row, ""));
    let operand = |c: char| c.is_alphanumeric() || matches!(c, '_' | ')' | ']');
    before.trim_end().ends_with(operand) && after.contains(';')
}

/// A function that is called otherwise here.
pub(super) fn function(name: &str) -> Option<Cow<'static, str>> {
    if let Some(model) = name.strip_prefix("model::") {
        return foreign::model(model).map(Cow::Owned);
    }
    if let Some(hint) = pytorch::function(name) {
        return Some(Cow::Borrowed(hint));
    }
    // What other libraries call a model stands without a namespace there.
    let hint = match name {
        "str" | "string" => "write x.to_string()",
        "int" => "write x.to_int(), parse_int(text), or tensor.to(\"i64\")",
        "float" => "write x.to_float(), parse_float(text), or tensor.to(\"f32\")",
        "list" => "an array is written [a, b]",
        "dict" => "a map is written #{ a: 1 }",
        "enumerate" => "write for (x, index) in array",
        "zip" => "write for index in 0..a.len()",
        "isinstance" | "type" => "write type_of(x) == \"…\"",
        "super" => "there are no classes: a network is nn::network(#{ parts }, Fn(\"forward\"))",
        "F::relu" | "torch::relu" => "write relu(x)",
        "append" => "write array.push(x)",
        "println" | "printf" | "eprintln" => "write print(x)",
        "length" => "write x.len()",
        "has" | "has_key" | "contains_key" | "hasOwnProperty" => "write \"key\" in map",
        "items" | "entries" | "iteritems" => "write for key in map.keys() { map[key] }",
        "index" | "indexOf" | "find_index" => "write array.index_of(x)",
        "stop" | "early_stop" | "early_stopping" => {
            "a stage goes through all of its epochs; the weights of the best one are kept beside the last ones"
        }
        "sorted" => "array.sort() sorts the array itself, and gives nothing back",
        "range" => "a range is written 0..10",
        "pow" => "write x ** y",
        "format" => "a text with values is written with back-ticks: `loss ${x}`",
        "manual_seed" | "seed_everything" => {
            "all random numbers come from one seed: still run R --seed 1, or seed: 1 of a stage"
        }
        "size" => "of a tensor it is a property, x.shape; of an array or a map it is x.len()",
        "view" | "reshape_as" => "write x.reshape([2, -1])",
        "contiguous" => "leave it out: how a tensor lies in memory is nobody's concern here",
        "zero_grad" => {
            "leave it out: optimizer.step(net, loss) takes the gradients of that loss alone, nothing is summed up"
        }
        "state_dict" => {
            "net.state() has them by name; tensor::save(net.state(), \"x.safetensors\") writes them"
        }
        "load_state_dict" => "write net.load(\"x.safetensors\"), or net.load(state)",
        "named_parameters" | "parameters" => {
            "net.trainable() has their names, net.weight(name) one of them"
        }
        "metrics::f1_score" | "metrics::f1" | "metrics::precision" | "metrics::recall" => {
            "write metrics::precision_recall_f1(scores, targets)"
        }
        "numel" => "it is a property: x.count",
        "forEach" | "foreach" => "write for x in array { … }",
        "Module" => "there are no classes: a network is nn::network(#{ parts }, Fn(\"forward\"))",
        "with_grad" | "track" | "enable_grad" => "write x.requires_grad()",
        "item" | "detach" | "numpy" | "cpu" | "cuda" | "to" => {
            "tensors live where the run does: x.item() reads one number, x.detach() cuts the gradient"
        }
        _ if name.contains(|c: char| c.is_ascii_digit() || c.is_ascii_uppercase()) => {
            return foreign::model(name).map(Cow::Owned);
        }
        _ => return None,
    };
    Some(Cow::Borrowed(hint))
}

/// What is meant where `name` stands in `text` and nothing is called so: more than the name says it.
pub(super) fn within(text: &str, name: &str) -> Option<String> {
    let part = |c: char| !c.is_alphanumeric() && c != '_';
    for row in text.lines() {
        for (at, _) in row.match_indices(name) {
            let (before, after) = (&row[..at], &row[at + name.len()..]);
            if !before.is_empty() && !before.ends_with(part) {
                continue;
            }
            let (before, after) = (before.trim_end(), after.trim_start());
            if assigns(after) && before.ends_with(['(', ',']) {
                return Some(match name {
                    "dim" | "axis" | "keepdim" | "keepdims" => {
                        "arguments have no names: x.mean(1), softmax(x, 1), x.mean([1], true)"
                            .into()
                    }
                    _ => format!(
                        "arguments have no names: they go by their places, or in a map of options, f(x, #{{ {name}: … }})"
                    ),
                });
            }
            if after.starts_with("=>") {
                return Some(format!("a closure is written |{name}| {name} + 1"));
            }
            let is_key =
                after.starts_with(':') && !after.starts_with("::") && !after.starts_with(":=");
            if is_key && !before.contains("#{") && before.ends_with(['(', ',']) {
                return Some(format!("options stand in a map: f(#{{ {name}: … }})"));
            }
            let looped = after.contains(&format!(" for {name} in "));
            if looped && row[..at].contains('[') {
                return Some(
                    "an array is made of another one by a closure: [0, 1, 2].map(|x| x * 2)".into(),
                );
            }
        }
    }
    None
}

/// What the language keeps for itself, or does not have; `what` is its message, `row` the line.
pub(super) fn reserved(what: &str, row: &str) -> Option<String> {
    let mut quoted = what.split('\'').skip(1);
    let word = quoted.next()?;
    let is_named =
        ["let ", "const ", "fn "].iter().any(|own| row.contains(&format!("{own}{word}")));
    if is_named && what.contains("keyword") {
        return Some(KEPT.into());
    }
    if let Some(hint) = name(word) {
        return Some(hint);
    }
    let hint = match word {
        "print" | "debug" => "a call has parentheses: print(x)",
        "use" => IMPORT,
        "await" | "async" => "leave it out: every call is waited for",
        "new" => "there are no classes: a map is written #{ a: 1 }",
        "===" => "write ==",
        "!==" => "write !=",
        "..." if row.contains("[..., ") || row.contains(", ...]") => {
            "of the last dimension, x.narrow(-1, 0, 1) takes a part"
        }
        "..." if row.contains("[...") || row.contains(", ...") || row.contains("(...") => {
            "arrays are joined by +: a + [3]; maps as well, where the right one wins"
        }
        "~" => {
            "write !x for a bool, 1 - x or where(…) for a tensor of 0 and 1; bits are turned by ^ -1"
        }
        "++" | "--" => "write x += 1",
        "?" => "write if c { a } else { b }: it has a value",
        "->" => "functions name no types: fn f(x) { … }",
        "@" => "write a.matmul(b)",
        ":=" => "write let x = 1",
        "with" => "there is no with: no_grad(|| …) computes without gradients",
        "..." => "a range is written 1..3; of another dimension than the first, x.narrow(1, 0, 3)",
        _ if what.contains("keyword") => KEPT,
        _ => return None,
    };
    Some(hint.to_string())
}

/// A key without its value, as in Rust and JavaScript; `rest` begins behind the key.
pub(super) fn shorthand(problem: &str, rest: &str) -> Option<String> {
    let key = problem.strip_prefix("expecting ':' to follow the property '")?.split('\'').next()?;
    rest.starts_with([',', '}']).then(|| format!("each key has its value: {key}: {key}"))
}

/// A place at which the text cannot be read, where the compiler's own words say enough; `rest` begins there.
pub(super) fn problem(problem: &str, row: &str, rest: &str) -> Option<&'static str> {
    let (row, comma) = (row.trim(), rest.trim_start().starts_with(','));
    let letter = problem.strip_prefix("unexpected '").and_then(|rest| rest.chars().next());
    if row.contains(['\u{a0}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}', '\u{feff}']) {
        return Some(
            "a sign that cannot be seen stands in this line (U+00A0, U+200B or the like): write it anew",
        );
    }
    if letter.is_some_and(|letter| letter.is_alphabetic() && !letter.is_ascii()) {
        return Some(LETTERS);
    }
    if letter.is_some_and(|letter| "“”„‘’«»".contains(letter)) {
        return Some("texts are written with straight \"double quotes\"");
    }
    if problem.contains("in this switch case") {
        return Some("write switch x { 1 => a, _ => b }");
    }
    if problem.starts_with("expecting body statement block") {
        return Some("a function's body stands in brackets: fn f(x) { x + 1 }");
    }
    if problem.starts_with("expecting 'catch'") {
        return Some("write try { … } catch (error) { … }");
    }
    if problem.starts_with("expecting 'in'") && row.contains(" of ") {
        return Some("write for x in array { … }");
    }
    if problem == "expecting name of a variable" && row.starts_with("for (") {
        return Some("write for i in 0..3 { … }");
    }
    if problem.contains("arguments list of function call") && rest.starts_with('[') {
        return Some("an array is written [1, 2]");
    }
    if problem.contains("index expression") && comma {
        return Some(
            "one index at a time: x[0][1]; a part of another dimension than the first is x.narrow(1, 0, 3)",
        );
    }
    if comma && row.starts_with("let ") && problem.contains("';'") {
        return Some("one let for each name: let a = …; let b = …;");
    }
    if comma && row.starts_with("for ") {
        return Some("the index stands second, in parentheses: for (x, index) in array { … }");
    }
    if comma && problem.contains("matching ( in this expression") {
        return Some("there are no tuples: a list is written [a, b]");
    }
    if problem == "expecting literal expression" && row.contains("case ") {
        return Some("write switch x { 1 => a, _ => b }");
    }
    None
}

/// What a statement that lacks its block was meant to be.
pub(super) fn block(problem: &str) -> Option<&'static str> {
    problem
        .starts_with("expecting '{'")
        .then_some("a block is written with brackets: if x == 1 { … }")
}

/// A row at which the text cannot be read: what was meant by it. `rest` is what stands from the place on.
pub(super) fn row(row: &str, rest: &str) -> Option<String> {
    let (row, rest) = (row.trim(), rest.trim_start());
    let begins = |word: &str| row.starts_with(word);
    // Whether the place is in a body that begins in this row.
    let within = row.strip_suffix(rest).is_some_and(|head| head.contains('{'));
    // What stands behind the name at the place.
    let after = rest.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_').trim_start();
    let is_block = ["if ", "for ", "while ", "else", "elif ", "with ", "try", "class "];
    let hint = if begins("def ") || begins("async def ") {
        "functions are written fn name(a, b) { … }"
    } else if begins("class ") {
        "there are no classes: a network is nn::network(#{ parts }, Fn(\"forward\"))"
    } else if begins("for ") && after.starts_with(':') && !after.starts_with("::") {
        "a range is written 0..10"
    } else if begins("from ") || begins("import ") && !row.contains('"') {
        IMPORT
    } else if begins("with ") {
        "there is no with: no_grad(|| …) computes without gradients"
    } else if begins("elif ") || row.contains("} elif ") {
        "write else if"
    } else if is_block.iter().any(|word| begins(word)) && row.ends_with(':') {
        "a block is written with brackets: for x in y { … }"
    } else if begins("#") && !begins("#{") {
        "comments begin with //"
    } else if begins("@") {
        "there are no decorators: no_grad(|| …) computes without gradients"
    } else if ["?;", "?,", "?.", "?)"].iter().any(|own| rest.starts_with(own)) {
        "leave the ? out: an error ends the run, or is caught: try { … } catch (error) { … }"
    } else if rest.starts_with('?') || rest.starts_with("if ") && rest.contains(" else ") {
        "write if c { a } else { b }: it has a value"
    } else if begins("let ") && rest.starts_with(':') && row.contains("= {") {
        "a map is written #{ a: 1 }"
    } else if rest.starts_with(':') && (row.contains("({") || row.contains(", {")) {
        "a map is written #{ key: value }"
    } else if begins("let ") && rest.starts_with(':') && !row.contains('[') {
        "variables name no types: let x = 1"
    } else if after.starts_with(":=") || rest.starts_with(":=") {
        "write let x = 1; in a line before"
    } else if after.starts_with("(*") && !begins("fn ") {
        "arguments are not unpacked: name each one"
    } else if row.contains(") =>") && !row.contains("switch") {
        "a closure is written |x| x + 1"
    } else if begins("fn ") && row.contains("(*") {
        "parameters have no stars: take a map of options as the last one"
    } else if rest.starts_with("is ") {
        "write =="
    } else if rest.starts_with(':') && row.contains("[:") {
        "a range is written 1..3: t[1..3]; of another dimension than the first, t.narrow(1, 0, 3)"
    } else if begins("let (") || begins("let [") {
        "one let for each name: let a = …; let b = …;"
    } else if begins("let mut ") {
        "every let can be changed: write let without mut"
    } else if begins("fn ") && (rest.starts_with('=') || rest.starts_with(':')) && !within {
        "parameters have no defaults and no types: take a map of options as the last one"
    } else if rest.starts_with('=') && !rest.starts_with("==")
        || row.contains('(') && assigns(after) && !begins("fn ")
    {
        "options are given in a map: f(x, #{ name: value }); == compares"
    } else if after.starts_with(':') && !after.starts_with("::") && row.contains("{ ") {
        "a map is written #{ key: value }"
    } else if rest.starts_with(':') && row.contains('[') {
        "a range is written 1..3: t[1..3]"
    } else if rest.starts_with(':') && row.contains('{') {
        "a map is written #{ key: value }"
    } else if row.contains(" lambda ") || row.contains("(lambda ") {
        "a closure is written |x| x + 1"
    } else if row.contains(" and ") || row.contains(" or ") || row.contains(" not ") {
        "write && for and, || for or, ! for not"
    } else if row.contains("f\"") || row.contains("f'") {
        "a text with values is written with back-ticks: `loss ${x}`"
    } else if row.contains("++") || row.contains("--") {
        "write x += 1"
    } else if row.contains(" if ") && row.contains(" else ") && !row.contains('{') {
        "write if c { a } else { b }: it has a value"
    } else if rest.starts_with('\'') || row.contains('\'') {
        "texts are written with \"double quotes\""
    } else if row.contains("->") {
        "functions name no types: fn f(x) { … }"
    } else {
        return None;
    };
    Some(hint.to_string())
}
