// Starts `still lsp` when a recipe is opened.

const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

function activate(context) {
    const command = vscode.workspace.getConfiguration("stillroom").get("path", "still");
    const server = { command, args: ["lsp"] };
    const watched = vscode.workspace.createFileSystemWatcher("**/*.rhai");
    context.subscriptions.push(watched);
    client = new LanguageClient("stillroom", "Stillroom", server, {
        documentSelector: [{ language: "rhai" }],
        synchronize: { fileEvents: watched },
    });
    return client.start();
}

function deactivate() {
    return client ? client.stop() : undefined;
}

module.exports = { activate, deactivate };
