//! YAML text becomes a tree in which every key and value has its place.
//!
//! Built from saphyr-parser's events without recursion, so that no input overflows the stack, and with a bound on
//! nodes, so that aliases can't multiply without end.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput};

use super::surrogates::{self, Hidden};
use crate::diagnostic::{Code, Diagnostic, Place, SourceText};

/// How much one file may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Levels of nesting.
    depth: usize,
    /// Nodes, counting what aliases repeat.
    nodes: usize,
}

/// A pipeline file nests six levels, and the widest table PostgreSQL allows needs 3,200 nodes.
pub(crate) const PIPELINE: Limits = Limits { depth: 64, nodes: 100_000 };
/// As deep as a schema in JSON may be.
pub(crate) const SCHEMA: Limits = Limits { depth: 128, nodes: 500_000 };
/// Duplicate keys reported for one file; more would not help.
const MAX_PROBLEMS: usize = 100;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    /// Byte offsets.
    pub(crate) range: Range<usize>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    /// Its text; a plain one (not quoted, not a block) may be a number, a boolean or null.
    Scalar { text: String, plain: bool },
    /// A list.
    Sequence(Vec<Node>),
    /// Keys and values in the order they are written, without duplicates.
    Mapping(Vec<(Node, Node)>),
}

impl Node {
    pub(crate) fn null(range: Range<usize>) -> Self {
        let (text, plain) = (String::new(), true);
        Self { kind: Kind::Scalar { text, plain }, range }
    }

    /// The text of a scalar.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(text),
            Kind::Sequence(_) | Kind::Mapping(_) => None,
        }
    }

    /// The value of a key, or the item of an index.
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        match &self.kind {
            Kind::Scalar { .. } => None,
            Kind::Sequence(items) => items.get(name.parse::<usize>().ok()?),
            Kind::Mapping(entries) => entries.iter().find(|(key, _)| key.text() == Some(name)).map(|(_, value)| value),
        }
    }

    fn size(&self) -> usize {
        match &self.kind {
            Kind::Scalar { .. } => 1,
            Kind::Sequence(items) => 1 + items.iter().map(Self::size).sum::<usize>(),
            Kind::Mapping(entries) => 1 + entries.iter().map(|(k, v)| k.size() + v.size()).sum::<usize>(),
        }
    }
}

/// Parses one document. Duplicate keys are reported and the first one kept; what can't be read at all ends the parse.
pub(crate) fn parse(source: &Arc<SourceText>, limits: Limits) -> (Option<Node>, Vec<Diagnostic>) {
    let mut builder = Builder::new(source, limits);
    let root = builder.run();
    let problems = match root {
        Err(problem) => builder.problems.into_iter().chain([problem]).collect(),
        Ok(()) => builder.problems,
    };
    let root = builder.root.filter(|_| !problems.iter().any(|p| p.code != Code::DuplicateKey));
    (root, problems)
}

/// A collection that is still open.
struct Open {
    node: Node,
    anchor: usize,
    /// The key that waits for its value.
    key: Option<Node>,
    /// Where each key stands first.
    keys: HashMap<String, Range<usize>>,
}

struct Builder<'a> {
    source: &'a Arc<SourceText>,
    limits: Limits,
    /// Byte offset of each character; `None` when the text is ASCII and the two are equal.
    offsets: Option<Vec<usize>>,
    stack: Vec<Open>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    root: Option<Node>,
    problems: Vec<Diagnostic>,
}

impl<'a> Builder<'a> {
    fn new(source: &'a Arc<SourceText>, limits: Limits) -> Self {
        let text = &source.text;
        let offsets = if text.is_ascii() { None } else { Some(text.char_indices().map(|(at, _)| at).collect()) };
        Self {
            source,
            limits,
            offsets,
            stack: Vec::new(),
            anchors: HashMap::new(),
            nodes: 0,
            root: None,
            problems: Vec::new(),
        }
    }

