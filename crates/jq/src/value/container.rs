//! Arrays and objects. Each keeps its size and depth at every level, so that nothing that walks a value can take
//! longer or go deeper than its limits; a change costs what it changes, not the whole.

use std::convert::Infallible;
use std::mem;
use std::rc::Rc;

use super::Val;
use crate::budget::{self, Held, Limit};
use crate::text::{Text, compare};

/// Memory of an array or object without its elements.
const BASE: usize = 96;
/// Memory of a scalar, an element or a field without its content.
pub(crate) const SLOT: usize = 16;

/// How large a value is when it is written out, how deep, and how much memory it has in the container around it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    pub(crate) written: usize,
    pub(crate) depth: u32,
    pub(crate) held: usize,
}

/// The same of a container: the sum of its parts.
#[derive(Clone, Debug)]
struct Size {
    written: usize,
    depth: u32,
    held: Held,
}

impl Default for Size {
    fn default() -> Self {
        Self { written: SLOT, depth: 0, held: Held::new(BASE) }
    }
}

impl Size {
    fn add(&mut self, part: Part) {
        self.written = self.written.saturating_add(part.written);
        self.depth = self.depth.max(part.depth + 1);
        if self.depth > budget::DEPTH {
            budget::stop(Limit::Depth);
        }
        if self.written > budget::BYTES {
            budget::stop(Limit::Bytes);
        }
        self.held.grow(part.held);
    }

    /// One part in the place of another, or one less. A depth that is gone may have been the container's: `rest` has the depths that are left.
    fn replace(&mut self, before: Part, after: Option<Part>, rest: impl ExactSizeIterator<Item = u32>) {
        self.written -= before.written;
        self.held.shrink(before.held);
        if let Some(after) = after {
            self.add(after);
        }
        let kept = after.map_or(0, |after| after.depth);
        if kept < before.depth && before.depth + 1 == self.depth {
            budget::steps(rest.len() / 16);
            self.depth = rest.map(|depth| depth + 1).max().unwrap_or(0);
        }
    }

    /// As a part of the next container.
    fn part(&self) -> Part {
        Part { written: self.written, depth: self.depth, held: SLOT }
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Arr {
    /// First, so that a copy is paid for before it is made.
    size: Size,
    items: Vec<Val>,
}

impl Arr {
    pub(crate) fn items(&self) -> &[Val] {
        &self.items
    }

    pub(crate) fn into_items(self) -> Vec<Val> {
        self.items
    }

    pub(crate) fn part(&self) -> Part {
        self.size.part()
    }

    pub(crate) fn push(&mut self, item: Val) {
        self.size.add(item.part());
        self.items.push(item);
    }

    /// Replaces an element by what `f` makes of it, or removes it.
    pub(crate) fn update<E>(&mut self, at: usize, f: impl FnOnce(Val) -> Result<Option<Val>, E>) -> Result<(), E> {
        let before = mem::replace(&mut self.items[at], Val::Null);
        let part = before.part();
        let after = f(before)?;
        let new = after.as_ref().map(Val::part);
        if let Some(after) = after {
            self.items[at] = after;
        } else {
            budget::steps((self.items.len() - at) / 64);
            self.items.remove(at);
        }
        self.size.replace(part, new, self.items.iter().map(|item| item.part().depth));
        Ok(())
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Obj {
    size: Size,
    /// In the order of their names.
    fields: Vec<(Rc<Text>, Val)>,
}

impl Obj {
    pub(crate) fn fields(&self) -> &[(Rc<Text>, Val)] {
        &self.fields
    }

    pub(crate) fn part(&self) -> Part {
        self.size.part()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Val> {
        self.position(name).ok().map(|at| &self.fields[at].1)
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        match self.fields.last() {
            // Most objects are made from sorted fields.
            Some((last, _)) if compare(last, name).is_lt() => Err(self.fields.len()),
            _ => self.fields.binary_search_by(|(field, _)| compare(field, name)),
        }
    }

    /// Sets a field. False if there was one of this name already.
    pub(crate) fn insert(&mut self, name: Rc<Text>, value: Val) -> bool {
        let position = self.position(&name);
        match position {
            Ok(at) => self.update_at(at, |_| Ok::<_, Infallible>(Some(value))).unwrap_or_else(|never| match never {}),
            Err(at) => self.insert_at(at, name, value),
        }
        position.is_err()
    }

    /// Replaces a field's value, null if there is none, by what `f` makes of it, or removes it.
    pub(crate) fn update<E>(
        &mut self,
        name: &Rc<Text>,
        f: impl FnOnce(Val) -> Result<Option<Val>, E>,
    ) -> Result<(), E> {
        match self.position(name) {
            Ok(at) => self.update_at(at, f),
            Err(at) => {
                if let Some(value) = f(Val::Null)? {
                    self.insert_at(at, Rc::clone(name), value);
                }
                Ok(())
            }
        }
    }

    fn update_at<E>(&mut self, at: usize, f: impl FnOnce(Val) -> Result<Option<Val>, E>) -> Result<(), E> {
        let (name, field) = &mut self.fields[at];
        let before = mem::replace(field, Val::Null);
        let part = field_part(name, &before);
        let after = f(before)?;
        let new = after.as_ref().map(|after| field_part(name, after));
        if let Some(after) = after {
            *field = after;
        } else {
            budget::steps((self.fields.len() - at) / 64);
            self.fields.remove(at);
        }
        self.size.replace(part, new, self.fields.iter().map(|(_, value)| value.part().depth));
        Ok(())
    }

    fn insert_at(&mut self, at: usize, name: Rc<Text>, value: Val) {
        budget::steps((self.fields.len() - at) / 64);
        self.size.add(field_part(&name, &value));
        self.fields.insert(at, (name, value));
    }
}

fn field_part(name: &str, value: &Val) -> Part {
    let part = value.part();
    Part { written: part.written.saturating_add(SLOT + name.len()), held: part.held + size_of::<Rc<Text>>(), ..part }
}
