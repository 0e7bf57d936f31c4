//! The paths in a stream of tokens: what a macro holds need not be Rust.

use crate::names::{self, Space, Written};
use crate::tree;
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A run of names with `::` between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) path: Written,
    /// The space that its last name is in, as far as what follows tells.
    pub(crate) space: Space,
    /// It goes on with a variable of the macro, so that nobody can tell where it leads.
    pub(crate) is_open: bool,
}

/// Finds all paths, in groups too.
///
/// A single name counts only if it is called, ends in `!`, or begins with an upper-case letter: any other
/// is more likely a variable or a field.
pub(crate) fn paths(tokens: &TokenStream) -> Vec<Found> {
    let mut found = Vec::new();
    scan(tokens, None, &mut found);
    found
}

/// Scans `tokens`; the names at the head of a group in a `use` go on from `before`.
fn scan(tokens: &TokenStream, before: Option<&Written>, found: &mut Vec<Found>) {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            TokenTree::Group(group) => {
                scan(&group.stream(), None, found);
                at += 1;
            }
            TokenTree::Ident(_) => at = run(&tokens, at, before, found),
            TokenTree::Punct(_) | TokenTree::Literal(_) => at += 1,
        }
    }
}

/// Reads one path that begins at `start`, and tells where it ends.
fn run(
    tokens: &[TokenTree],
    start: usize,
    before: Option<&Written>,
    found: &mut Vec<Found>,
) -> usize {
    let mut segments = Vec::new();
    let mut at = start;
    while let Some(TokenTree::Ident(name)) = tokens.get(at) {
        segments.push(names::text(name));
        if !is_colons(tokens, at + 1) || !matches!(tokens.get(at + 3), Some(TokenTree::Ident(_))) {
            break;
        }
        at += 3;
    }
    let mut next = at + 1;
    let previous = |back: usize| start.checked_sub(back).map(|index| &tokens[index]);
    let is_variable = is_mark(previous(1), '$') && segments[0] != "crate";
    let is_field = is_mark(previous(1), '.') && !is_mark(previous(2), '.');
    let is_lifetime = is_mark(previous(1), '\'');
    if is_variable || is_field || is_lifetime {
        return next;
    }
    let mut path = Written {
        segments,
        line: tree::line(tokens[start].span()),
        global: start >= 2 && is_colons(tokens, start - 2),
    };
    if let Some(before) = before {
        path = before.then(&path.segments);
    }
    let mut is_open = false;
    if is_colons(tokens, next) {
        match tokens.get(next + 2) {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                scan(&group.stream(), Some(&path), found);
                return next + 3;
            }
            Some(TokenTree::Punct(mark)) if mark.as_char() == '$' => is_open = true,
            Some(TokenTree::Punct(mark)) if mark.as_char() == '*' => next += 3,
            _ => {}
        }
    }
    let calls = matches!(tokens.get(next), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis);
    let is_macro = is_mark(tokens.get(next), '!') && !is_mark(tokens.get(next + 1), '=');
    let is_upper = path.segments[0].starts_with(char::is_uppercase);
    if path.segments.len() > 1 || calls || is_macro || is_upper || is_open {
        let space = if is_macro { Space::Macros } else { Space::Any };
        found.push(Found {
            path,
            space,
            is_open,
        });
    }
    next
}

fn is_mark(token: Option<&TokenTree>, mark: char) -> bool {
    matches!(token, Some(TokenTree::Punct(found)) if found.as_char() == mark)
}

fn is_colons(tokens: &[TokenTree], at: usize) -> bool {
    is_mark(tokens.get(at), ':') && is_mark(tokens.get(at + 1), ':')
}
