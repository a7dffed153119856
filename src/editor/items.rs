//! Proposals, each name once.

use super::about;
use super::kinds::{given, receiver};
use crate::script::Hook;
use crate::script::catalogue::Form;
use crate::script::names::{Names, Symbol};
use crate::train::StageKind;
use lsp_types::{
    CompletionItem, CompletionItemKind, CompletionTextEdit, Documentation, InsertTextFormat,
    MarkupContent, MarkupKind, Range, TextEdit,
};
use std::collections::HashMap;

/// Words of the language, with what usually follows.
const KEYWORDS: [(&str, &str, bool); 20] = [
    ("let", "let ${1:name} = $0;", false),
    ("const", "const ${1:NAME} = $0;", false),
    ("fn", "fn ${1:name}($2) {\n    $0\n}", true),
    ("private", "private fn ${1:name}($2) {\n    $0\n}", true),
    ("import", "import \"$1\" as ${2:name};", false),
    ("if", "if $1 {\n    $0\n}", false),
    ("else", "else {\n    $0\n}", false),
    ("for", "for ${1:x} in $2 {\n    $0\n}", false),
    ("while", "while $1 {\n    $0\n}", false),
    ("loop", "loop {\n    $0\n}", false),
    ("switch", "switch $1 {\n    $0\n}", false),
    ("try", "try {\n    $1\n} catch (${2:error}) {\n    $0\n}", false),
    ("return", "return $0;", false),
    ("throw", "throw $0;", false),
    ("break", "break", false),
    ("continue", "continue", false),
    ("true", "true", false),
    ("false", "false", false),
    ("this", "this", false),
    ("Fn", "Fn(\"$1\")", false),
];

pub(super) struct Items {
    found: Vec<CompletionItem>,
    places: HashMap<String, usize>,
    snippets: bool,
    /// Whether a parenthesis follows already.
    called: bool,
}

impl Items {
    pub fn new(snippets: bool, called: bool) -> Self {
        Items { found: Vec::new(), places: HashMap::new(), snippets, called }
    }

    pub fn finish(self) -> Vec<CompletionItem> {
        self.found
    }

    fn push(&mut self, item: CompletionItem) {
        if !self.places.contains_key(&item.label) {
            self.places.insert(item.label.clone(), self.found.len());
            self.found.push(item);
        }
    }

    /// Adds a name; those of a lower rank stand first.
    pub fn add(
        &mut self,
        name: &str,
        kind: CompletionItemKind,
        detail: &str,
        doc: Option<String>,
        rank: usize,
    ) {
        self.push(CompletionItem {
            label: name.to_string(),
            kind: Some(kind),
            detail: (!detail.is_empty()).then(|| detail.to_string()),
            documentation: doc.map(markdown),
            sort_text: Some(format!("{rank}{name}")),
            ..CompletionItem::default()
        });
    }

    /// Adds something that inserts more than its name.
    fn inserting(&mut self, name: &str, snippet: String, as_snippet: bool) {
        if let Some(item) = self.places.get(name).and_then(|at| self.found.get_mut(*at)) {
            item.insert_text = Some(snippet);
            if as_snippet {
                item.insert_text_format = Some(InsertTextFormat::SNIPPET);
            }
        }
    }

    /// What is proposed stands in the place of all that is written there.
    pub fn instead_of(&mut self, range: Range) {
        for item in &mut self.found {
            let edit = TextEdit { range, new_text: item.label.clone() };
            item.text_edit = Some(CompletionTextEdit::Edit(edit));
        }
    }

    fn call(&mut self, name: &str, parameters: bool) {
        if self.snippets && !self.called {
            let inner = if parameters { "$1" } else { "" };
            self.inserting(name, format!("{name}({inner})$0"), true);
        }
    }

    /// Adds a function of the recipe or of an import.
    pub fn function(&mut self, symbol: &Symbol) {
        let detail = format!("({})", symbol.parameters.join(", "));
        let doc = about::function(symbol);
        self.add(&symbol.name, CompletionItemKind::FUNCTION, &detail, Some(doc), 0);
        self.call(&symbol.name, !symbol.parameters.is_empty());
    }

    /// Adds functions of ours, one proposal for all forms of a name.
    pub fn forms(&mut self, forms: &[&Form], rank: usize) {
        self.grouped(forms, rank, false);
    }

    /// Adds what can follow a point.
    pub fn methods(&mut self, forms: &[&Form]) {
        self.grouped(forms, 0, true);
    }

