//! Errors that a script catches: `catch (e)` gets those of the language as a map, which reads as a sentence.

use super::diagnose::word;
use super::raise::Raw;
use rhai::{Dynamic, ImmutableString, Map, NativeCallContext};

/// The words of an error of the language, where the map is one.
fn words(map: &Map) -> Option<String> {
    let text = |key: &str| map.get(key)?.clone().into_string().ok();
    let kind = text("error").filter(|kind| kind.starts_with("Error"))?;
    let message = text("message")?;
    let told = match (kind.as_str(), text("function"), text("variable")) {
        ("ErrorFunctionNotFound", Some(form), _) => {
            let (name, types) = form.split_once(" (").unwrap_or((&form, ""));
            let types: Vec<&str> = types.trim_end_matches(')').split(", ").map(word).collect();
            format!("{name}: there is no such function for ({})", types.join(", "))
        }
        ("ErrorVariableNotFound", _, Some(name)) => {
            format!("{name}: this name is not defined here")
        }
        _ => {
            let mut letters = message.chars();
            letters
                .next()
                .map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
        }
    };
    Some(told)
}

fn shown(call: &NativeCallContext, map: &mut Map) -> Raw<ImmutableString> {
    if let Some(words) = words(map) {
        return Ok(words.into());
    }
    // As Rhai itself writes a map.
    let mut parts = Vec::with_capacity(map.len());
    for (key, value) in map.iter_mut() {
        let text: Raw<Dynamic> = call.call_native_fn("to_debug", (value.clone(),));
        let text = text.map_or_else(|_| format!("{value:?}"), |text| text.to_string());
        parts.push(format!("{key:?}: {text}"));
    }
    Ok(format!("#{{{}}}", parts.join(", ")).into())
}

/// Before Rhai's own functions for maps.
#[rhai::export_module]
pub(super) mod bindings {
    use super::{Map, NativeCallContext, Raw, shown};
    use rhai::ImmutableString;

    /// A map as text; of an error that was caught, what it says.
    ///
    /// ```rhai
    /// let told = "";
    /// try { [1, 2][7]; } catch (e) { told = e.to_string(); }
    /// told.contains("only 2 elements") && #{ a: 1 }.to_string() == `#{"a": 1}`
    /// ```
    #[rhai_fn(name = "to_string", name = "print", pure, return_raw)]
    pub fn map_text(call: NativeCallContext, map: &mut Map) -> Raw<ImmutableString> {
        shown(&call, map)
    }
}
