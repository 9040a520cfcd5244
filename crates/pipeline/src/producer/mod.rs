//! Sample events: rendered from templates, broken on purpose where asked, and the pace they are sent at.

mod breakage;
mod event;
mod generator;
mod helpers;
mod json_string;
mod json_text;
mod pace;
mod state;
mod template;
mod template_cost;

pub use breakage::{Breakage, ParseShareError, Share};
pub use event::{Event, Events, Totals};
pub use generator::Generator;
pub use pace::{Pace, ParsePaceError};
pub use template::{Attributes, Template, TemplateError, Templates};