    fn run(&mut self) -> Result<(), Diagnostic> {
        let source = Arc::clone(self.source);
        let hidden = surrogates::hide(&source.text);
        for event in Parser::<StrInput<'_>>::new_from_str(&hidden.text) {
            let (event, span) = event.map_err(|error| self.scan_error(&error))?;
            self.event(event, span, &hidden)?;
        }
        if self.root.is_none() {
            self.root = Some(Node::null(0..0));
        }
        Ok(())
    }

    fn event(&mut self, event: Event<'_>, span: Span, hidden: &Hidden<'_>) -> Result<(), Diagnostic> {
        let range = self.range(span);
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) if self.root.is_none() => Ok(()),
            Event::DocumentStart(_) => {
                Err(self.problem(Code::Syntax, "a file has one YAML document; a second one starts here", range))
            }
            Event::SequenceStart(anchor, tag) => {
                self.no_tag(tag.is_some(), &range)?;
                self.open(Kind::Sequence(Vec::new()), range, anchor)
            }
            Event::MappingStart(anchor, tag) => {
                self.no_tag(tag.is_some(), &range)?;
                self.open(Kind::Mapping(Vec::new()), range, anchor)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(range.end),
            Event::Scalar(text, style, anchor, tag) => {
                self.no_tag(tag.is_some(), &range)?;
                let plain = style == ScalarStyle::Plain;
                let range = trimmed(&self.source.text, range);
                let Some(text) = hidden.shown(text.into_owned(), style == ScalarStyle::DoubleQuoted) else {
                    let message = "half a character: `\\ud800` to `\\udfff` stand for one only in pairs";
                    return Err(self.problem(Code::Syntax, message, range));
                };
                self.finish(Node { kind: Kind::Scalar { text, plain }, range }, anchor)
            }
            Event::Alias(anchor) => self.alias(anchor, &range),
        }
    }

    fn open(&mut self, kind: Kind, range: Range<usize>, anchor: usize) -> Result<(), Diagnostic> {
        let Limits { depth, .. } = self.limits;
        if self.stack.len() == depth {
            return Err(self.problem(Code::TooLarge, format!("nested deeper than {depth} levels"), range));
        }
        let node = Node { kind, range };
        self.stack.push(Open { node, anchor, key: None, keys: HashMap::new() });
        Ok(())
    }

    fn close(&mut self, end: usize) -> Result<(), Diagnostic> {
        let mut open = self.stack.pop().expect("the parser closes only what it opened");
        open.node.range.end = end.max(open.node.range.start);
        open.node.range = trimmed(&self.source.text, open.node.range);
        self.finish(open.node, open.anchor)
    }

    fn alias(&mut self, anchor: usize, range: &Range<usize>) -> Result<(), Diagnostic> {
        match self.anchors.get(&anchor).cloned() {
            Some(node) => {
                self.nodes += node.size() - 1;
                let (kind, range) = (node.kind, range.clone());
                self.finish(Node { kind, range }, 0)
            }
            None => Err(self.problem(Code::Syntax, "an alias stands inside the value that it repeats", range.clone())),
        }
    }

    /// Hands a finished value to the collection around it.
    fn finish(&mut self, node: Node, anchor: usize) -> Result<(), Diagnostic> {
        self.nodes += 1;
        let Limits { nodes, .. } = self.limits;
        if self.nodes > nodes {
            let message = format!("more than {nodes} values, counting what aliases repeat");
            return Err(self.problem(Code::TooLarge, message, node.range));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.stack.last_mut() {
            None => self.root = Some(node),
            Some(Open { node: Node { kind: Kind::Sequence(items), .. }, .. }) => items.push(node),
            Some(open) => match open.key.take() {
                None => open.key = Some(node),
                Some(key) => self.entry(key, node)?,
            },
        }
        Ok(())
    }

    fn entry(&mut self, key: Node, value: Node) -> Result<(), Diagnostic> {
        let Some(name) = key.text() else {
            return Err(self.problem(Code::WrongKind, "a key must be a text", key.range));
        };
        if name == "<<" && matches!(key.kind, Kind::Scalar { plain: true, .. }) {
            let problem = self.problem(Code::Syntax, "merge keys (`<<`) are not supported", key.range);
            return Err(
                problem.help("YAML 1.2 has none: write the lines out, or repeat a whole value by an alias, `*name`")
            );
        }
        let Some(open) = self.stack.last_mut() else {
            return Ok(());
        };
        if let Some(first) = open.keys.get(name) {
            let first = Place::new(self.source, first.clone());
            let message = format!("`{name}` is written twice");
            let problem = self.problem(Code::DuplicateKey, message, key.range);
            if self.problems.len() < MAX_PROBLEMS {
                self.problems.push(problem.label("again here").related(first, "first here"));
            }
            return Ok(());
        }
        open.keys.insert(name.to_owned(), key.range.clone());
        if let Kind::Mapping(entries) = &mut open.node.kind {
            entries.push((key, value));
        }
        Ok(())
    }

    fn no_tag(&self, tagged: bool, range: &Range<usize>) -> Result<(), Diagnostic> {
        if tagged {
            return Err(self.problem(Code::Syntax, "YAML tags (`!name`) are not supported", range.clone()));
        }
        Ok(())
    }

    fn scan_error(&self, error: &ScanError) -> Diagnostic {
        let at = self.offset(error.marker().index());
        let problem = self.problem(Code::Syntax, format!("not YAML: {}", error.info()), at..at + 1);
        let line = problem
            .place
            .as_ref()
            .map_or("", |place| place.source().text.lines().nth(place.start().0 - 1).unwrap_or(""));
        if line.contains('\t') {
            problem.help("YAML is indented with spaces; this line has a tab")
        } else if line.matches(": ").count() > 1 {
            problem.help("put a value that contains `: ` or ` #` into quotes")
        } else {
            problem
        }
    }

    fn problem(&self, code: Code, message: impl Into<String>, range: Range<usize>) -> Diagnostic {
        Diagnostic::new(code, message, Place::new(self.source, range))
    }

    fn range(&self, span: Span) -> Range<usize> {
        self.offset(span.start.index())..self.offset(span.end.index())
    }

    fn offset(&self, character: usize) -> usize {
        let end = self.source.text.len();
        match &self.offsets {
            None => character.min(end),
            Some(offsets) => *offsets.get(character).unwrap_or(&end),
        }
    }
}

