//! The last ten minutes of a pipeline, for those who begin to look now.

use std::collections::VecDeque;

use serde::Serialize;

/// Points that are kept, one a second.
const KEPT: usize = 600;

/// One second: messages settled a second, the age of the oldest hundredth in seconds, messages waiting in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Point(pub(crate) f64, pub(crate) Option<f64>, pub(crate) Option<u64>);

/// The points of one pipeline, the oldest first.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct History(VecDeque<Point>);

impl History {
    pub(crate) fn keep(&mut self, point: Point) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(point);
    }
}