    fn grouped(&mut self, forms: &[&Form], rank: usize, behind_point: bool) {
        let mut names: Vec<&str> = forms.iter().map(|form| form.name.as_str()).collect();
        names.dedup();
        for name in names {
            let own: Vec<&Form> = forms.iter().copied().filter(|form| form.name == name).collect();
            let Some(first) = own.first() else { continue };
            let doc = about::native(&own, None);
            if let Some(property) = first.property() {
                let detail = given(first);
                self.add(property, CompletionItemKind::PROPERTY, detail, doc, rank);
                continue;
            }
            let skipped = usize::from(behind_point);
            let parameters: Vec<String> =
                about::parameters(first).into_iter().skip(skipped).collect();
            let more = if own.len() > 1 { format!(" +{}", own.len() - 1) } else { String::new() };
            let owner = receiver(first).filter(|_| behind_point).unwrap_or_default();
            let detail = format!("({}) {}{more} {owner}", parameters.join(", "), arrow(first));
            let kind = match behind_point {
                true => CompletionItemKind::METHOD,
                false => CompletionItemKind::FUNCTION,
            };
            let takes = own.iter().any(|form| form.parameters.len() > skipped);
            self.add(name, kind, detail.trim(), doc, rank);
            self.call(name, takes);
        }
    }

    /// Adds a key of a map of options.
    pub fn key(&mut self, name: &str, insert: &str, about: &str, doc: String, rank: usize) {
        self.add(name, CompletionItemKind::PROPERTY, about, Some(doc), rank);
        self.inserting(name, insert.to_string(), false);
    }

    /// Adds a piece of code with places to fill in; the bare name where the editor knows none.
    fn snippet(&mut self, name: &str, text: &str, detail: &str, doc: Option<String>, rank: usize) {
        let kind = match detail {
            "" => CompletionItemKind::KEYWORD,
            _ => CompletionItemKind::SNIPPET,
        };
        self.add(name, kind, detail, doc, rank);
        if self.snippets {
            self.inserting(name, text.to_string(), true);
        } else if !detail.is_empty() {
            self.inserting(name, plain(text), false);
        }
    }
}

/// A snippet without its marks.
fn plain(snippet: &str) -> String {
    let text = snippet.replace("$0", "");
    let mut parts = text.split("${");
    let mut whole = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let (inner, rest) = part.split_once('}').unwrap_or((part, ""));
        whole.push_str(inner.split_once(':').map_or("", |(_, name)| name));
        whole.push_str(rest);
    }
    whole
}

fn arrow(form: &Form) -> String {
    match given(form) {
        "nothing" => String::new(),
        kind => format!("-> {kind}"),
    }
}

fn markdown(value: String) -> Documentation {
    Documentation::MarkupContent(MarkupContent { kind: MarkupKind::Markdown, value })
}

/// Words of the language.
pub(super) fn keyword_items(items: &mut Items, top: bool) {
    for (word, snippet, only_top) in KEYWORDS {
        if top || !only_top {
            items.snippet(word, snippet, "", None, 4);
        }
    }
}

/// Hooks that the recipe does not have yet, with their parameters.
pub(super) fn hooks(names: &Names, behind_fn: bool, items: &mut Items) {
    let distills = names.calls().iter().any(|call| call.name == "distill");
    let kind = if distills { StageKind::Distill } else { StageKind::Train };
    for hook in Hook::ALL.into_iter().filter(|hook| hook.is_found_by_name()) {
        let name = hook.name();
        if names.functions().any(|(_, own)| own.name == name) {
            continue;
        }
        let parameters = hook.parameters(kind).join(", ");
        let body = match hook {
            Hook::Loss if distills => "kd::cmkd(student, teacher, target, ${1:0.5}, ${2:1.0})$0",
            Hook::Loss => "cross_entropy(student, target)$0",
            Hook::Lambda => "${1:0.5}$0",
            Hook::Tau => "schedule::linear(ctx.epoch, ${1:0}, ${2:10}, ${3:4.0}, ${4:1.0})$0",
            Hook::Lr => "schedule::cosine(ctx.progress, ${1:0}, ${2:1}, ${3:1e-3}, ${4:0})$0",
            _ => "$0",
        };
        if items.called {
            // Its parameters stand there already.
            items.add(name, CompletionItemKind::FUNCTION, &format!("hook ({parameters})"), None, 1);
            continue;
        }
        let head = if behind_fn { "" } else { "fn " };
        let text = format!("{head}{name}({parameters}) {{\n    {body}\n}}");
        let doc = about::about_hook(hook, true);
        let detail = format!("hook ({parameters})");
        items.snippet(name, &text, &detail, Some(doc), 1);
    }
}
