//! `define`, `redefine`, `undefine`, `$name` and `include`: tokens in, tokens without them out.
//!
//! nft(8), sections *SYMBOLIC VARIABLES* and *INCLUDE FILES*. A definition is bound when it is made
//! and lives to the end of its block. Its tokens replace each use, in parentheses where an operator
//! in them could be torn apart by its new neighbours.
//! Invariant: the answer holds no `$` and ends with `End`; its length is bounded.

use rustc_hash::FxHashMap;

use super::Include;
use super::error::ReadError;
use super::lex::lex;
use super::token::{Kind, Sources, Token};

/// As deep as nft itself follows includes.
const MAX_INCLUDE_DEPTH: usize = 16;
/// What definitions and includes may add to the texts; a bound against definitions that double each other.
const MAX_ADDED_TOKENS: usize = 1 << 22;

/// Lexes the first source, follows its includes and replaces its variables.
pub(super) fn expand(sources: &mut Sources, first: u16, include: Include<'_>) -> Result<Vec<Token>, Vec<ReadError>> {
    let tokens = lex(sources, first).map_err(|error| vec![error])?;
    let end = end_token(sources, first, tokens.last().copied());
    let mut expander = Expander {
        out: Vec::with_capacity(tokens.len() + 1),
        sources,
        include,
        inputs: vec![Input { tokens, at: 0 }],
        scopes: vec![FxHashMap::default()],
        errors: Vec::new(),
        added: 0,
    };
    expander.run();
    expander.out.push(end);
    if expander.errors.is_empty() { Ok(expander.out) } else { Err(expander.errors) }
}

fn end_token(sources: &Sources, source: u16, last: Option<Token>) -> Token {
    let length = u32::try_from(sources.bytes(source).len()).unwrap_or(u32::MAX);
    let line = last.map_or(1, |token| token.line + u32::from(token.kind == Kind::Newline));
    Token { kind: Kind::End, source, start: length, end: length, line }
}

struct Input {
    tokens: Vec<Token>,
    at: usize,
}

struct Expander<'a> {
    sources: &'a mut Sources,
    include: Include<'a>,
    /// The file being read, below it those that include it.
    inputs: Vec<Input>,
    scopes: Vec<FxHashMap<Vec<u8>, Vec<Token>>>,
    out: Vec<Token>,
    errors: Vec<ReadError>,
    added: usize,
}

