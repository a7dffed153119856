//! Options that a function does not know, where they stand in the call itself.

use super::{Read, name_of};
use crate::error::Error;
use crate::script::{keys_of, unknown_option};
use rhai::{ASTNode, Expr, FnCallExpr, Stmt, Token};

/// Networks of a recipe's own may take maps that are no options.
const OF_NETWORKS: [&str; 4] = ["forward", "run", "attend", "step"];

/// Every unknown key of a map that is given to a function of ours.
pub(super) fn unknown_keys(read: &Read) -> Vec<Error> {
    let mut found = Vec::new();
    read.ast.walk(&mut |path: &[ASTNode]| {
        if let Some(ASTNode::Expr(Expr::FnCall(call, _)) | ASTNode::Stmt(Stmt::FnCall(call, _))) =
            path.last()
        {
            keys_of_call(read, call, &mut found);
        }
        true
    });
    found
}

fn keys_of_call(read: &Read, call: &FnCallExpr, found: &mut Vec<Error>) {
    let name = name_of(call);
    let own = read.ast.iter_functions().any(|function| function.name == name);
    if own || OF_NETWORKS.contains(&name.as_str()) {
        return;
    }
    let Some(known) = keys_of(&name) else { return };
    // `train(#{ … }, options)`: what stands elsewhere is no map of options.
    let is_options = |place: &usize| read.signatures.has_options_at(&name, call.args.len(), *place);
    for (_, argument) in call.args.iter().enumerate().filter(|(place, _)| is_options(place)) {
        let mut maps = Vec::new();
        literals(argument, &mut maps);
        for key in maps.into_iter().flatten() {
            if !known.contains(&key.name.as_str()) {
                let error = unknown_option(&name, &key.name, &known);
                found.push(read.placed(error, key.pos));
            }
        }
    }
}

/// Keys of the maps that an argument is, or is put together from: `common + #{ … }`.
fn literals<'a>(argument: &'a Expr, maps: &mut Vec<Vec<&'a rhai::Ident>>) {
    match argument {
        Expr::Map(entries, _) => maps.push(entries.0.iter().map(|(key, _)| key).collect()),
        Expr::FnCall(call, _) if call.op_token == Some(Token::Plus) => {
            call.args.iter().for_each(|side| literals(side, maps));
        }
        _ => {}
    }
}
