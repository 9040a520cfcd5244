//! The budget of one evaluation. An expression that runs too long or makes too much ends in a rejection.
//!
//! jaq asks for its look-up table at every term it evaluates, and the values it works on are ours, so both count
//! here. What goes over a limit is unwound to [`Steps::spend`], past any `try` of the expression: an error value could be
//! caught by it and the loop would go on.

use std::cell::Cell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Terms evaluated and values touched. A microsecond has room for some ten to twenty.
const STEPS: usize = 1_000_000;
/// The same of all expressions of one message: `for_each` may evaluate some for each of many thousand elements.
const MESSAGE_STEPS: usize = 20_000_000;
/// Bytes of values alive at one time, and the size of the largest single value written out.
pub(crate) const BYTES: usize = 64 << 20;
/// Levels of arrays and objects. A parsed document has at most 128.
pub(crate) const DEPTH: u32 = 256;
/// Stack of the evaluation: a quarter of what Rust and tokio give a thread.
const STACK: usize = 512 << 10;

/// The limit an expression met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Too many steps.
    Steps,
    /// Too many steps of the message's expressions together.
    MessageSteps,
    /// Too many bytes.
    Bytes,
    /// Recursion or values nested too deep.
    Depth,
    /// A text that is not UTF-8, or a number that is not finite: neither is JSON.
    NotJson,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Steps => "it ran for more than 1,000,000 steps",
            Self::MessageSteps => "the message's expressions ran for more than 20,000,000 steps together",
            Self::Bytes => "its values took more than 64 MiB",
            Self::Depth => "it nested too deep",
            Self::NotJson => "it made a value that is not JSON (NaN, infinite, or bytes that are not UTF-8)",
        })
    }
}

thread_local! {
    static STEPS_LEFT: Cell<usize> = const { Cell::new(0) };
    static BYTES_LEFT: Cell<usize> = const { Cell::new(0) };
    static STACK_BASE: Cell<usize> = const { Cell::new(0) };
}

/// The payload that unwinds to [`Steps::spend`].
struct Stop(Limit);

/// Why an evaluation did not come to its end.
pub(crate) enum Ended {
    /// It went over a limit.
    Limit(Limit),
    /// The interpreter itself failed.
    Panic,
}

/// Steps that are left to the expressions of one message.
pub(crate) struct Steps(Cell<usize>);

impl Default for Steps {
    fn default() -> Self {
        Self(Cell::new(MESSAGE_STEPS))
    }
}

impl Steps {
    /// Runs an evaluation on a fresh budget, or on what is left of the message's own.
    pub(crate) fn spend<T>(&self, evaluate: impl FnOnce() -> T) -> Result<T, Ended> {
        let allowed = self.0.get().min(STEPS);
        STEPS_LEFT.set(allowed);
        BYTES_LEFT.set(BYTES);
        STACK_BASE.set(stack_pointer());
        let result = catch_unwind(AssertUnwindSafe(evaluate));
        self.0.set(self.0.get() - (allowed - STEPS_LEFT.get()));
        result.map_err(|payload| match payload.downcast_ref::<Stop>() {
            Some(Stop(Limit::Steps)) if allowed < STEPS => Ended::Limit(Limit::MessageSteps),
            Some(stop) => Ended::Limit(stop.0),
            None => Ended::Panic,
        })
    }
}

/// Ends the evaluation.
pub(crate) fn stop(limit: Limit) -> ! {
    // Unlike `panic!` this calls no panic hook: nothing is printed.
    resume_unwind(Box::new(Stop(limit)))
}

/// Counts a term that is about to be evaluated, and bounds the stack.
pub(crate) fn enter() {
    steps(1);
    if STACK_BASE.get().abs_diff(stack_pointer()) > STACK {
        stop(Limit::Depth);
    }
}

/// Counts work that is about to be done.
pub(crate) fn steps(count: usize) {
    take(&STEPS_LEFT, count, Limit::Steps);
}

/// Counts bytes that are about to be read.
pub(crate) fn read(bytes: usize) {
    steps(bytes / 64);
}

/// Makes sure of the room for bytes that are about to be made by code that can't count them meanwhile.
pub(crate) fn room(bytes: usize) {
    drop(Held::new(bytes));
}

/// Counts memory that is used until the end of the evaluation.
pub(crate) fn bytes(count: usize) {
    take(&BYTES_LEFT, count, Limit::Bytes);
    steps(count / 256);
}

/// Memory that is used for as long as this lives; a clone uses as much again.
#[derive(Debug)]
pub(crate) struct Held(usize);

impl Held {
    pub(crate) fn new(count: usize) -> Self {
        bytes(count);
        Self(count)
    }

    pub(crate) fn grow(&mut self, count: usize) {
        bytes(count);
        self.0 += count;
    }

    pub(crate) fn shrink(&mut self, count: usize) {
        self.0 -= count;
        give_back(count);
    }
}

impl Clone for Held {
    fn clone(&self) -> Self {
        Self::new(self.0)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        give_back(self.0);
    }
}

fn give_back(count: usize) {
    BYTES_LEFT.set(BYTES_LEFT.get().saturating_add(count));
}

fn take(left: &'static std::thread::LocalKey<Cell<usize>>, count: usize, limit: Limit) {
    let rest = left.get().checked_sub(count);
    left.set(rest.unwrap_or(0));
    if rest.is_none() {
        stop(limit);
    }
}

/// The address, roughly, at which the stack ends now.
#[inline(never)]
fn stack_pointer() -> usize {
    let here = 0u8;
    std::ptr::from_ref(std::hint::black_box(&here)) as usize
}
