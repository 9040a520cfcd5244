//! Sample events: rendered from templates, broken on purpose where asked, sent at a pace.
//!
//! Only `batch` and `send` do I/O; the rest is pure.

mod batch;
mod breakage;
mod event;
mod generator;
mod helpers;
mod json_string;
mod pace;
mod send;
mod template;

pub use breakage::{Breakage, ParseShareError, Share};
pub use event::{Event, Events, Totals};
pub use generator::Generator;
pub use pace::{Pace, ParsePaceError};
pub use send::{ProduceError, Production};
pub use template::{Attributes, Template, TemplateError, Templates};