impl Expander<'_> {
    fn run(&mut self) {
        let mut starts_statement = true;
        while let Some(token) = self.next() {
            let text = self.sources.text(token);
            match (token.kind, text) {
                (Kind::Word, b"define" | b"redefine") if starts_statement => self.define(token),
                (Kind::Word, b"undefine") if starts_statement => self.undefine(token),
                (Kind::Word, b"include") if starts_statement => {
                    self.include(token);
                    // The included file starts with a statement of its own.
                    continue;
                }
                (Kind::Sign, b"$") => self.substitute(token),
                _ => {
                    match text {
                        b"{" if token.kind == Kind::Sign => self.scopes.push(FxHashMap::default()),
                        b"}" if token.kind == Kind::Sign && self.scopes.len() > 1 => drop(self.scopes.pop()),
                        _ => {}
                    }
                    starts_statement = token.kind == Kind::Newline
                        || matches!(token.kind, Kind::Comment { .. })
                        || (token.kind == Kind::Sign && matches!(text, b";" | b"{" | b"}"));
                    let kind = if self.holds_variable(token) { Kind::Stray } else { token.kind };
                    self.out.push(Token { kind, ..token });
                    continue;
                }
            }
            starts_statement = false;
        }
    }

    /// Whether a log prefix names a variable, which nft would replace; anywhere else a `$` in quotes is a `$`.
    fn holds_variable(&self, token: Token) -> bool {
        let follows = |last: &Token| last.kind == Kind::Word && self.sources.text(*last) == b"prefix";
        if token.kind != Kind::Text || !self.out.last().is_some_and(follows) {
            return false;
        }
        let in_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let mut pieces = self.sources.text(token).split(|byte| *byte == b'$').skip(1);
        pieces.any(|piece| {
            let length = piece.iter().take_while(|byte| in_name(byte)).count();
            piece.get(..length).is_some_and(|name| self.scopes.iter().any(|scope| scope.contains_key(name)))
        })
    }

    fn next(&mut self) -> Option<Token> {
        loop {
            let input = self.inputs.last_mut()?;
            match input.tokens.get(input.at) {
                Some(token) => {
                    input.at += 1;
                    return Some(*token);
                }
                None => drop(self.inputs.pop()),
            }
        }
    }

    fn peek(&self) -> Option<Token> {
        let input = self.inputs.last()?;
        input.tokens.get(input.at).copied()
    }

    fn take(&mut self, kind: Kind) -> Option<Token> {
        let token = self.peek().filter(|token| token.kind == kind)?;
        self.next();
        Some(token)
    }

    fn copy(&mut self) {
        let token = self.next();
        self.out.extend(token);
    }

    fn fail(&mut self, token: Token, message: impl Into<String>, help: &str) {
        self.errors.push(self.sources.error(token, message.into(), Some(help)));
    }

    fn define(&mut self, keyword: Token) {
        let name = self.take(Kind::Word).map(|name| self.sources.text(name).to_vec());
        let equals = self.take(Kind::Sign).is_some_and(|sign| self.sources.text(sign) == b"=");
        let (Some(name), true) = (name, equals) else {
            return self.fail(keyword, "definition without a name and a value", "write `define name = value`");
        };
        let value = self.value();
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name, value);
        }
    }

    /// The tokens up to the end of the statement, already expanded.
    fn value(&mut self) -> Vec<Token> {
        let start = self.out.len();
        let mut depth = 0_usize;
        while let Some(token) = self.peek() {
            let text = self.sources.text(token);
            match (token.kind, text) {
                (Kind::Newline, _) | (Kind::Sign, b";" | b"}" | b")") if depth == 0 => break,
                (Kind::Comment { .. } | Kind::Newline, _) => drop(self.next()),
                (Kind::Sign, b"$") => {
                    self.next();
                    self.substitute(token);
                }
                (Kind::Sign, b"{" | b"(") => {
                    depth += 1;
                    self.copy();
                }
                (Kind::Sign, b"}" | b")") => {
                    depth -= 1;
                    self.copy();
                }
                _ => self.copy(),
            }
        }
        self.out.split_off(start)
    }

    fn undefine(&mut self, keyword: Token) {
        let Some(name) = self.take(Kind::Word) else {
            return self.fail(keyword, "`undefine` without a name", "write `undefine name`");
        };
        let text = self.sources.text(name);
        if self.scopes.iter_mut().rev().find_map(|scope| scope.remove(text)).is_none() {
            self.fail(name, "this variable is not defined", "define it, or remove the line");
        }
    }

    fn substitute(&mut self, dollar: Token) {
        let Some(name) = self.take(Kind::Word) else {
            return self.fail(dollar, "`$` without a name", "write the name of a variable behind it");
        };
        let text = self.sources.text(name);
        let Some(value) = self.scopes.iter().rev().find_map(|scope| scope.get(text)) else {
            let message = format!("variable `{}` is not defined", String::from_utf8_lossy(text));
            return self.fail(name, message, "add `define name = value` above");
        };
        let before = self.added;
        self.added = before.saturating_add(value.len() + 2);
        if self.added > MAX_ADDED_TOKENS {
            if before <= MAX_ADDED_TOKENS {
                self.fail(name, "variables grow the ruleset beyond reason", "use a named set instead");
            }
            return;
        }
        let group = needs_group(self.sources, value);
        let [open, close] = Sources::parentheses(name.line);
        self.out.extend(group.then_some(open));
        self.out.extend(value);
        self.out.extend(group.then_some(close));
    }

    fn include(&mut self, keyword: Token) {
        let Some(path) = self.take(Kind::Text) else {
            return self.fail(keyword, "`include` without a quoted path", "write `include \"path\"`");
        };
        if self.inputs.len() > MAX_INCLUDE_DEPTH {
            return self.fail(path, "includes are nested too deeply", "look for a file that includes itself");
        }
        let name = String::from_utf8_lossy(self.sources.text(path)).into_owned();
        match (self.include)(&name) {
            Ok(files) => {
                for (name, text) in files.into_iter().rev() {
                    self.open(path, &name, text);
                }
            }
            Err(error) => self.fail(path, format!("cannot include: {error}"), "check the path"),
        }
    }

    fn open(&mut self, path: Token, name: &str, text: Vec<u8>) {
        self.added = self.added.saturating_add(text.len() / 2);
        if self.added > MAX_ADDED_TOKENS {
            return self.fail(
                path,
                "includes grow the ruleset beyond reason",
                "look for a file that is included twice",
            );
        }
        let Some(source) = self.sources.add(name, text) else {
            return self.fail(path, "too many or too long included files", "split the ruleset");
        };
        match lex(self.sources, source) {
            Ok(mut tokens) => {
                // A file need not end with a newline; what follows it is a new statement all the same.
                tokens.extend(tokens.last().map(|last| Token { kind: Kind::Newline, start: last.end, ..*last }));
                self.inputs.push(Input { tokens, at: 0 });
            }
            Err(error) => self.errors.push(error),
        }
    }
}

/// Whether a value holds an operator outside all brackets.
fn needs_group(sources: &Sources, value: &[Token]) -> bool {
    let mut depth = 0_i64;
    value.iter().any(|token| {
        let text = sources.text(*token);
        match (token.kind, text) {
            (Kind::Sign, b"(" | b"{") => depth += 1,
            (Kind::Sign, b")" | b"}") => depth -= 1,
            (Kind::Sign, b"|" | b"^" | b"&" | b"<<" | b">>") | (Kind::Word, b"or" | b"xor" | b"and") => {
                return depth == 0;
            }
            _ => {}
        }
        false
    })
}
