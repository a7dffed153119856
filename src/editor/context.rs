//! Which function's options a map holds.

use super::about;
use super::world::World;
use crate::script::OptionKey;
use crate::script::names::{Call, Names, Role};

/// The function whose options a map holds, or the path to a map within them, and the keys that it knows.
pub(super) fn options_at(
    world: &World,
    names: &Names,
    literal: usize,
) -> Option<(String, Vec<OptionKey>)> {
    let path = path_of(world, names, literal, 4)?;
    Some((path.clone(), about::options(world, &path)?))
}

fn path_of(world: &World, names: &Names, literal: usize, further: usize) -> Option<String> {
    let map = names.literals().get(literal)?;
    if let Some(call) = map.call.and_then(|call| names.calls().get(call)) {
        return Some(of_call(names, call));
    }
    if let Some((outer, key)) = &map.under {
        let outer = path_of(world, names, *outer, further.checked_sub(1)?)?;
        return Some(format!("{outer}.{key}"));
    }
    // `let common = #{ … }`: what it is handed to later on tells what it holds.
    let variable = map.variable?;
    let uses = names.uses().iter().filter(|one| one.role == Role::Symbol(variable));
    uses.skip(1).find_map(|one| {
        let call = names.calls().get(names.call_at(one.span.start)?)?;
        let path = of_call(names, call);
        about::options(world, &path).map(|_| path)
    })
}

fn of_call(names: &Names, call: &Call) -> String {
    let name = call.full_name();
    // Which options there are depends on the initialiser that is named.
    if name != "init" {
        return name;
    }
    let start = call.commas.first().copied().unwrap_or(call.open) + 1;
    let argument = names.text().get(start..call.close).unwrap_or_default().trim_start();
    let named = argument.strip_prefix('"').and_then(|rest| rest.split('"').next());
    named.map_or(name, |named| format!("init \"{named}\""))
}
