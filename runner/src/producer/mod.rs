//! Sample events: rendered from templates, broken on purpose where asked, sent at a pace.
//!
//! Only sending does I/O; templates, pace and breakage are pure.

mod generator;
mod helpers;
mod pace;
mod template;

pub use generator::Generator;
pub use pace::{Pace, ParsePaceError};
pub use template::{Template, TemplateError, Templates};
