//! Requests about texts that are open, one by one.

use super::complete::complete;
use super::document::Document;
use super::hover::hover;
use super::navigate::{definition, folds, highlights, outline, references};
use super::rename::{prepare, rename};
use super::signature::help;
use super::world::World;
use lsp_server::{ErrorCode, Request};
use lsp_types::{
    DocumentSymbolParams, FoldingRangeParams, Position, ReferenceParams, RenameParams,
    TextDocumentPositionParams, Uri,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::rc::Rc;

/// Why a request is refused.
pub(super) struct Failure {
    pub code: ErrorCode,
    pub message: String,
}

impl Failure {
    pub fn new(code: ErrorCode, message: &str) -> Self {
        Failure { code, message: message.to_string() }
    }

    fn refused(message: String) -> Self {
        Failure { code: ErrorCode::RequestFailed, message }
    }
}

type Answer = Result<Value, Failure>;

/// The answer to a request. What an editor says besides the place, such as how it came to ask, changes nothing, and
/// need not be well formed.
pub(super) fn answer(world: &World, snippets: bool, request: Request) -> Answer {
    let params = request.params;
    match request.method.as_str() {
        "textDocument/hover" => {
            let place: TextDocumentPositionParams = read(params)?;
            at(world, &place, |document, offset| value(hover(world, document, offset)))
        }
        "textDocument/completion" => {
            let place: TextDocumentPositionParams = read(params)?;
            at(world, &place, |document, offset| value(complete(world, document, offset, snippets)))
        }
        "textDocument/signatureHelp" => {
            let place: TextDocumentPositionParams = read(params)?;
            at(world, &place, |document, offset| value(help(world, document, offset)))
        }
        "textDocument/definition" => {
            let place: TextDocumentPositionParams = read(params)?;
            at(world, &place, |document, offset| value(definition(world, document, offset)))
        }
        "textDocument/references" => {
            let params: ReferenceParams = read(params)?;
            let own = params.context.include_declaration;
            at(world, &params.text_document_position, |document, offset| {
                value(references(world, document, offset, own))
            })
        }
        "textDocument/documentHighlight" => {
            let place: TextDocumentPositionParams = read(params)?;
            at(world, &place, |document, offset| value(highlights(document, offset)))
        }
        "textDocument/prepareRename" => {
            let params: TextDocumentPositionParams = read(params)?;
            at(world, &params, |document, offset| {
                value(prepare(world, document, offset).map_err(Failure::refused)?)
            })
        }
        "textDocument/rename" => {
            let params: RenameParams = read(params)?;
            at(world, &params.text_document_position, |document, offset| {
                let edits = rename(world, document, offset, params.new_name.trim());
                value(edits.map_err(Failure::refused)?)
            })
        }
        "textDocument/documentSymbol" => {
            let params: DocumentSymbolParams = read(params)?;
            value(outline(&*open(world, &params.text_document.uri)?))
        }
        "textDocument/foldingRange" => {
            let params: FoldingRangeParams = read(params)?;
            value(folds(&*open(world, &params.text_document.uri)?))
        }
        other => {
            let message = format!("'{other}' is not known here");
            Err(Failure { code: ErrorCode::MethodNotFound, message })
        }
    }
}

fn read<T: DeserializeOwned>(params: Value) -> Result<T, Failure> {
    serde_json::from_value(params)
        .map_err(|cause| Failure::new(ErrorCode::InvalidParams, &cause.to_string()))
}

fn value(result: impl Serialize) -> Answer {
    serde_json::to_value(result)
        .map_err(|cause| Failure::new(ErrorCode::InternalError, &cause.to_string()))
}

fn open(world: &World, uri: &Uri) -> Result<Rc<Document>, Failure> {
    let message = format!("{} is not open", uri.as_str());
    world.get(uri).ok_or(Failure { code: ErrorCode::InvalidParams, message })
}

fn at(
    world: &World,
    place: &TextDocumentPositionParams,
    act: impl FnOnce(&Rc<Document>, usize) -> Answer,
) -> Answer {
    let document = open(world, &place.text_document.uri)?;
    let position: Position = place.position;
    let offset = document.offset(position);
    act(&document, offset)
}
