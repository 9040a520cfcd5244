//! Diagnostics for people, the way rustc prints them.

use annotate_snippets::{AnnotationKind, Group, Level as Title, Renderer, Snippet};

use super::{Diagnostic, Level, Place};
use pipeline::escape::{escaped, escaped_lines};

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// No escape sequences: files, pipes, `NO_COLOR`.
    Plain,
    /// Colours, on a terminal.
    Coloured,
}

/// Renders them one after the other, with a blank line between.
pub fn render(diagnostics: &[Diagnostic], style: Style) -> String {
    let renderer = match style {
        Style::Plain => Renderer::plain(),
        Style::Coloured => Renderer::styled(),
    };
    let blocks: Vec<String> = diagnostics.iter().map(|diagnostic| renderer.render(&[group(diagnostic)])).collect();
    blocks.join("\n\n")
}

fn group(diagnostic: &Diagnostic) -> Group<'_> {
    let level = match diagnostic.code.level() {
        Level::Error => Title::ERROR,
        Level::Warning => Title::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.id()));
    if let Some(place) = &diagnostic.place {
        group = group.element(snippet(place, &diagnostic.label, AnnotationKind::Primary));
    }
    for (place, label) in &diagnostic.related {
        group = group.element(snippet(place, label, AnnotationKind::Context));
    }
    for help in &diagnostic.help {
        // Titles, labels and lines of a file lose their control characters by themselves; helps and paths do not.
        group = group.element(Title::HELP.message(escaped_lines(help)));
    }
    group
}

/// A place of several lines is underlined on its first line only.
fn snippet<'a>(
    place: &'a Place,
    label: &'a str,
    kind: AnnotationKind,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    Snippet::source(place.source().text.as_str())
        .path(escaped(&place.file().display().to_string()).into_owned())
        .annotation(kind.span(place.first_line().range()).label(label))
}

#[cfg(test)]
mod tests {
    use super::super::{Code, SourceText};
    use super::*;

    #[test]
    fn an_error_shows_its_line_and_its_help() {
        let source = SourceText::new("p.yaml", "a: 1\nb: two\n");
        let diagnostic =
            Diagnostic::new(Code::BadValue, "no number", Place::new(&source, 8..11)).label("a text").help("write 2");
        assert_eq!(
            render(&[diagnostic], Style::Plain),
            "error[E0106]: no number\n --> p.yaml:2:4\n  |\n2 | b: two\n  |    ^^^ a text\n  |\n  = help: write 2"
        );
    }

    #[test]
    fn an_empty_place_at_the_end_of_an_empty_file_renders() {
        let source = SourceText::new("p.yaml", "");
        let diagnostic = Diagnostic::new(Code::MissingKey, "no `source`", Place::new(&source, 0..0));
        assert!(render(&[diagnostic], Style::Coloured).contains("no `source`"));
    }
}