/// Without the anchor before a value and the white space behind it, which the parser counts to it.
fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let written = text.get(range.clone()).unwrap_or_default().trim_end();
    let anchor = written.starts_with('&').then(|| written.find(char::is_whitespace)).flatten();
    let value = anchor.map_or(written, |end| written[end..].trim_start());
    let end = range.start + written.len();
    end - value.len()..end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let source = SourceText::new("p.yaml", text);
        let (_, problems) = parse(&source, PIPELINE);
        problems.iter().map(|p| format!("{} {}", p.code.id(), p.place.as_ref().unwrap())).collect()
    }

    #[test]
    fn every_value_has_its_place() {
        let text = "ä: \"x\"\nlist:\n  - one  # c\n  - {k: v v}\n";
        let source = SourceText::new("p.yaml", text);
        let (root, _) = parse(&source, PIPELINE);
        let Some(Node { kind: Kind::Mapping(entries), .. }) = root else { panic!() };
        assert_eq!(&text[entries[0].1.range.clone()], "\"x\"");
        let Kind::Sequence(items) = &entries[1].1.kind else { panic!() };
        assert_eq!(&text[items[0].range.clone()], "one");
        let Kind::Mapping(inner) = &items[1].kind else { panic!() };
        assert_eq!(&text[inner[0].1.range.clone()], "v v");
    }

    #[test]
    fn an_escape_in_two_halves_is_read_where_it_is_one() {
        let text = r#"{a: "\ud83d\ude00", b: '\ud83d', c: \ud83d, "\ud83d\ude00": x}"#;
        let (root, problems) = parse(&SourceText::new("p.yaml", text), PIPELINE);
        assert!(problems.is_empty());
        let root = root.unwrap();
        let read = ["a", "b", "c", "\u{1f600}"].map(|name| root.child(name).unwrap());
        assert_eq!(read.map(|node| node.text().unwrap()), ["\u{1f600}", "\\ud83d", "\\ud83d", "x"]);
        assert_eq!(&text[read[3].range.clone()], "x");
        assert_eq!(self::problems(r#"a: "\ud83d""#), ["E0102 p.yaml:1:4"]);
    }

    #[test]
    fn duplicate_keys_are_all_found() {
        assert_eq!(problems("a: 1\na: 2\nb: {c: 1, c: 2}\n"), ["E0108 p.yaml:2:1", "E0108 p.yaml:3:11"]);
    }

    #[test]
    fn bombs_and_towers_are_rejected() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let row = vec![format!("*a{}", level - 1); 10].join(", ");
            bomb.extend([format!("a{level}: &a{level} [{row}]\n")]);
        }
        assert!(problems(&bomb)[0].starts_with("E0109"));
        assert!(problems(&"- ".repeat(100))[0].starts_with("E0109"));
        assert!(problems("a: &a [*a]")[0].starts_with("E0102"));
        assert_eq!(problems("a: 1\n---\nb: 2\n").len(), 1);
    }

    /// The same tree as `serde_yaml` reads it, which has no places.
    fn same(node: &Node, value: &serde_yaml::Value) -> bool {
        match (&node.kind, value) {
            (Kind::Sequence(items), serde_yaml::Value::Sequence(values)) => {
                items.len() == values.len() && items.iter().zip(values).all(|(item, value)| same(item, value))
            }
            (Kind::Mapping(entries), serde_yaml::Value::Mapping(values)) => {
                let pairs = entries.iter().zip(values);
                entries.len() == values.len()
                    && pairs.into_iter().all(|((k, v), (key, value))| same(k, key) && same(v, value))
            }
            (Kind::Scalar { text, plain: false }, serde_yaml::Value::String(value)) => text == value,
            (Kind::Scalar { text, plain: true }, value) => {
                let alone: serde_yaml::Value = serde_yaml::from_str(text).unwrap_or(value.clone());
                alone == *value
            }
            _ => false,
        }
    }

    #[test]
    fn the_tree_is_the_one_serde_yaml_reads() {
        for text in [
            include_str!("../../../../pipelines/transactions.yaml"),
            include_str!("../../../../pipelines/orders.yaml"),
            include_str!("../../../../pipelines/readings.yaml"),
            "a: |\n  x\n   y\nb: >-\n  one\n  two\nc: 'it''s'\nd: \"\\u00e9\\n\"\ne: [1, ~, {f: }]\n",
            "base: &b {x: 1}\nuse: [*b, *b]\n",
        ] {
            let (root, problems) = parse(&SourceText::new("p.yaml", text), PIPELINE);
            assert!(problems.is_empty());
            assert!(same(&root.unwrap(), &serde_yaml::from_str(text).unwrap()), "{text}");
        }
    }
}
