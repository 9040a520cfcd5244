//! Takes messages from the queue to the database.

pub mod decide;
