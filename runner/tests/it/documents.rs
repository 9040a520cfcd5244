//! Pages of the documentation, and the fenced blocks in them.

use crate::stack::repository;

/// What stands between two fences.
#[derive(Default)]
pub(crate) struct Block {
    /// The last heading above, without its `#`.
    pub(crate) heading: String,
    /// The first word after the opening fence.
    pub(crate) language: String,
    /// The rest of that line.
    pub(crate) label: String,
    pub(crate) text: String,
}

/// The text of a page, by its path in the repository.
pub(crate) fn page(path: &str) -> String {
    std::fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The blocks of a page, in their order.
pub(crate) fn blocks(path: &str) -> Vec<Block> {
    let (mut blocks, mut open, mut heading) = (Vec::new(), None::<Block>, String::new());
    for line in page(path).lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(info), None) => open = Some(opened(info, &heading)),
            (None, Some(block)) => block.text.extend([line, "\n"]),
            (None, None) if line.starts_with('#') => line.trim_start_matches('#').trim().clone_into(&mut heading),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "{path}: a block is not closed");
    blocks
}

fn opened(info: &str, heading: &str) -> Block {
    let (language, label) = info.split_once(' ').unwrap_or((info, ""));
    let [heading, language, label] = [heading, language, label].map(str::to_owned);
    Block { heading, language, label, text: String::new() }
}

/// The blocks of one language.
pub(crate) fn blocks_in(path: &str, language: &str) -> Vec<Block> {
    blocks(path).into_iter().filter(|block| block.language == language).collect()
}
