//! The forms of the function that is being called, and which parameter is being written.

use super::about;
use super::document::Document;
use super::kinds::{is_useful, receiver};
use super::world::World;
use crate::script::catalogue::Form;
use crate::script::names::{Binding, Role};
use crate::train::StageKind;
use lsp_types::{
    Documentation, MarkupContent, MarkupKind, ParameterInformation, ParameterLabel, SignatureHelp,
    SignatureInformation,
};
use std::rc::Rc;

pub(super) fn help(world: &World, document: &Rc<Document>, offset: usize) -> Option<SignatureHelp> {
    let names = document.names();
    if names.in_comment(offset) || names.text_at(offset).is_some_and(|(_, end)| offset < end) {
        return None;
    }
    let call = names.calls().get(names.call_at(offset)?)?;
    // A map is an argument of its own, whose commas are none of the call's.
    let argument = call.argument(offset);
    let word = names.at(call.span.start)?;
    let target = match word.role {
        // While arguments are still to come, their number fits no function yet.
        Role::Symbol(_) | Role::Member { import: Some(_), .. } | Role::Called => {
            world.target(document, call.span.start)
        }
        _ => None,
    };
    if let Some(target) = target {
        let theirs = target.document.names();
        let own = theirs.symbol(target.index).filter(|one| one.binding == Binding::Function)?;
        let alike: Vec<_> = theirs.functions().filter(|(_, one)| one.name == own.name).collect();
        let forms = alike.iter().map(|(_, one)| {
            let label = format!("{}({})", call.full_name(), one.parameters.join(", "));
            information(label, &one.parameters, &one.doc)
        });
        let active = alike.iter().position(|(_, one)| one.parameters.len() > argument);
        return Some(finished(forms.collect(), active, argument));
    }
    let forms = world.catalogue.named(&call.full_name());
    let mut forms: Vec<&Form> = forms.into_iter().filter(|form| is_useful(form)).collect();
    if call.method {
        let before = names.text().get(..call.span.start)?.trim_end();
        let point = before.trim_end_matches(['.', '?']).len();
        let kind = super::kinds::before_point(world, &names, point);
        let own = |form: &&Form| kind.is_none() || receiver(form) == kind.as_deref();
        let fitting: Vec<&Form> = forms.iter().copied().filter(own).collect();
        if !fitting.is_empty() {
            forms = fitting;
        }
    }
    forms.dedup_by_key(|form| about::signature(form));
    if !call.method && StageKind::of_operation(&call.name).is_some() {
        // `net.train()` is a method of the same name.
        forms.sort_by_key(|form| !form.parameters.iter().any(|one| one.name == "options"));
    }
    let skipped = usize::from(call.method);
    let label = |form: &&Form| {
        let parameters: Vec<String> = about::parameters(form).into_iter().skip(skipped).collect();
        let whole = about::signature(form);
        let gives = whole.rsplit_once(") -> ").map(|(_, kind)| format!(" -> {kind}"));
        let written = format!("{}({})", call.full_name(), parameters.join(", "));
        information(written + gives.as_deref().unwrap_or_default(), &parameters, &form.doc)
    };
    let active =
        forms.iter().position(|form| form.parameters.len().saturating_sub(skipped) > argument);
    let all: Vec<SignatureInformation> = forms.iter().map(label).collect();
    (!all.is_empty()).then(|| finished(all, active, argument))
}

fn information(label: String, parameters: &[String], doc: &str) -> SignatureInformation {
    let parameters = parameters.iter().map(|one| ParameterInformation {
        label: ParameterLabel::Simple(one.clone()),
        documentation: None,
    });
    let doc = (!doc.is_empty()).then(|| {
        Documentation::MarkupContent(MarkupContent {
            kind: MarkupKind::Markdown,
            value: doc.to_string(),
        })
    });
    SignatureInformation {
        label,
        documentation: doc,
        parameters: Some(parameters.collect()),
        active_parameter: None,
    }
}

fn finished(
    signatures: Vec<SignatureInformation>,
    active: Option<usize>,
    argument: usize,
) -> SignatureHelp {
    let last = signatures.len().saturating_sub(1);
    SignatureHelp {
        signatures,
        active_signature: Some(active.unwrap_or(last) as u32),
        active_parameter: Some(argument as u32),
    }
}
