//! From a use to where its name is bound, and back; what a file holds.

use super::document::Document;
use super::world::World;
use crate::script::names::{Binding, Role, Symbol};
use lsp_types::{
    DocumentHighlight, DocumentHighlightKind, DocumentSymbol, FoldingRange, FoldingRangeKind,
    Location, Position, Range, SymbolKind,
};
use std::rc::Rc;

/// Where the name at a byte is bound; of an import's path, and of its name, the file.
pub(super) fn definition(
    world: &World,
    document: &Rc<Document>,
    offset: usize,
) -> Option<Location> {
    let names = document.names();
    let start = Range { start: Position::new(0, 0), end: Position::new(0, 0) };
    if let Some((open, close)) = names.text_at(offset) {
        let before = names.text().get(..open)?.trim_end();
        if before.ends_with("import") {
            let path = names.text().get(open + 1..close - 1)?;
            let target = world.imported(document, path)?;
            return Some(Location { uri: target.uri.clone(), range: start });
        }
    }
    let target = world.target(document, offset)?;
    let theirs = target.document.names();
    let symbol = theirs.symbol(target.index)?;
    let here = Rc::ptr_eq(&target.document, document) && names.at(offset)?.span == symbol.span;
    if let (Binding::Import, Some(path), true) = (symbol.binding, &symbol.path, here) {
        let imported = world.imported(document, path)?;
        return Some(Location { uri: imported.uri.clone(), range: start });
    }
    let range = target.document.span(symbol.span);
    Some(Location { uri: target.document.uri.clone(), range })
}

pub(super) fn references(
    world: &World,
    document: &Rc<Document>,
    offset: usize,
    with_declaration: bool,
) -> Option<Vec<Location>> {
    let target = world.target(document, offset)?;
    let names = target.document.names();
    let bound: Vec<_> = names
        .alike(target.index)
        .into_iter()
        .filter_map(|index| names.symbol(index).map(|one| one.span))
        .collect();
    let all = world.references(&target).into_iter().filter(|(other, span)| {
        with_declaration || other.uri != target.document.uri || !bound.contains(span)
    });
    Some(
        all.map(|(other, span)| Location { uri: other.uri.clone(), range: other.span(span) })
            .collect(),
    )
}

/// The same within the file, for marking.
pub(super) fn highlights(document: &Rc<Document>, offset: usize) -> Option<Vec<DocumentHighlight>> {
    let names = document.names();
    let word = names.at(offset)?;
    let spans = match &word.role {
        Role::Symbol(index) => names.references(*index),
        Role::Member { .. } | Role::Called | Role::Method => {
            let text = names.text().get(word.span.start..word.span.end);
            let same =
                |span: &crate::script::names::Span| names.text().get(span.start..span.end) == text;
            let alike = names.uses().iter().filter(|one| {
                std::mem::discriminant(&one.role) == std::mem::discriminant(&word.role)
            });
            alike.map(|one| one.span).filter(same).collect()
        }
        _ => return None,
    };
    let marked = |span| DocumentHighlight {
        range: document.span(span),
        kind: Some(DocumentHighlightKind::TEXT),
    };
    Some(spans.into_iter().map(marked).collect())
}

#[allow(deprecated)] // `deprecated` is a field that must be written
fn outlined(document: &Document, symbol: &Symbol) -> DocumentSymbol {
    let kind = match symbol.binding {
        Binding::Function => SymbolKind::FUNCTION,
        Binding::Const => SymbolKind::CONSTANT,
        Binding::Import => SymbolKind::MODULE,
        _ => SymbolKind::VARIABLE,
    };
    let detail = match symbol.binding {
        Binding::Function => Some(format!("({})", symbol.parameters.join(", "))),
        Binding::Import => symbol.path.clone(),
        _ => None,
    };
    DocumentSymbol {
        name: symbol.name.clone(),
        detail,
        kind,
        tags: None,
        deprecated: None,
        range: document.range(symbol.extent.0, symbol.extent.1.max(symbol.span.end)),
        selection_range: document.span(symbol.span),
        children: None,
    }
}

/// Functions, variables of the top level, imports.
pub(super) fn outline(document: &Document) -> Vec<DocumentSymbol> {
    let names = document.names();
    let shown = |one: &&Symbol| {
        matches!(one.binding, Binding::Function | Binding::Import) || names.is_top_level_name(one)
    };
    let mut all: Vec<_> = names.symbols().iter().filter(shown).collect();
    all.sort_by_key(|one| one.span.start);
    all.into_iter().map(|one| outlined(document, one)).collect()
}

/// Functions, maps and calls of several lines, and runs of comments.
pub(super) fn folds(document: &Document) -> Vec<FoldingRange> {
    let names = document.names();
    let functions = names.functions().map(|(_, one)| (one.span.start, one.extent.1));
    let maps = names.literals().iter().map(|map| (map.open, map.close));
    let calls = names.calls().iter().map(|call| (call.open, call.close));
    let fold = |start: usize, end: usize, kind| {
        let (start, end) = (document.position(start).line, document.position(end).line);
        (start < end).then_some(FoldingRange {
            start_line: start,
            end_line: end,
            kind,
            ..FoldingRange::default()
        })
    };
    let code = functions.chain(maps).chain(calls);
    let mut found: Vec<FoldingRange> =
        code.filter_map(|(start, end)| fold(start, end, None)).collect();
    let (mut begun, mut bytes) = (None, 0usize);
    for line in names.text().split_inclusive('\n').chain([""]) {
        match (line.trim_start().starts_with("//"), begun) {
            (true, None) => begun = Some(bytes),
            (false, Some(start)) => {
                let end = bytes.saturating_sub(1);
                found.extend(fold(start, end, Some(FoldingRangeKind::Comment)));
                begun = None;
            }
            _ => {}
        }
        bytes += line.len();
    }
    found.sort_by_key(|one| (one.start_line, one.end_line));
    found.dedup_by_key(|one| (one.start_line, one.end_line));
    found
}
